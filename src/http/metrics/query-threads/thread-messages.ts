/** What the main thread and the threads of heavy queries say to each other. */
import type { ErrorCode } from '../../../base/errors.js';
import type { QueryRange } from '../../../promql/evaluate/query-range.js';
import type { QueryResult } from '../../../promql/evaluate/query-result.js';
import type { QueryLimits } from '../../../promql/explain/query-limits.js';
import type { ExportedSelection } from '../../../promql/leaves/export-selection.js';
import type { SourceStatistics } from '../../../promql/leaves/source-limits.js';

/** A query with all that it reads. The thread makes the plan anew out of the text: a plan holds functions, which cannot be posted. */
export interface ThreadTask {
  readonly query: string;
  readonly range: QueryRange;
  readonly lookbackMs: number;
  readonly limits: QueryLimits;
  /** Most series of the answer. */
  readonly limit: number;
  /** By the plan's selections. */
  readonly selections: readonly ExportedSelection[];
  /** What the main thread measured, for the answer's statistics; undefined where none are wanted. */
  readonly measured: TaskMeasurements | undefined;
  /** Whether the result is to be said, too, where it is one of floats and without remarks. */
  readonly wantsResult: boolean;
  readonly control: ThreadControl;
}

export interface TaskMeasurements {
  readonly statistics: SourceStatistics;
  readonly parseMs: number;
  readonly queueMs: number;
  readonly fetchMs: number;
}

/** Shared words: whether the task is to stop, and how many pieces of its answer were taken off. */
export type ThreadControl = Int32Array;
export const controlWords = 2;
export const stopWord = 0;
export const takenWord = 1;

export type ThreadMessage =
  /** A piece of the answer's body. */
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'result'; readonly result: QueryResult }
  | { readonly kind: 'done' }
  /** Without a code it is a defect. */
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode | undefined;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** A guess: large enough that pieces cost nothing, small enough that the first goes out soon. */
export const pieceBytes = 65_536;
/** Pieces of an answer that wait to be sent: 8 MiB. Past them the thread waits for the client. A guess. */
export const waitingPiecesMax = 128;
