/**
 * The rows between the log and the engine. Appended records wait here decoded, up to a bound in bytes; past the bound
 * (the engine is away or slow) they are left to the log alone and read back from disk when their turn comes. So memory
 * is bounded, an acknowledged row is never lost, and a start after a crash is the same path with an empty memory.
 *
 * Invariant: `records` follow each other without a gap, and what lies between `position` and the first of them has been
 * handed out. A record that would leave a gap is not kept.
 */
import type { Log } from '../wal/log.js';

/** A record of the log, decoded. */
export interface TailRecord {
  /** Number of its first row. */
  readonly sequence: number;
  readonly rowCount: number;
  /** Size in memory. */
  readonly bytes: number;
}

export interface TailLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

export interface LogTail<R extends TailRecord> {
  /** A record that the log has made durable. */
  offer(record: R): void;
  /** The next records to store, in order: at least one if there is any, and no more once a limit is reached. */
  next(limits: TailLimits): Promise<R[]>;
  /** Everything below `sequence` is stored. Comes after `next` and before the next `next`. */
  advance(sequence: number): void;
  /** The first row that is not stored. */
  readonly position: number;
  /** Rows that the log holds and the engine does not. */
  readonly waitingRows: number;
  /** Decoded rows held in memory, bytes. */
  readonly bytes: number;
}

export const endOf = (record: TailRecord): number => record.sequence + record.rowCount;

/** `decode` makes a record of a payload of the log; at most `bytesMax` bytes of records are kept. */
export function createLogTail<R extends TailRecord>(
  log: Log,
  bytesMax: number,
  decode: (sequence: number, payload: Uint8Array) => R,
): LogTail<R> {
  let records: R[] = [];
  let bytes = 0;
  let position = log.checkpointSequence;
  /** End of what `next` has handed out; the record that starts here leaves no gap. */
  let handedOut = position;

  return {
    offer(record) {
      const last = records.at(-1);
      if (record.sequence !== (last === undefined ? handedOut : endOf(last)) || bytes + record.bytes > bytesMax) return;
      records.push(record);
      bytes += record.bytes;
    },
    async next(limits) {
      const work = records.length > 0 ? within(records, limits) : await readFromLog(log, position, limits, decode);
      const last = work.at(-1);
      if (last !== undefined) handedOut = Math.max(handedOut, endOf(last));
      return work;
    },
    advance(sequence) {
      position = Math.max(position, sequence);
      const stored = records.filter((record) => endOf(record) <= position);
      records = records.slice(stored.length);
      bytes -= stored.reduce((sum, record) => sum + record.bytes, 0);
    },
    get position() {
      return position;
    },
    get waitingRows() {
      return Math.max(0, log.durableSequence - position);
    },
    get bytes() {
      return bytes;
    },
  };
}

function within<R extends TailRecord>(records: readonly R[], limits: TailLimits): R[] {
  const budget = createBudget(limits);
  const end = records.findIndex((record) => !budget(record));
  return records.slice(0, end === -1 ? records.length : Math.max(1, end));
}

async function readFromLog<R extends TailRecord>(
  log: Log,
  from: number,
  limits: TailLimits,
  decode: (sequence: number, payload: Uint8Array) => R,
): Promise<R[]> {
  const budget = createBudget(limits);
  const work: R[] = [];
  for await (const { sequence, payload } of log.read(from)) {
    const record = decode(sequence, payload);
    if (!budget(record) && work.length > 0) break;
    work.push(record);
  }
  return work;
}

/** Says of record after record whether it still fits. */
function createBudget({ rowsMax, bytesMax }: TailLimits): (record: TailRecord) => boolean {
  let rows = 0;
  let bytes = 0;
  return (record) => {
    rows += record.rowCount;
    bytes += record.bytes;
    return rows <= rowsMax && bytes <= bytesMax;
  };
}
