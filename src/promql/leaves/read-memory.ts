/** Samples of many series out of the chunk store, as columns. */

import { createSampleColumns, type SampleColumns } from '../../series/chunk/sample-columns.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { FloatColumn } from '../evaluate/sample-columns.js';

/** Samples that columns have room for at first, 1 MiB. A guess: allocating a series at a time costs more than to decode it. */
const slabSamples = 2 ** 16;

/**
 * The samples with times in [fromMs, toMs] of each series, in the order of `refs`. `onSamples` is told of how many there are so far, now and
 * then, and may throw.
 */
export function readMemory(
  chunks: ChunkStore,
  refs: ArrayLike<number>,
  fromMs: number,
  toMs: number,
  onSamples: (samples: number) => void,
): FloatColumn[] {
  const columns = new Array<FloatColumn>(refs.length);
  let slab: SampleColumns = createSampleColumns(Math.min(slabSamples, 64 * refs.length + 64));
  let samples = 0;
  let largest = 0;
  for (let i = 0; i < refs.length; i++) {
    // Series of a metric are mostly as long as each other: where the next would not fit, it begins a slab of its own.
    if (slab.length + largest > slab.timesMs.length) {
      onSamples(samples);
      slab = createSampleColumns(Math.max(slabSamples, largest));
    }
    const start = slab.length;
    chunks.read(refs[i]!, fromMs - 1, toMs, slab);
    const count = slab.length - start;
    samples += count;
    if (count > largest) largest = count;
    columns[i] = {
      timesMs: slab.timesMs.subarray(start, slab.length),
      values: slab.values.subarray(start, slab.length),
      count,
    };
  }
  onSamples(samples);
  return columns;
}
