/**
 * Reads the protobuf messages of one metric family, with their fields in any order, as protobuf allows: what decides over the others is read first.
 * Source: prometheus/client_model, io/prometheus/client/metrics.proto.
 */
import { BarographError } from '../../base/errors.js';
import type { MetricMetadata, MetricType } from '../../model/sample-batch.js';
import { type WireReader, wireType } from '../protobuf/wire-reader.js';

/** Values of the enum MetricType; a proto2 enum that is absent is its first value. */
const types: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram'];

/** Numbers of fields. */
export const familyField = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
export const metricField = {
  label: 1,
  gauge: 2,
  counter: 3,
  summary: 4,
  untyped: 5,
  timestampMs: 6,
  histogram: 7,
} as const;

/** A cumulative bucket, or a quantile and its value. */
export type Point = readonly [bound: number, value: number];

/** The value of a gauge, counter or untyped metric, or the parts of a summary or histogram. */
export interface MetricValue {
  readonly value: number;
  readonly count: number;
  readonly sum: number;
  /** In the order of the message. */
  readonly points: readonly Point[];
}

/** The family's own fields, with the reader left where the family begins, so that its metrics can be read next. */
export function readFamilyHead(reader: WireReader): MetricMetadata {
  const start = reader.position;
  const head = { metric: '', type: types[0]!, help: '', unit: '' };
  while (reader.next())
    switch (reader.field) {
      case familyField.name:
        head.metric = reader.text();
        break;
      case familyField.help:
        head.help = reader.text();
        break;
      case familyField.type:
        head.type = typeOf(reader.uint32());
        break;
      case familyField.unit:
        head.unit = reader.text();
        break;
      default:
        reader.skip();
    }
  reader.position = start;
  if (head.metric === '') throw new BarographError('missing_field', 'a metric family has no name');
  return head;
}

function typeOf(number: number): MetricType {
  const type = types[number];
  if (type !== undefined) return type;
  throw new BarographError(
    'out_of_range',
    `got the type ${number} of a metric family, wanted 0 to ${types.length - 1}`,
  );
}

/** The number that field 1 holds: of a gauge, a counter, or an untyped metric. */
export function readNumber(reader: WireReader): MetricValue {
  const value = { value: 0, count: 0, sum: 0, points: [] };
  while (reader.next())
    if (reader.field === 1) value.value = reader.double();
    else reader.skip();
  return value;
}

/** Most quantiles of a summary or buckets of a histogram. A guess, hundreds of times what clients make. */
const pointsMax = 65_536;

function addPoint(points: Point[], point: Point): void {
  if (points.length === pointsMax)
    throw new BarographError('too_many_values', `a metric has more than ${pointsMax} quantiles or buckets, the limit`);
  points.push(point);
}

export function readSummary(reader: WireReader): MetricValue {
  const points: Point[] = [];
  let count = 0;
  let sum = 0;
  while (reader.next())
    if (reader.field === 1) count = reader.uint64();
    else if (reader.field === 2) sum = reader.double();
    else if (reader.field === 3) addPoint(points, readPoint(reader, 1, 2));
    else reader.skip();
  return { value: 0, count, sum, points };
}

/** A histogram's classic part. One of floats gives the counts that it has as floats. */
export function readHistogram(reader: WireReader): MetricValue {
  const points: Point[] = [];
  let count = 0;
  let floatCount = 0;
  let sum = 0;
  while (reader.next())
    if (reader.field === 1) count = reader.uint64();
    else if (reader.field === 2) sum = reader.double();
    else if (reader.field === 3) addPoint(points, readPoint(reader, 2, 1, 4));
    else if (reader.field === 4) floatCount = reader.double();
    else reader.skip();
  return { value: 0, count: floatCount > 0 ? floatCount : count, sum, points };
}

/** A message with a double for its bound and a double or uint64 for its value; a float value above 0 goes before the whole one. */
function readPoint(reader: WireReader, boundField: number, valueField: number, floatField = 0): Point {
  const outer = reader.enter();
  let bound = 0;
  let value = 0;
  let float = 0;
  while (reader.next())
    if (reader.field === boundField) bound = reader.double();
    else if (reader.field === valueField) value = reader.type === wireType.varint ? reader.uint64() : reader.double();
    else if (reader.field === floatField) float = reader.double();
    else reader.skip();
  reader.leave(outer);
  return [bound, float > 0 ? float : value];
}
