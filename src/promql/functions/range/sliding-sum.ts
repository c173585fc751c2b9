/**
 * Sums over sliding windows, each sample added a fixed number of times however long the windows are. Nothing is ever subtracted, so
 * that no large or infinite sample leaves an error behind once it is out of the window: samples before a pivot are kept as sums of
 * all that follow up to the pivot, those from it on as one running sum, and when the pivot falls out of the window it moves to the
 * window's end (a queue made of two stacks). Rounding errors are carried as in `compensatedAdd`.
 */
import type { WindowBounds } from '../../evaluate/windows.js';
import type { RangeScratch } from './range-scratch.js';

/** Above this many looks at each sample, sliding beats walking through each window. Measured: bench/promql-functions.ts. */
export const overlapMax = 6;

/**
 * Fills the scratch's `stepTotals` and `stepCarries` with the sums of `terms` over all windows and their rounding errors. A window's
 * first `skipped` samples do not count.
 */
export function slidingSums(
  terms: Float64Array,
  { starts, ends }: WindowBounds,
  steps: number,
  skipped: number,
  scratch: RangeScratch,
): void {
  const { totals: suffixTotals, carries: suffixCarries, stepTotals: totals, stepCarries: carries } = scratch;
  let pivot = 0;
  let next = 0;
  let total = 0;
  let carry = 0;
  for (let step = 0; step < steps; step++) {
    const end = ends[step]!;
    const start = Math.min(starts[step]! + skipped, end);
    if (start >= pivot) {
      let suffix = 0;
      let suffixCarry = 0;
      for (let i = end - 1; i >= start; i--) {
        const term = terms[i]!;
        const sum = suffix + term;
        // Without a branch: which of the two is larger does not matter for this form of the error (Knuth's two-sum).
        const part = sum - suffix;
        suffixCarry += suffix - (sum - part) + (term - part);
        suffix = sum;
        suffixTotals[i] = suffix;
        suffixCarries[i] = suffixCarry;
      }
      pivot = end;
      next = end;
      total = 0;
      carry = 0;
    }
    for (; next < end; next++) {
      const term = terms[next]!;
      const sum = total + term;
      const part = sum - total;
      carry += total - (sum - part) + (term - part);
      total = sum;
    }
    if (start < pivot) {
      const suffix = suffixTotals[start]!;
      const sum = suffix + total;
      const part = sum - suffix;
      totals[step] = sum;
      carries[step] = suffixCarries[start]! + carry + (suffix - (sum - part) + (total - part));
    } else {
      totals[step] = total;
      carries[step] = carry;
    }
  }
}

/** A sum whose infinity swallows its error: what was carried is NaN then. */
export const sumOf = (total: number, carry: number): number =>
  total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY ? total : total + carry;
