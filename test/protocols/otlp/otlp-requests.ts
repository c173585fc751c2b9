/** Requests for tests, in OTLP's JSON form, and what becomes of them in both forms. */
import assert from 'node:assert/strict';
import type { DecodedMetrics } from '../../../src/model/sample-batch.js';
import { decodeOtlpMetrics, type OtlpDecodeOptions } from '../../../src/protocols/otlp/decode-metrics.js';
import { createDeltaAccumulator } from '../../../src/protocols/otlp/delta-accumulator.js';
import { histogramLines, sampleLines, seriesText } from './decoded-samples.js';
import { encodeRequest, type JsonValue } from './encode-request.js';

/** 2023-11-14T22:13:20.123Z and a fraction of a millisecond, which is cut off. */
export const timeUnixNano = '1700000000123999999';
export const timeMs = 1_700_000_000_123;

export const text = (key: string, stringValue: string): JsonValue => ({ key, value: { stringValue } });

/** A request of one resource and one scope. */
export const request = (
  metrics: readonly JsonValue[],
  resource: readonly JsonValue[] = [],
  scopeMetrics: { readonly [name: string]: JsonValue } = {},
): JsonValue => ({
  resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ ...scopeMetrics, metrics }] }],
});

export type Options = Partial<OtlpDecodeOptions>;

/** Decodes the request in both forms, each with an accumulator of its own unless one is given, and checks that they say the same. */
export function decoded(body: JsonValue, options: Options = {}): DecodedMetrics {
  const [json, protobuf] = [Buffer.from(JSON.stringify(body)), encodeRequest(body)];
  const fromJson = decodeOtlpMetrics(json, 'json', { deltas: createDeltaAccumulator(), ...options });
  if (options.deltas !== undefined) return fromJson;
  const fromProtobuf = decodeOtlpMetrics(protobuf, 'protobuf', { deltas: createDeltaAccumulator(), ...options });
  assert.deepEqual(summary(fromProtobuf), summary(fromJson));
  return fromJson;
}

/** Everything that was decoded, comparable. */
export const summary = (metrics: DecodedMetrics) => ({
  lines: sampleLines(metrics),
  histograms: histogramLines(metrics),
  metadata: metrics.metadata,
  exemplars: metrics.exemplars.map(({ labels, series, timeMs: at, value }) => [
    seriesText(series),
    seriesText(labels),
    at,
    value,
  ]),
  rejections: metrics.rejections,
  rejected: metrics.rejected,
});

/** The samples of one metric without resource and scope. */
export const linesOf = (metric: JsonValue, options?: Options): string[] =>
  sampleLines(decoded(request([metric]), options));
