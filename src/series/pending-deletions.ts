/**
 * Deletions that were acknowledged and that the engine has not carried out yet. Memory is rid of the samples at once; rows that are read from the
 * engine meanwhile still hold them. Who reads rows takes a view before the statement is sent, and leaves out what the view knows: also
 * what was deleted while the rows were on their way. Series are known by their ids, since labels that come again have another ref.
 */
import type { SeriesIndex } from './index/series-index.js';

interface Deletion {
  readonly ids: ReadonlySet<string>;
  /** Both inclusive, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Its place in the log. */
  readonly sequence: number;
}

export interface PendingDeletions {
  /** A deletion of samples of series with times in [fromMs, toMs]. */
  add(refs: Uint32Array, fromMs: number, toMs: number, sequence: number): void;
  /** Everything up to and with `sequence` is carried out. */
  settle(sequence: number): void;
  /** What to leave out of rows that are asked for from now on. Must be closed. */
  view(): DeletionView;
}

export interface DeletedRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DeletionView {
  /** The ranges that are deleted of a series, by the halves of its id; mostly none. */
  rangesOf(idLow: number, idHigh: number): readonly DeletedRange[];
  close(): void;
}

const none: readonly DeletedRange[] = [];
const keyOf = (idLow: number, idHigh: number): string => `${idHigh}:${idLow}`;

export function createPendingDeletions(index: Pick<SeriesIndex, 'idLow' | 'idHigh'>): PendingDeletions {
  let pending: Deletion[] = [];
  const views = new Set<Deletion[]>();
  return {
    add(refs, fromMs, toMs, sequence) {
      const ids = new Set(Array.from(refs, (ref) => keyOf(index.idLow[ref]!, index.idHigh[ref]!)));
      const deletion = { ids, fromMs, toMs, sequence };
      pending.push(deletion);
      for (const view of views) view.push(deletion);
    },
    settle(sequence) {
      if (pending.length > 0) pending = pending.filter((deletion) => deletion.sequence > sequence);
    },
    view() {
      const known = [...pending];
      views.add(known);
      return {
        rangesOf(idLow, idHigh) {
          if (known.length === 0) return none;
          const key = keyOf(idLow, idHigh);
          return known.filter(({ ids }) => ids.has(key));
        },
        close: () => views.delete(known),
      };
    },
  };
}
