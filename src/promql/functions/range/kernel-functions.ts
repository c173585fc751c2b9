/** The range functions that the kernel has too, to the bit: over columns that are streamed they are filled in there. */
import type { SeriesGrid } from '../../../kernel/series-grid.js';

/** Fills in the grid's results of the series that was loaded last. Answers how many steps have a value; -1 where the kernel cannot do it. */
export type KernelFunction = (grid: SeriesGrid) => number;

const kernelFunctions: Readonly<Partial<Record<string, KernelFunction>>> = {
  avg_over_time: ({ exports }) => exports.fillSums(true),
  count_over_time: ({ exports }) => exports.fillCounts(),
  delta: ({ exports }) => exports.fillGrowth(false, false),
  increase: ({ exports }) => exports.fillGrowth(true, false),
  last_over_time: ({ exports }) => exports.fillLast(),
  max_over_time: ({ exports }) => exports.fillExtremes(1),
  min_over_time: ({ exports }) => exports.fillExtremes(-1),
  rate: ({ exports }) => exports.fillGrowth(true, true),
  sum_over_time: ({ exports }) => exports.fillSums(false),
};

export const kernelFunctionOf = (name: string): KernelFunction | undefined => kernelFunctions[name];
