/**
 * One record of the event log: a batch of one kind with the time it arrived. `docs/formats/event-record.md` has the
 * grammar. The payload's body is a block of ClickHouse's Native format, so that storing a record moves columns, not rows.
 */
import { BarographError } from '../../base/errors.js';
import { type Batch, byteSizeOfBatch, type Column } from '../../model/columns.js';
import type { GroundTruthBatch } from '../../model/ground-truth.js';
import type { PredictionBatch } from '../../model/prediction.js';
import { decodeBlocks } from '../../storage/native/decode.js';
import { blockHead, encodeColumns } from '../../storage/native/encode.js';
import type { EventKind } from '../counters.js';
import { groundTruthLogTypes, predictionLogTypes } from './event-columns.js';

const headerBytes = 16;
const formatVersion = 1;

/** A batch with its kind, which says its columns. */
export type EventBatch =
  | { readonly kind: 'prediction'; readonly batch: PredictionBatch }
  | { readonly kind: 'ground_truth'; readonly batch: GroundTruthBatch };

export type EventRecord = EventBatch & {
  /** Row id of the first row. */
  readonly sequence: number;
  readonly rowCount: number;
  readonly arrivedMs: number;
  /** Size in memory. */
  readonly bytes: number;
  /** The columns as they are in the log; absent where the record was read back from it. */
  readonly encoded?: ReadonlyMap<string, Uint8Array>;
};

const kinds: Readonly<Record<EventKind, { readonly byte: number; readonly types: Readonly<Record<string, string>> }>> =
  {
    prediction: { byte: 1, types: predictionLogTypes },
    ground_truth: { byte: 2, types: groundTruthLogTypes },
  };

/** A record's bytes, in parts that follow each other. */
export interface EncodedRecord {
  readonly payload: readonly Uint8Array[];
  /** Each column by its name, as a block of the Native format holds it, so that it need not be encoded again to be stored. */
  readonly columns: ReadonlyMap<string, Uint8Array>;
}

export function encodeEventRecord({ kind, batch }: EventBatch, arrivedMs: number): EncodedRecord {
  const { byte, types } = kinds[kind];
  const header = Buffer.alloc(headerBytes);
  header[0] = byte;
  header[1] = formatVersion;
  header.writeDoubleLE(arrivedMs, 8);
  const byName: Readonly<Record<string, Column>> = batch.columns;
  const columns = Object.entries(types).map(([name, type]) => ({ name, type, data: byName[name]! }));
  const encoded = encodeColumns(columns, batch.rowCount);
  return {
    payload: [header, blockHead(columns.length, batch.rowCount), ...encoded],
    columns: new Map(columns.map(({ name }, i) => [name, encoded[i]!])),
  };
}

/** The record back. Fails with `log_corrupt` where the bytes, though their checksum held, are not a record of ours. */
export function decodeEventRecord(sequence: number, payload: Uint8Array): EventRecord {
  const header = Buffer.from(payload.buffer, payload.byteOffset, Math.min(headerBytes, payload.byteLength));
  const found = Object.entries(kinds).find(([, { byte }]) => byte === header[0]);
  if (header.length < headerBytes || header[1] !== formatVersion || found === undefined)
    throw new BarographError(
      'log_corrupt',
      `record ${sequence} of the event log has a form that this program does not know`,
    );
  const [kind, { types }] = found;
  const batch: Batch = decodeBlocks(payload.subarray(headerBytes), types, 'log_corrupt');
  const arrivedMs = header.readDoubleLE(8);
  const record = { kind, batch, sequence, rowCount: batch.rowCount, arrivedMs, bytes: byteSizeOfBatch(batch) };
  // The types of a kind make the columns of its batch.
  return record as unknown as EventRecord;
}
