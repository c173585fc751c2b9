/**
 * Reads a segment's records one after the other and, past damage, finds the next one by looking for it byte by byte.
 * Opening the log and reading it share this, so that they agree on what is a record.
 *
 * A record counts when its header and its payload match their checksums, it carries the segment's salt, and it begins
 * at or after the end of the record before. Whatever lies between two records that count is damage.
 */
import { crc32 } from 'node:zlib';
import type { ByteWindow } from './byte-window.js';
import type { FoundDamage, SequenceRange } from './damage.js';
import {
  beginningOfRecord,
  decodeRecordHeader,
  endOfRecord,
  type RecordHeader,
  recordHeaderBytes,
} from './record-header.js';

export interface ScanStart {
  readonly segment: string;
  /** Where a record is expected to begin; 0 where the segment's header is damaged, and its length with it. */
  readonly offset: number;
  /** The sequence number it is expected to start at. */
  readonly sequence: number;
  /** Undefined where the segment's header is damaged: the first valid record tells it. */
  readonly salt: number | undefined;
  /** Where the acknowledged records of this segment end; undefined where nothing tells, in the newest one. */
  readonly endSequence: number | undefined;
}

export interface ScannedRecord {
  readonly kind: 'record';
  readonly offset: number;
  readonly header: RecordHeader;
  readonly payload: Buffer;
}

export interface ScannedDamage {
  readonly kind: 'damage';
  readonly damage: FoundDamage;
  /** No valid record follows in this segment. */
  readonly atTail: boolean;
}

export type Scanned = ScannedRecord | ScannedDamage;

/** What stands where a record should. A header that is valid although its payload is not still tells its rows. */
interface NoRecord {
  readonly kind: 'none';
  readonly header: RecordHeader | undefined;
  /** The file ends before the record does. */
  readonly cutShort: boolean;
}

interface Position {
  offset: number;
  sequence: number;
  salt: number | undefined;
}

/** Every record that counts between `start` and the window's end, and every damage between them, in file order. */
export async function* scanRecords(window: ByteWindow, start: ScanStart): AsyncGenerator<Scanned> {
  const position: Position = { offset: start.offset, sequence: start.sequence, salt: start.salt };
  while (position.offset < window.end) {
    const here = recordAt(window, position.offset);
    const found = here instanceof Promise ? await here : here;
    const next = found.kind === 'record' && counts(found.header, position) ? found : await findRecord(window, position);
    if (next === undefined) {
      yield await tailDamage(window, found, start, position);
      return;
    }
    const damage = damageBefore(next, found, start.segment, position);
    if (damage !== undefined) yield { kind: 'damage', atTail: false, damage };
    position.offset = next.offset + recordHeaderBytes + next.header.payloadBytes;
    position.sequence = endOfRecord(next.header);
    position.salt = next.header.salt;
    yield next;
  }
}

const counts = (header: RecordHeader, position: Position): boolean =>
  header.sequence >= position.sequence && (position.salt === undefined || header.salt === position.salt);

/** A whole record, but one whose numbers have been read. */
const repeats = (found: ScannedRecord | NoRecord, sequence: number): boolean =>
  found.kind === 'record' && found.header.sequence < sequence;

/** Answers at once where it can: to wait for nothing, once per record, is most of what reading small ones would cost. */
function recordAt(window: ByteWindow, offset: number): ScannedRecord | NoRecord | Promise<ScannedRecord | NoRecord> {
  const loadAndRetry = (length: number) => window.load(offset, length).then(() => recordAt(window, offset));
  const headerBytes = window.peek(offset, recordHeaderBytes);
  if (headerBytes === undefined) return loadAndRetry(recordHeaderBytes);
  const header = decodeRecordHeader(headerBytes);
  if (header === undefined) return { kind: 'none', header, cutShort: headerBytes.length < recordHeaderBytes };
  const { payloadBytes, payloadChecksum } = header;
  if (offset + recordHeaderBytes + payloadBytes > window.end) return { kind: 'none', header, cutShort: true };
  const payload = window.peek(offset + recordHeaderBytes, payloadBytes);
  if (payload === undefined) return loadAndRetry(recordHeaderBytes + payloadBytes);
  if (payload.length < payloadBytes || crc32(payload) !== payloadChecksum)
    return { kind: 'none', header, cutShort: false };
  return { kind: 'record', offset, header, payload };
}

