/** What ingestion counts. The composition root hands in counters that `/metrics` exposes; a test hands in its own. */
import type { FlushCounters } from './appender.js';

export type EventKind = 'prediction' | 'ground_truth';

export interface IngestCounters extends FlushCounters {
  rowsAccepted(kind: EventKind, rows: number): void;
  rowsRejected(kind: EventKind, code: string, rows: number): void;
  rowsStored(kind: EventKind, rows: number): void;
  /** A prediction that was there already, the same in every field: a client's retry. */
  predictionsRepeated(rows: number): void;
  /** A prediction that took the place of a different one under the same request id. */
  predictionsReplaced(rows: number): void;
}

export const uncounted: IngestCounters = {
  rowsAccepted: () => {},
  rowsRejected: () => {},
  rowsStored: () => {},
  predictionsRepeated: () => {},
  predictionsReplaced: () => {},
  flushed: () => {},
  flushFailed: () => {},
};
