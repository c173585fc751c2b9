/** What the parts of the index share: its tables, and the two ways to a series. */
import type { Clock } from '../../base/clock.js';
import type { HashSlots } from './hash-slots.js';
import type { LabelPairs } from './label-pairs.js';
import type { MetricTable } from './metric-table.js';
import type { Postings } from './postings.js';
import type { SeriesTable } from './series-table.js';

export interface IndexState {
  readonly pairs: LabelPairs;
  readonly series: SeriesTable;
  readonly metrics: MetricTable;
  /** The refs of series that have a pair, removed ones included until they are released. */
  readonly postings: Postings;
  /** Live series by the hash of their canonical bytes. */
  readonly byKey: HashSlots;
  /** Live series by their id; its two halves mixed are the hash. */
  readonly byId: HashSlots;
  /** xxHash64 of canonical bytes. */
  readonly hash64: (bytes: Uint8Array) => bigint;
  readonly clock: Clock;
}
