/** Sums and differences of histograms. Source: Prometheus, model/histogram/float_histogram.go, `Add` and `Sub`. */
import { coarserBuckets, compactBuckets } from './bucket-bounds.js';
import {
  type Buckets,
  type CounterResetHint,
  type FloatHistogram,
  noBuckets,
  usesCustomBounds,
} from './float-histogram.js';
import { reconcileZeroBuckets } from './zero-bucket.js';

export interface CombinedHistogram {
  readonly histogram: FloatHistogram;
  /** One says that there was a counter reset, the other that there was none. */
  readonly hasResetCollision: boolean;
  /** The custom bounds differed, and those that both have were kept. */
  readonly isReconciled: boolean;
}

/** Undefined where one has exponential buckets and the other custom bounds. */
export const addHistograms = (a: FloatHistogram, b: FloatHistogram): CombinedHistogram | undefined => combine(a, b, 1);

/** As `addHistograms`. The hint is that of a sum; a difference that is a query's result is a gauge. */
export const subtractHistograms = (a: FloatHistogram, b: FloatHistogram): CombinedHistogram | undefined =>
  combine(a, b, -1);

function combine(a: FloatHistogram, b: FloatHistogram, sign: 1 | -1): CombinedHistogram | undefined {
  if (usesCustomBounds(a) !== usesCustomBounds(b)) return undefined;
  const [counterReset, hasResetCollision] = combinedHint(a.counterReset, b.counterReset);
  const totals = { counterReset, count: a.count + sign * b.count, sum: a.sum + sign * b.sum };
  if (usesCustomBounds(a)) {
    const bounds = commonBounds(a.customBounds, b.customBounds);
    const isReconciled = bounds !== a.customBounds;
    const positive = addBuckets(
      isReconciled ? rebinned(a.positive, a.customBounds, bounds) : a.positive,
      isReconciled ? rebinned(b.positive, b.customBounds, bounds) : b.positive,
      sign,
    );
    return { histogram: { ...a, ...totals, positive, customBounds: bounds }, hasResetCollision, isReconciled };
  }
  const schema = Math.min(a.schema, b.schema);
  const [wideA, wideB] = reconcileZeroBuckets(a, b);
  const sides = (side: 'positive' | 'negative'): Buckets =>
    addBuckets(coarserBuckets(wideA[side], a.schema, schema), coarserBuckets(wideB[side], b.schema, schema), sign);
  const histogram: FloatHistogram = {
    ...totals,
    schema,
    zeroThreshold: wideA.zeroThreshold,
    zeroCount: wideA.zeroCount + sign * wideB.zeroCount,
    positive: sides('positive'),
    negative: sides('negative'),
    customBounds: [],
  };
  return { histogram, hasResetCollision, isReconciled: false };
}

/** What is known of a combination's resets, and whether the two contradict each other. */
export function combinedHint(a: CounterResetHint, b: CounterResetHint): readonly [CounterResetHint, boolean] {
  if (a === b) return [a, false];
  if (a === 'gauge' || b === 'gauge') return ['gauge', false];
  return ['unknown', a !== 'unknown' && b !== 'unknown'];
}

function addBuckets(a: Buckets, b: Buckets, sign: 1 | -1): Buckets {
  if (b.indexes.length === 0) return a;
  const indexes: number[] = [];
  const counts: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.indexes.length || j < b.indexes.length) {
    const fromA = a.indexes[i] ?? Number.POSITIVE_INFINITY;
    const fromB = b.indexes[j] ?? Number.POSITIVE_INFINITY;
    indexes.push(Math.min(fromA, fromB));
    counts.push((fromA <= fromB ? a.counts[i++]! : 0) + (fromB <= fromA ? sign * b.counts[j++]! : 0));
  }
  return { indexes, counts };
}

export const haveSameBounds = (a: readonly number[], b: readonly number[]): boolean =>
  a === b || (a.length === b.length && a.every((bound, i) => bound === b[i]));

/** The bounds that both have; the first list itself where the two are equal. */
export function commonBounds(a: readonly number[], b: readonly number[]): readonly number[] {
  if (haveSameBounds(a, b)) return a;
  const inB = new Set(b);
  return a.filter((bound) => inB.has(bound));
}

/** Buckets of custom bounds merged into those of a subset of the bounds, without empty ones. */
export function rebinned(buckets: Buckets, bounds: readonly number[], kept: readonly number[]): Buckets {
  if (buckets.indexes.length === 0) return noBuckets;
  const counts = new Array<number>(kept.length + 1).fill(0);
  let target = 0;
  buckets.indexes.forEach((index, i) => {
    const bound = bounds[index] ?? Number.POSITIVE_INFINITY;
    while (target < kept.length && kept[target]! < bound) target++;
    counts[target]! += buckets.counts[i]!;
  });
  return compactBuckets({ indexes: counts.map((_, i) => i), counts });
}
