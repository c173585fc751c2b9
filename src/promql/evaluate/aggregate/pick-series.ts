/**
 * Aggregations that pick series of each group and leave them as they are: `topk`, `bottomk`, `limitk`, `limit_ratio`. What is
 * picked may differ from step to step. Source: Prometheus, promql/engine.go, `aggregationK`.
 */
import { BarographError } from '../../../base/errors.js';
import { ignoredInAggregation, invalidRatio } from '../annotation-kinds.js';
import type { Evaluation } from '../evaluation.js';
import type { AggregateNode } from '../plan.js';
import { copyStep, createSeries, type SeriesBuilder } from '../series-builder.js';
import { absent, hasValues, isFloat, isHistogram, type VectorSeries } from '../value.js';
import { sampleOffset } from './sample-offset.js';
import { groupSeries, type SeriesGroup } from './series-groups.js';

/** Gives the members of a group that are picked at a step, in the order in which an instant query shows them. */
type Picker = (members: readonly VectorSeries[], step: number, parameter: number) => readonly number[];

export function pickSeries(
  node: AggregateNode,
  series: readonly VectorSeries[],
  parameter: Float64Array,
  steps: number,
  evaluation: Evaluation,
): VectorSeries[] {
  const { op } = node.source;
  const picker = pickers[op]!;
  if (op === 'limit_ratio' ? !checkRatios(node, parameter, evaluation) : !checkCounts(parameter)) return [];
  const isOrdering = op === 'topk' || op === 'bottomk';
  if (isOrdering && series.some(({ presence }) => presence.includes(isHistogram)))
    evaluation.annotations.add(ignoredInAggregation(op, node.range));
  return groupSeries(series, node.source).flatMap((group) => pickOf(group, picker, parameter, steps));
}

function pickOf({ members }: SeriesGroup, pick: Picker, parameter: Float64Array, steps: number): VectorSeries[] {
  const picked = new Map<number, SeriesBuilder>();
  for (let step = 0; step < steps; step++) {
    for (const index of pick(members, step, parameter[step]!)) {
      const member = members[index]!;
      let out = picked.get(index);
      if (out === undefined) {
        out = createSeries(member.labels, steps, member.dropsName);
        picked.set(index, out);
      }
      copyStep(out, member, step);
    }
  }
  return [...picked.values()].filter(hasValues);
}

/** Whether any step wants a series. Throws `query_failed` for what is no number of series. */
function checkCounts(counts: Float64Array): boolean {
  const numbers = counts.filter((count) => !Number.isNaN(count));
  const most = numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const least = numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (most < 1 && numbers.length > 0) return false;
  if (counts.some(Number.isNaN)) throw new BarographError('query_failed', 'Parameter value is NaN');
  if (least <= -(2 ** 63)) throw new BarographError('query_failed', `Scalar value ${least} underflows int64`);
  if (most >= 2 ** 63) throw new BarographError('query_failed', `Scalar value ${most} overflows int64`);
  return true;
}

function checkRatios(node: AggregateNode, ratios: Float64Array, { annotations }: Evaluation): boolean {
  if (ratios.every((ratio) => ratio === 0)) return false;
  if (ratios.some(Number.isNaN)) throw new BarographError('query_failed', 'Ratio value is NaN');
  const at = node.parameter!.range;
  const least = ratios.reduce((a, b) => Math.min(a, b), 0);
  const most = ratios.reduce((a, b) => Math.max(a, b), 0);
  if (most > 1) annotations.add(invalidRatio(most, 1, at));
  if (least < -1) annotations.add(invalidRatio(least, -1, at));
  return true;
}

/** The `k` best floats, best first; NaNs are worst. A heap with the worst of the best on top. */
const best =
  (direction: 1 | -1): Picker =>
  (members, step, parameter) => {
    const k = Math.min(Math.trunc(parameter), members.length);
    if (k < 1) return [];
    const rank = (index: number): number => direction * members[index]!.values[step]!;
    // NaN is worse than all, and than another NaN too: which of several is replaced first follows from it, as in Prometheus.
    const isWorse = (a: number, b: number): boolean => {
      const x = rank(a);
      return Number.isNaN(x) || x < rank(b);
    };
    const heap: number[] = [];
    for (let index = 0; index < members.length; index++) {
      if (members[index]!.presence[step] !== isFloat) continue;
      if (heap.length < k) siftUp(heap, heap.push(index) - 1, isWorse);
      else if (isWorse(heap[0]!, index) && !Number.isNaN(rank(index))) {
        heap[0] = index;
        siftDown(heap, isWorse);
      }
    }
    return heap.sort((a, b) => (isWorse(a, b) ? 1 : isWorse(b, a) ? -1 : 0));
  };

function siftUp(heap: number[], at: number, isBefore: (a: number, b: number) => boolean): void {
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if (!isBefore(heap[at]!, heap[parent]!)) return;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function siftDown(heap: number[], isBefore: (a: number, b: number) => boolean): void {
  for (let at = 0; ; ) {
    const left = 2 * at + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
    if (!isBefore(heap[child]!, heap[at]!)) return;
    [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    at = child;
  }
}

const firstOnes: Picker = (members, step, parameter) => {
  const picked: number[] = [];
  for (let index = 0; index < members.length && picked.length < Math.trunc(parameter); index++)
    if (members[index]!.presence[step] !== absent) picked.push(index);
  return picked;
};

/** A series is in by a number that its labels give, so that a ratio and its negative complement share all series out. */
const byRatio: Picker = (members, step, parameter) => {
  const ratio = Math.max(-1, Math.min(1, parameter));
  const picked: number[] = [];
  members.forEach(({ labels, presence }, index) => {
    if (presence[step] === absent) return;
    const offset = sampleOffset(labels);
    if (ratio >= 0 ? offset < ratio : offset >= 1 + ratio) picked.push(index);
  });
  return picked;
};

const pickers: Readonly<Partial<Record<string, Picker>>> = {
  bottomk: best(-1),
  limit_ratio: byRatio,
  limitk: firstOnes,
  topk: best(1),
};
