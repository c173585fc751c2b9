import type { ErrorCode } from '../base/errors.js';

/** Why one row of a body was not taken. Its neighbours are. */
export interface Rejection {
  /** Number of the line in a body of lines, of the element in a JSON array, of the TimeSeries in a remote write, from 1. */
  readonly line: number;
  readonly code: ErrorCode;
  /** What was got, what was wanted, and in which field. */
  readonly message: string;
}
