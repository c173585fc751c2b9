/**
 * JSON lines of samples, one series a line, in the form that VictoriaMetrics imports and exports:
 * `{"metric":{"__name__":"up","job":"api"},"values":[1,0],"timestamps":[1717171717000,1717171732000]}`.
 * Timestamps are whole milliseconds since the epoch. A value may be null or a text such as "NaN" or "Infinity".
 * Source: docs.victoriametrics.com, "How to import data in JSON line format".
 */
import { BarographError, type ErrorCode, messageOf } from '../../base/errors.js';
import {
  type MetricLineBatch,
  metricLineBuilders,
  metricLineLimits,
  metricNameLabel,
} from '../../model/metric-line.js';
import type { Rejection } from '../../model/rejection.js';
import type { DecodedBody, EventDecoder } from './event-decoder.js';

const newline = 0x0a;
const rejectionsMax = 1000;
const samplesPerBatchMax = 1_000_000;
const { labelsMax, labelBytesMax, lineBytesMax } = metricLineLimits;

/** Why a line is refused; never leaves this file. */
class Refusal extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export function metricLineDecoder(): EventDecoder<MetricLineBatch> {
  const text = new TextDecoder('utf-8', { fatal: true });
  const batches: MetricLineBatch[] = [];
  const rejections: Rejection[] = [];
  const rejectedByCode = new Map<ErrorCode, number>();
  let builders = metricLineBuilders();
  let rest = Buffer.alloc(0);
  let line = 0;
  let accepted = 0;
  let rejected = 0;

  function takeLine(bytes: Uint8Array): void {
    line++;
    if (bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) return;
    try {
      addLine(parseLine(bytes, text), builders);
      accepted++;
      if (builders.values.items.length >= samplesPerBatchMax) closeBatch();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      rejected++;
      rejectedByCode.set(error.code, (rejectedByCode.get(error.code) ?? 0) + 1);
      if (rejections.length < rejectionsMax) rejections.push({ line, code: error.code, message: error.message });
    }
  }

  function closeBatch(): void {
    const { labels, timestamps, values } = builders;
    const columns = { labels: labels.finish(), timestamps: timestamps.finish(), values: values.finish() };
    if (labels.length > 0) batches.push({ rowCount: labels.length, columns });
    builders = metricLineBuilders();
  }

  return {
    push(chunk) {
      const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
        takeLine(bytes.subarray(from, end));
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > lineBytesMax)
        throw new BarographError('row_too_large', `line ${line + 1} is longer than ${lineBytesMax} bytes, the limit`);
    },
    end(): DecodedBody<MetricLineBatch> {
      if (rest.length > 0) takeLine(rest);
      closeBatch();
      if (accepted + rejected === 0) throw new BarographError('empty_body', 'the body holds no line');
      return { batches, accepted, rejected, rejections, rejectedByCode };
    },
  };
}

interface Line {
  /** Sorted by name. */
  readonly labels: readonly (readonly [string, string])[];
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
}

function parseLine(bytes: Uint8Array, decoder: { decode(bytes: Uint8Array): string }): Line {
  const { metric, values, timestamps, ...unknown } = parseObject(bytes, decoder);
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined)
    throw new Refusal('unknown_field', `got the field ${stranger}, wanted metric, values and timestamps`);
  const times = listOf('timestamps', timestamps).map(toTimestamp);
  const numbers = listOf('values', values).map(toValue);
  if (times.length !== numbers.length)
    throw new Refusal('wrong_type', `got ${numbers.length} values and ${times.length} timestamps, wanted as many`);
  return { labels: labelsOf(metric), timestamps: times, values: numbers };
}

function parseObject(bytes: Uint8Array, decoder: { decode(bytes: Uint8Array): string }): Record<string, unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new Refusal('invalid_utf8', 'the line is not valid UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal('invalid_json', messageOf(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal('wrong_type', `got ${shown(value)}, wanted an object`);
  return value as Record<string, unknown>;
}

function labelsOf(metric: unknown): [string, string][] {
  if (metric === undefined) throw new Refusal('missing_field', 'metric is required');
  if (typeof metric !== 'object' || metric === null || Array.isArray(metric))
    throw new Refusal('wrong_type', `metric: got ${shown(metric)}, wanted an object of texts by name`);
  const labels = Object.entries(metric as Record<string, unknown>).map(toLabel);
  if (labels.length > labelsMax)
    throw new Refusal('too_many_values', `metric: got ${labels.length} labels, wanted at most ${labelsMax}`);
  // A label without a value is no label: Prometheus' data model.
  const given = labels.filter(([, value]) => value !== '');
  if (!given.some(([name]) => name === metricNameLabel))
    throw new Refusal('missing_field', `metric: the label ${metricNameLabel} is required`);
  return given.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function toLabel([name, value]: [string, unknown]): [string, string] {
  if (name === '') throw new Refusal('empty_field', 'metric: got an empty label name');
  if (typeof value !== 'string') throw new Refusal('wrong_type', `metric: ${name}: got ${shown(value)}, wanted text`);
  if (Buffer.byteLength(name) > labelBytesMax || Buffer.byteLength(value) > labelBytesMax)
    throw new Refusal('too_long', `metric: ${shown(name)}: wanted at most ${labelBytesMax} bytes`);
  return [name, value];
}

function listOf(field: string, value: unknown): unknown[] {
  if (value === undefined) throw new Refusal('missing_field', `${field} is required`);
  if (!Array.isArray(value)) throw new Refusal('wrong_type', `${field}: got ${shown(value)}, wanted an array`);
  if (value.length === 0) throw new Refusal('empty_field', `${field}: got an empty array`);
  return value;
}

/** Latest time that DateTime64(3) holds, 2299-12-31, epoch ms. */
const timestampMax = 10_413_791_999_999;

function toTimestamp(value: unknown, i: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new Refusal('wrong_type', `timestamps: number ${i + 1}: got ${shown(value)}, wanted whole milliseconds`);
  if (value < 0 || value > timestampMax)
    throw new Refusal(
      'outside_time_window',
      `timestamps: number ${i + 1}: got ${value}, wanted 1970 to 2299 in milliseconds`,
    );
  return value;
}

const textValues: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '+Inf': Number.POSITIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};

function toValue(value: unknown, i: number): number {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  const number = typeof value === 'string' ? textValues[value] : undefined;
  if (number === undefined)
    throw new Refusal(
      'wrong_type',
      `values: number ${i + 1}: got ${shown(value)}, wanted a number, null, "NaN" or "Infinity"`,
    );
  return number;
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? 'nothing';

function addLine({ labels, timestamps, values }: Line, into: ReturnType<typeof metricLineBuilders>): void {
  for (const [name, value] of labels) {
    into.labels.names.addText(name);
    into.labels.values.addText(value);
  }
  into.labels.endRow();
  for (const time of timestamps) into.timestamps.items.add(time);
  into.timestamps.endRow();
  for (const value of values) into.values.items.add(value);
  into.values.endRow();
}
