/** The log's bounds. Each may be set when it is opened. */

export interface LogLimits {
  /** A segment is followed by a new one before it grows past this, unless a single record is larger. */
  readonly segmentBytesMax: number;
  /** All segments together. Past it appends reject with `log_full` until the consumer has stored some. */
  readonly totalBytesMax: number;
  /** One record with its header. */
  readonly recordBytesMax: number;
  /** One write and sync. */
  readonly groupBytesMax: number;
  /** Appends that wait or are being written. Past it they reject with `too_many_requests`. */
  readonly queueBytesMax: number;
  /** How long an append waits for company before it is written. 0 waits for the turn of the event loop alone. */
  readonly groupCommitDelayMs: number;
}

const mebibyte = 1024 ** 2;

export const defaultLimits: LogLimits = {
  // A guess, as the next two are: small beside the whole, so that room comes back in small steps, and large beside a
  // group, so that a new file is rare.
  segmentBytesMax: 64 * mebibyte,
  totalBytesMax: 10 * 1024 * mebibyte,
  // The largest decompressed request body, whose rows take less as columns.
  recordBytesMax: 512 * mebibyte,
  // A guess: some 10 ms of a disk's time, so that a small append is not held up much longer by large ones.
  groupBytesMax: 16 * mebibyte,
  queueBytesMax: 128 * mebibyte,
  // Measured, `docs/formats/wal.md`: waiting longer made every load slower.
  groupCommitDelayMs: 0,
};

/**
 * The limits given, and the defaults of the others. A segment and a record are held to a quarter of the whole, because
 * the segment being written is never deleted: a log must not be full of rows that are stored.
 */
export function limitsOf(given: Partial<LogLimits>): LogLimits {
  const limits = { ...defaultLimits, ...given };
  const quarter = Math.floor(limits.totalBytesMax / 4);
  return {
    ...limits,
    segmentBytesMax: Math.min(limits.segmentBytesMax, quarter),
    recordBytesMax: Math.min(limits.recordBytesMax, quarter),
  };
}
