/** A segment as the running log knows it, with marks that lead to a place in it without reading it from its start. */
import { endOfRecord, type RecordHeader } from './record-header.js';

export interface Segment {
  readonly name: string;
  readonly firstSequence: number;
  /** Undefined where the segment's header is damaged; its first valid record tells it then. */
  readonly salt: number | undefined;
  /** Durable bytes from the file's start: readers stop here. 0 in a file without a sound header or record. */
  durableBytes: number;
  /** Bytes that the file takes; more than `durableBytes` after a write that failed. */
  fileBytes: number;
  /** End of the last durable record; `firstSequence` while there is none. */
  endSequence: number;
  readonly marks: Mark[];
}

/** A record's place and age. Marks are in the order of their records. */
export interface Mark {
  readonly sequence: number;
  readonly offset: number;
  readonly timeMs: number;
}

/** Bounds of what a reader reads in vain before its record, and of the error of an age. Guesses. */
const markIntervalBytes = 1024 * 1024;
const markIntervalMs = 1000;

/** Notes a durable record that begins at `offset`; records are noted in the order of their sequences. */
export function noteRecord(segment: Segment, header: RecordHeader, offset: number): void {
  segment.endSequence = endOfRecord(header);
  const last = segment.marks.at(-1);
  const isFar =
    last === undefined ||
    offset - last.offset >= markIntervalBytes ||
    Math.abs(header.timeMs - last.timeMs) >= markIntervalMs;
  if (isFar) segment.marks.push({ sequence: header.sequence, offset, timeMs: header.timeMs });
}

/** The last mark at or before `sequence`, else the first; undefined in a segment without records. */
export function markBefore(segment: Segment, sequence: number): Mark | undefined {
  let low = 0;
  let high = segment.marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segment.marks[middle]!.sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return segment.marks[Math.max(0, low - 1)];
}
