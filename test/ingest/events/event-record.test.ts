import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { predictionLogTypes } from '../../../src/ingest/events/event-columns.js';
import { decodeEventRecord, encodeEventRecord } from '../../../src/ingest/events/event-record.js';
import type { Column } from '../../../src/model/columns.js';
import type { PredictionBatch } from '../../../src/model/prediction.js';
import { predictionDecoder } from '../../../src/protocols/json/prediction-decoder.js';
import { encodeBlock } from '../../../src/storage/native/encode.js';
import { expectedRow, rowsOf } from '../../protocols/json/decoded-rows.js';

const sent = [
  { request_id: 'a', model: 'm', version: '1', features: { x: 1.5, plan: 'team', ok: true, gone: null } },
  { request_id: 'b', model: 'm', version: '2', scores: { yes: 0.25, no: 0.75 }, embedding: [1, 2] },
  { request_id: 'c', model: 'm', version: '2', features: { x: -1, y: 2 }, prediction: 'yes', latency_ms: 3 },
];
const expected = sent.map(expectedRow);

function batchOf(rows: readonly object[]): PredictionBatch {
  const decoder = predictionDecoder({ framing: 'array', nowMs: 0, aheadMsMax: 'off' });
  decoder.push(Buffer.from(JSON.stringify(rows)));
  return decoder.end().batches[0]!;
}

const bytesOf = (rows: readonly object[]): Buffer =>
  Buffer.concat(encodeEventRecord({ kind: 'prediction', batch: batchOf(rows) }, 42).payload);

test('a record comes back from its bytes, and from memory, with every field', () => {
  const encoded = encodeEventRecord({ kind: 'prediction', batch: batchOf(sent) }, 42);
  const back = decodeEventRecord(7, Buffer.concat(encoded.payload));
  for (const record of [back, encoded.numbered(7)]) {
    const { kind, sequence, rowCount, arrivedMs } = record;
    assert.deepEqual(
      { kind, sequence, rowCount, arrivedMs },
      { kind: 'prediction', sequence: 7, rowCount: 3, arrivedMs: 42 },
    );
    assert.deepEqual(rowsOf([record.batch()]), expected);
  }
});

test('columns that no row gives take no bytes in a record', () => {
  const bytes = bytesOf([{ request_id: 'a', model: 'm', version: '1' }]);
  const names = Object.keys(predictionLogTypes).filter((name) =>
    bytes.includes(`${String.fromCharCode(name.length)}${name}`),
  );
  assert.deepEqual(names, ['request_id', 'model', 'version']);
});

test('a record of version 1, which has every column and plain names, is still read', () => {
  const batch = batchOf(sent);
  // What version 1 wrote: names of maps as plain texts.
  const plain = decodeEventRecord(1, bytesOf(sent)).batch().columns as Readonly<Record<string, Column>>;
  const columns = Object.entries(predictionLogTypes).map(([name, type]) => ({ name, type, data: plain[name]! }));
  const header = Buffer.alloc(16);
  header[0] = 1;
  header[1] = 1;
  header.writeDoubleLE(42, 8);
  const record = decodeEventRecord(7, Buffer.concat([header, encodeBlock(columns, batch.rowCount)]));
  assert.equal(record.arrivedMs, 42);
  assert.deepEqual(rowsOf([record.batch()]), expected);
});

test('a record of another kind or version, or with a column that does not belong, is refused', () => {
  const refused = (change: (bytes: Buffer) => number): void => {
    const bytes = bytesOf(sent);
    change(bytes);
    assert.throws(
      () => decodeEventRecord(1, bytes),
      (error) => isBarographError(error, 'log_corrupt'),
    );
  };
  refused((bytes) => bytes.writeUInt8(9, 0));
  refused((bytes) => bytes.writeUInt8(3, 1));
  refused((bytes) => bytes.write('X', bytes.indexOf('features_number')));
  refused((bytes) => bytes.write('X', bytes.indexOf('request_id')));
});
