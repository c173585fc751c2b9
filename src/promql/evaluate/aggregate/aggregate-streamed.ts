/**
 * Aggregations right over a range function over a selector whose samples lie in chunks: `sum by (a) (rate(m[5m]))` and its like. A series is decoded, the
 * function runs over it, and what comes of it is added to its group, all in the kernel: of each series nothing is kept.
 */
import type { SeriesGrid } from '../../../kernel/series-grid.js';
import { callRangeFunction, nonCounterNotes } from '../../functions/range/call-range-function.js';
import { type KernelFunction, kernelFunctionOf } from '../../functions/range/kernel-functions.js';
import { rangeFunctions } from '../../functions/range/range-functions.js';
import type { Evaluation, FetchedSeries } from '../evaluation.js';
import type { Grid } from '../grid.js';
import type { AggregateNode, RangeSelectorNode } from '../plan.js';
import { readGrid } from '../read-grid.js';
import { createSeries, type SeriesBuilder, setFloat } from '../series-builder.js';
import { groupKeyBy, groupLabels, type SeriesLabels } from '../series-labels.js';
import { StreamedColumn } from '../streamed-column.js';
import { hasValues, type VectorSeries } from '../value.js';

/** A group's columns by step. */
type GroupColumns = ReturnType<SeriesGrid['group']>;

interface Fold {
  readonly add: (grid: SeriesGrid, group: number) => void;
  /** The group's value at a step that has one; undefined where it has to be computed otherwise. */
  readonly valueAt: (columns: GroupColumns, step: number) => number | undefined;
}

const addSum: Fold['add'] = ({ exports }, group) => exports.addSum(group);

const folds: Readonly<Partial<Record<string, Fold>>> = {
  avg: {
    add: addSum,
    valueAt({ totals, carries, counts }, step) {
      const total = totals[step]!;
      const isOverflow = total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY;
      return isOverflow ? undefined : total / counts[step]! + carries[step]! / counts[step]!;
    },
  },
  count: { add: ({ exports }, group) => exports.addCount(group), valueAt: ({ counts }, step) => counts[step]! },
  group: { add: ({ exports }, group) => exports.addCount(group), valueAt: () => 1 },
  max: { add: ({ exports }, group) => exports.addExtreme(group, 1), valueAt: ({ totals }, step) => totals[step]! },
  min: { add: ({ exports }, group) => exports.addExtreme(group, -1), valueAt: ({ totals }, step) => totals[step]! },
  sum: { add: addSum, valueAt: ({ totals, carries }, step) => totals[step]! + carries[step]! },
};

/** The kernel's memory never shrinks: groups that would take more than this are left to others. */
const groupBytesMax = 2 ** 25;
const groupStepBytes = 24;

/** Undefined, with nothing done that matters, where the aggregation is not of this kind. */
export function aggregateStreamed(node: AggregateNode, grid: Grid, evaluation: Evaluation): VectorSeries[] | undefined {
  const fold = folds[node.source.op];
  const leaf = leafOf(node);
  if (fold === undefined || leaf === undefined) return undefined;
  const fetched = evaluation.fetched[leaf.range.selection]!;
  const first = fetched[0]?.floats;
  if (!(first instanceof StreamedColumn) || !fetched.every(isStreamed)) return undefined;
  const { groupOf, groupCount } = groupsOf(fetched, node);
  if (groupCount * grid.steps * groupStepBytes > groupBytesMax) return undefined;
  evaluation.budget.check(groupCount * grid.steps);
  const labelsOf = addAll(fetched, groupOf, groupCount, leaf, fold, grid, evaluation);
  const results: VectorSeries[] = [];
  const keepsName = rangeFunctions.get(leaf.name)!.keepsName === true;
  for (const [group, labels] of labelsOf) {
    const { grouping, without } = node.source;
    const out = createSeries(groupLabels(labels, grouping, without), grid.steps, !keepsName);
    if (!fill(out, first.grid.group(group), fold)) return undefined;
    if (hasValues(out)) results.push(out);
  }
  return results;
}

interface Leaf {
  readonly name: string;
  readonly inKernel: KernelFunction;
  readonly range: RangeSelectorNode;
}

function leafOf({ expression }: AggregateNode): Leaf | undefined {
  if (expression.kind !== 'call' || expression.args.length !== 1) return undefined;
  const { name } = expression.source.function;
  const range = expression.args[0]!;
  const inKernel = kernelFunctionOf(name);
  if (range.kind !== 'range_selector' || range.extension !== undefined || inKernel === undefined) return undefined;
  return { name, inKernel, range };
}

const isStreamed = ({ floats, histograms }: FetchedSeries): boolean =>
  histograms === undefined && floats instanceof StreamedColumn;

/** Numbers the groups in the order of their first series. */
function groupsOf(fetched: readonly FetchedSeries[], { source }: AggregateNode) {
  const keyOf = groupKeyBy(source.grouping, source.without);
  const numbers = new Map<string, number>();
  const groupOf = new Uint32Array(fetched.length);
  for (let i = 0; i < fetched.length; i++) {
    const key = keyOf(fetched[i]!.labels);
    let group = numbers.get(key);
    if (group === undefined) {
      group = numbers.size;
      numbers.set(key, group);
    }
    groupOf[i] = group;
  }
  return { groupOf, groupCount: numbers.size };
}

/** Gives the groups that got any value, each with the labels of the first series that gave one, in that order. */
function addAll(
  fetched: readonly FetchedSeries[],
  groupOf: Uint32Array,
  groupCount: number,
  leaf: Leaf,
  { add }: Fold,
  grid: Grid,
  evaluation: Evaluation,
): Map<number, SeriesLabels> {
  const { name, inKernel, range } = leaf;
  const windows = { ...readGrid(range, grid), rangeMs: range.rangeMs };
  const noteName = nonCounterNotes(rangeFunctions.get(name)!, range.range, evaluation);
  const labelsOf = new Map<number, SeriesLabels>();
  for (let i = 0; i < fetched.length; i++) {
    evaluation.checkpoint();
    const { labels } = fetched[i]!;
    const floats = (fetched[i]!.floats as StreamedColumn).withoutStale();
    const kernel = floats.grid;
    kernel.setGrid(windows);
    if (i === 0) kernel.exports.beginGroups(groupCount, grid.steps);
    floats.load();
    let present = inKernel(kernel);
    if (present < 0) {
      const argument = { series: [{ labels, dropsName: false, floats, histograms: undefined }], windows };
      const [result] = callRangeFunction(
        name,
        { ...argument, extension: undefined, at: range.range, scalarsAt: [] },
        [],
        grid,
        evaluation,
      );
      if (result !== undefined) kernel.putResults(result.values, result.presence);
      present = result === undefined ? 0 : 1;
    }
    if (present === 0) continue;
    const group = groupOf[i]!;
    add(kernel, group);
    if (!labelsOf.has(group)) labelsOf.set(group, labels);
    noteName(labels);
  }
  return labelsOf;
}

function fill(out: SeriesBuilder, columns: GroupColumns, { valueAt }: Fold): boolean {
  const { counts } = columns;
  for (let step = 0; step < counts.length; step++) {
    if (counts[step] === 0) continue;
    const value = valueAt(columns, step);
    if (value === undefined) return false;
    setFloat(out, step, value);
  }
  return true;
}
