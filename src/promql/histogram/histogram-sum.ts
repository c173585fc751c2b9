/**
 * The sum and the mean of many histograms, every number of them summed with its rounding error carried along. Source: Prometheus,
 * float_histogram.go, `KahanAdd`, and its use in sum, avg, sum_over_time and avg_over_time.
 */
import { addHistograms } from './add-histograms.js';
import { compensatedAdd } from './compensated-add.js';
import { divideHistogram, type FloatHistogram, multiplyHistogram, noBuckets } from './float-histogram.js';

/** What is carried is a histogram of its own, of the same layout as the total. */
export interface HistogramSum {
  readonly total: FloatHistogram;
  readonly carry: FloatHistogram | undefined;
  readonly count: number;
  /** The total would have been infinite: from here on it is the mean so far. */
  readonly isMean: boolean;
  /** Custom bounds that differed were reconciled on the way. */
  readonly isReconciled: boolean;
}

export const startHistogramSum = (first: FloatHistogram): HistogramSum => ({
  total: first,
  carry: undefined,
  count: 1,
  isMean: false,
  isReconciled: false,
});

/** The sum with one more histogram; undefined where exponential buckets meet custom bounds. */
export function addToHistogramSum(sum: HistogramSum, next: FloatHistogram): HistogramSum | undefined {
  const added = carriedAdd(sum.total, sum.carry, next);
  return (
    added && {
      total: added.total,
      carry: added.carry,
      count: sum.count + 1,
      isMean: false,
      isReconciled: sum.isReconciled || added.isReconciled,
    }
  );
}

/** As `addToHistogramSum`, and goes over to the mean so far before the sum overflows. */
export function addToHistogramMean(sum: HistogramSum, next: FloatHistogram): HistogramSum | undefined {
  const count = sum.count + 1;
  if (!sum.isMean) {
    const added = addToHistogramSum(sum, next);
    if (added === undefined || !isInfinite(added.total)) return added;
  }
  const mean = sum.isMean ? sum.total : divideHistogram(sum.total, sum.count);
  const meanCarry = sum.carry && (sum.isMean ? sum.carry : divideHistogram(sum.carry, sum.count));
  const weight = sum.count / count;
  const added = carriedAdd(
    multiplyHistogram(mean, weight),
    meanCarry && multiplyHistogram(meanCarry, weight),
    divideHistogram(next, count),
  );
  return (
    added && {
      total: added.total,
      carry: added.carry,
      count,
      isMean: true,
      isReconciled: sum.isReconciled || added.isReconciled,
    }
  );
}

export const histogramTotal = ({ total, carry }: HistogramSum): FloatHistogram => withCarry(total, carry);

export function histogramMean({ total, carry, count, isMean }: HistogramSum): FloatHistogram {
  if (isMean) return withCarry(total, carry);
  return withCarry(divideHistogram(total, count), carry && divideHistogram(carry, count));
}

const withCarry = (total: FloatHistogram, carry: FloatHistogram | undefined): FloatHistogram =>
  carry === undefined ? total : (addHistograms(total, carry)?.histogram ?? total);

/**
 * Adds two histograms, and to the carry what rounding lost: each number's own error. The layout of the result comes from the plain
 * sum; the errors are found by adding number by number.
 */
function carriedAdd(
  total: FloatHistogram,
  carry: FloatHistogram | undefined,
  next: FloatHistogram,
): { readonly total: FloatHistogram; readonly carry: FloatHistogram; readonly isReconciled: boolean } | undefined {
  const plain = addHistograms(total, next);
  if (plain === undefined) return undefined;
  const sum = plain.histogram;
  // Both terms in the layout of the sum: a sum with an empty histogram of that layout changes no count.
  const frame = { ...sum, count: 0, sum: 0, zeroCount: 0, positive: noBuckets, negative: noBuckets };
  const inLayout = (term: FloatHistogram): FloatHistogram => addHistograms(frame, term)?.histogram ?? frame;
  const left = inLayout(total);
  const right = inLayout(next);
  const before = carry === undefined ? frame : inLayout(carry);
  const lost = (a: number, b: number): number => {
    const pair = { total: a, carry: 0 };
    compensatedAdd(pair, b);
    return pair.carry;
  };
  const lostIn = (side: 'positive' | 'negative'): FloatHistogram['positive'] => ({
    indexes: sum[side].indexes,
    counts: sum[side].indexes.map(
      (index) => countAt(before[side], index) + lost(countAt(left[side], index), countAt(right[side], index)),
    ),
  });
  return {
    total: sum,
    carry: {
      ...sum,
      counterReset: sum.counterReset,
      count: before.count + lost(left.count, right.count),
      sum: before.sum + lost(left.sum, right.sum),
      zeroCount: before.zeroCount + lost(left.zeroCount, right.zeroCount),
      positive: lostIn('positive'),
      negative: lostIn('negative'),
    },
    isReconciled: plain.isReconciled,
  };
}

function countAt({ indexes, counts }: FloatHistogram['positive'], index: number): number {
  let low = 0;
  let high = indexes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (indexes[middle]! < index) low = middle + 1;
    else high = middle;
  }
  return indexes[low] === index ? counts[low]! : 0;
}

const isInfinite = ({ zeroCount, count, sum, positive, negative }: FloatHistogram): boolean =>
  [zeroCount, count, sum, ...positive.counts, ...negative.counts].some((each) => Math.abs(each) === Infinity);
