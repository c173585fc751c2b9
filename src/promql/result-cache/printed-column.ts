/** The text of a column of results: made when it is asked for again, step by step, so that any part of it can be cut out and what follows be added. */
import type { PrintedSeries } from '../evaluate/query-result.js';
import { JsonBytes } from '../print/json-bytes.js';
import { labelsJson } from '../print/labels-json.js';
import { pointHeads, startOf, type Texts, writePoint } from '../print/point-texts.js';
import type { PrintedColumn, ResultColumn, ResultColumns } from './result-column.js';
import { type StepGrid, type StepRange, timesOf } from './step-grid.js';

/** Bytes of a point, and of where it ends. Measured on answers of benchmarks: 22 to 33, and 4. */
export const bytesPerPrintedPoint = 40;

export const printedBytes = (printed: PrintedColumn | undefined): number =>
  printed === undefined ? 0 : printed.labels.length + printed.points.bytes.length + printed.points.ends.byteLength;

/** Steps of `cutPrinted`'s column. */
export function cutPrinted({ labels, points }: PrintedColumn, from: number, to: number): PrintedSeries {
  return { labels, points: points.bytes.subarray(startOf(points, from), startOf(points, to)) };
}

/** Prints the columns. Those steps that they have from `kept` are copied where they are printed there. */
export function printColumns(grid: StepGrid, all: ResultColumns, kept: ResultColumns | undefined): void {
  const { first, steps } = all;
  const end = first + steps;
  const from = kept === undefined ? end : Math.max(first, kept.first);
  const to = kept === undefined ? end : Math.min(end, kept.first + kept.steps);
  const old = new Map(from < to ? kept!.columns.map(({ key, printed }) => [key, printed] as const) : []);
  const headsOf = createHeads(grid);
  const out = new JsonBytes();
  for (const column of all.columns) {
    const known = old.get(column.key);
    const ends = new Uint32Array(steps);
    const print = (range: StepRange): void => writeSteps(column, range, range.first - first, headsOf(range), out, ends);
    if (known === undefined) print(all);
    else {
      print({ first, steps: from - first });
      const at = from - first;
      copySteps(known.points, from - kept!.first, at, to - from, out, ends);
      print({ first: to, steps: end - to });
    }
    const labels = known?.labels ?? new TextEncoder().encode(labelsJson(column.labels));
    column.printed = { labels, points: { bytes: out.copied(), ends } };
  }
}

/** The beginnings of the points at some steps: few different ones, each asked for by all columns. */
function createHeads(grid: StepGrid): (range: StepRange) => Texts {
  const made = new Map<number, Texts>();
  return (range) => {
    let heads = made.get(range.first);
    if (heads === undefined || heads.ends.length < range.steps) {
      heads = pointHeads(timesOf(grid, range));
      made.set(range.first, heads);
    }
    return heads;
  };
}

/** Writes some of a column's steps, the first of which is its step `at`. */
function writeSteps(
  { values, presence }: ResultColumn,
  { steps }: StepRange,
  at: number,
  heads: Texts,
  out: JsonBytes,
  ends: Uint32Array,
): void {
  for (let i = 0; i < steps; i++) {
    if (presence[at + i] === 1) writePoint(out, heads, i, values[at + i]!);
    ends[at + i] = out.length;
  }
}

/** Copies steps that begin at `from` in `texts`, and at `at` in the column. */
function copySteps(texts: Texts, from: number, at: number, steps: number, out: JsonBytes, ends: Uint32Array): void {
  const start = startOf(texts, from);
  const moved = out.length - start;
  out.raw(texts.bytes.subarray(start, startOf(texts, from + steps)));
  for (let i = 0; i < steps; i++) ends[at + i] = texts.ends[from + i]! + moved;
}