const searchBytes = 256 * 1024;

/** The first record that counts and begins after the position. */
async function findRecord(window: ByteWindow, position: Position): Promise<ScannedRecord | undefined> {
  const beginning = beginningOfRecord(position.salt);
  let offset = position.offset + 1;
  while (offset + recordHeaderBytes <= window.end) {
    const bytes = await window.read(offset, searchBytes);
    if (bytes.length < recordHeaderBytes) return undefined;
    const at = bytes.indexOf(beginning);
    if (at === -1) {
      // One that straddles two pieces begins in the last few bytes of this one.
      offset += bytes.length - beginning.length + 1;
      continue;
    }
    const found = await recordAt(window, offset + at);
    if (found.kind === 'record' && counts(found.header, position)) return found;
    offset += at + 1;
  }
  return undefined;
}

/** What lies between the position and the next record that counts; undefined where it is that very place and number. */
function damageBefore(
  next: ScannedRecord,
  found: ScannedRecord | NoRecord,
  segment: string,
  { offset, sequence }: Position,
): FoundDamage | undefined {
  const lengthBytes = next.offset - offset;
  const lost = rangeOf(sequence, next.header.sequence);
  if (lengthBytes === 0 && offset > 0 && lost === undefined) return undefined;
  const kindWithoutRecord = lengthBytes === 0 ? 'missing_records' : 'corrupt_record';
  const kind = offset === 0 ? 'corrupt_segment_header' : kindWithoutRecord;
  return withRows(
    { kind: repeats(found, sequence) ? 'overlapping_records' : kind, segment, offset, lengthBytes },
    lost,
  );
}

/** Only what is certain not to have been acknowledged is called torn. */
async function tailDamage(
  window: ByteWindow,
  found: ScannedRecord | NoRecord,
  { segment, endSequence }: ScanStart,
  { offset, sequence }: Position,
): Promise<ScannedDamage> {
  const place = { segment, offset, lengthBytes: window.end - offset };
  const tail = (damage: FoundDamage): ScannedDamage => ({ kind: 'damage', atTail: true, damage });
  const lost = endSequence === undefined ? undefined : rangeOf(sequence, endSequence);
  if (repeats(found, sequence)) return tail(withRows({ kind: 'overlapping_records', ...place }, lost));
  if (offset === 0) return tail(withRows({ kind: 'ruined_segment', ...place }, lost));
  if (lost !== undefined) return tail({ kind: 'corrupt_record', ...place, sequences: lost });
  if ((found.kind === 'none' && found.cutShort) || (await isZero(window, offset)))
    return tail({ kind: 'torn_tail', ...place });
  if (endSequence !== undefined) return tail({ kind: 'corrupt_record', ...place });
  const rows = found.header && rangeOf(found.header.sequence, endOfRecord(found.header));
  return tail(withRows({ kind: 'corrupt_tail', ...place }, rows));
}

async function isZero(window: ByteWindow, offset: number): Promise<boolean> {
  while (offset < window.end) {
    const bytes = await window.read(offset, Math.min(searchBytes, window.end - offset));
    if (bytes.length === 0) return true;
    if (bytes.some((byte) => byte !== 0)) return false;
    offset += bytes.length;
  }
  return true;
}

const rangeOf = (from: number, end: number): SequenceRange | undefined => (from < end ? { from, end } : undefined);

const withRows = (damage: FoundDamage, sequences: SequenceRange | undefined): FoundDamage =>
  sequences === undefined ? damage : { ...damage, sequences };
