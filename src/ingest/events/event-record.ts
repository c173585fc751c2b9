/**
 * One record of the event log: a batch of one kind with the time it arrived. `docs/formats/event-record.md` has the
 * grammar. The payload's body is a block of ClickHouse's Native format, so that storing a record moves columns, not rows.
 */
import { BarographError } from '../../base/errors.js';
import { byteSizeOfBatch, type Column, isAbsent, type TextColumn, type TimeColumn } from '../../model/columns.js';
import type { GroundTruthBatch } from '../../model/ground-truth.js';
import type { PredictionBatch } from '../../model/prediction.js';
import { decodeBlocks, decodeSparseBlock } from '../../storage/native/decode.js';
import { encodeFramedBlock, type FramedBlock } from '../../storage/native/encode.js';
import { dictionaryTypeName } from '../../storage/native/native-type.js';
import type { EventKind } from '../counters.js';
import { groundTruthLogTypes, predictionLogTypes } from './event-columns.js';

const headerBytes = 16;
const formatVersion = 2;
/** In records of this version no column is left out. */
const wholeVersion = 1;

/** A batch with its kind, which says its columns. */
export type EventBatch =
  | { readonly kind: 'prediction'; readonly batch: PredictionBatch }
  | { readonly kind: 'ground_truth'; readonly batch: GroundTruthBatch };

interface Batches {
  readonly prediction: PredictionBatch;
  readonly ground_truth: GroundTruthBatch;
}

/** A record of the log as it waits to be stored: its bytes, and of its rows what is asked of each. */
export interface RecordOf<K extends EventKind> {
  readonly kind: K;
  /** Row id of the first row. */
  readonly sequence: number;
  readonly rowCount: number;
  readonly arrivedMs: number;
  /** Size in memory. */
  readonly bytes: number;
  readonly requestIds: TextColumn;
  readonly ts: TimeColumn;
  /** The columns as they are in the log; absent where the record was read back from it. */
  readonly block?: FramedBlock;
  /** All columns. They are decoded each time. */
  readonly batch: () => Batches[K];
}

export type EventRecord = RecordOf<'prediction'> | RecordOf<'ground_truth'>;

const kinds: Readonly<Record<EventKind, { readonly byte: number; readonly types: Readonly<Record<string, string>> }>> =
  {
    prediction: { byte: 1, types: predictionLogTypes },
    ground_truth: { byte: 2, types: groundTruthLogTypes },
  };

/** A record before the log has given it a number. */
export interface EncodedRecord {
  /** Its bytes, in parts that follow each other. */
  readonly payload: readonly Uint8Array[];
  numbered(sequence: number): EventRecord;
}

/** Nothing of the batch is needed afterwards. */
export function encodeEventRecord({ kind, batch }: EventBatch, arrivedMs: number): EncodedRecord {
  const { byte, types } = kinds[kind];
  const header = Buffer.alloc(headerBytes);
  header[0] = byte;
  header[1] = formatVersion;
  header.writeDoubleLE(arrivedMs, 8);
  const block = encodeFramedBlock(presentColumns(batch.columns, types), batch.rowCount);
  const { rowCount } = batch;
  const requestIds = copyOfTexts(batch.columns.request_id);
  const ts: TimeColumn = { kind: 'time', values: batch.columns.ts.values.slice() };
  const decoded = () => decodeSparseBlock(block.bytes, types, 'log_corrupt');
  const bytes = block.bytes.length + byteSizeOfBatch({ rowCount, columns: { requestIds, ts } });
  return {
    payload: [header, block.bytes],
    // The types of a kind make the columns of its batch.
    numbered: (sequence) =>
      ({ kind, sequence, rowCount, arrivedMs, bytes, requestIds, ts, block, batch: decoded }) as unknown as EventRecord,
  };
}

/** Columns of which no row is given are left out. The first never is: it says how many rows there are. */
function presentColumns(columns: Readonly<Record<string, Column>>, types: Readonly<Record<string, string>>) {
  return Object.entries(types)
    .map(([name, type]) => ({ name, type: typeOf(columns[name]!, type), data: columns[name]! }))
    .filter(({ data }, i) => i === 0 || !isAbsent(data));
}

const typeOf = (column: Column, type: string): string =>
  column.kind === 'map' && column.names.kind === 'dictionary' ? dictionaryTypeName(type) : type;

const copyOfTexts = ({ bytes, offsets }: TextColumn): TextColumn => ({
  kind: 'text',
  bytes: bytes.slice(),
  offsets: offsets.slice(),
});

/** The record back. Fails with `log_corrupt` where the bytes, though their checksum held, are not a record of ours. */
export function decodeEventRecord(sequence: number, payload: Uint8Array): EventRecord {
  const header = Buffer.from(payload.buffer, payload.byteOffset, Math.min(headerBytes, payload.byteLength));
  const found = Object.entries(kinds).find(([, { byte }]) => byte === header[0]);
  const version = header[1];
  const isKnown = version === formatVersion || version === wholeVersion;
  if (header.length < headerBytes || !isKnown || found === undefined)
    throw new BarographError(
      'log_corrupt',
      `record ${sequence} of the event log has a form that this program does not know`,
    );
  const [kind, { types }] = found;
  const decode = version === wholeVersion ? decodeBlocks : decodeSparseBlock;
  const batch = decode<PredictionBatch['columns']>(payload.subarray(headerBytes), types, 'log_corrupt');
  const { rowCount, columns } = batch;
  const arrivedMs = header.readDoubleLE(8);
  const { request_id: requestIds, ts } = columns;
  const bytes = byteSizeOfBatch(batch);
  // The types of a kind make the columns of its batch.
  return { kind, sequence, rowCount, arrivedMs, bytes, requestIds, ts, batch: () => batch } as unknown as EventRecord;
}
