import type { IndexState } from './index-state.js';

/**
 * The labels of series as numbers, for those who go through many series and keep something for each label: a pair of a name and a value has a
 * number, and so has a name. Columns are replaced as they grow, and numbers given to others once no series has them: read both anew after
 * each change of the index.
 */
export interface SeriesPairs {
  /** One past the largest number of a pair. */
  readonly pairLimit: number;
  /** One past the largest number of a name. */
  readonly nameLimit: number;
  /** Series ref has the pairs [starts[ref], starts[ref] + counts[ref]) of `pairs`, in the order of their names. */
  readonly starts: Uint32Array;
  readonly counts: Uint8Array;
  readonly pairs: Uint32Array;
  /** By pair, the number of its name. */
  readonly names: Uint32Array;
  nameText(name: number): string;
  /** UTF-8, valid until the next change of the index. */
  nameBytes(name: number): Uint8Array;
  valueBytes(pair: number): Uint8Array;
}

export const seriesPairsOf = ({ pairs, series }: IndexState): SeriesPairs => ({
  pairLimit: pairs.limit,
  nameLimit: pairs.names.limit,
  starts: series.pairStarts,
  counts: series.labelCounts,
  pairs: series.pairs,
  names: pairs.nameIds,
  nameText: (name) => pairs.names.textOf(name),
  nameBytes: (name) => pairs.names.bytesOf(name),
  valueBytes: (pair) => pairs.values.bytesOf(pairs.valueIds[pair]!),
});
