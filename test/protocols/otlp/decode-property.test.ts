import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, isBarographError } from '../../../src/base/errors.js';
import { decodeOtlpMetrics } from '../../../src/protocols/otlp/decode-metrics.js';
import { createDeltaAccumulator } from '../../../src/protocols/otlp/delta-accumulator.js';
import { exportMetricsRequest } from '../../../src/protocols/otlp/message-schema.js';
import { sampleLines } from './decoded-samples.js';
import { encodeMessage, encodeRequest, type JsonValue } from './encode-request.js';
import { decoded, request, summary, text, timeMs, timeUnixNano } from './otlp-requests.js';

const label = fc
  .stringMatching(/^[a-z_]{1,6}$/)
  .filter((name) => /[a-z]/.test(name) && name !== 'job' && !/__/.test(name));
const attributes = fc.uniqueArray(fc.tuple(label, fc.string({ unit: 'grapheme', maxLength: 8 })), {
  selector: ([name]) => name,
  maxLength: 8,
});

/** Labels as a reader would put them: sorted by their bytes, without the empty ones. */
const wantedSeries = (name: string, pairs: readonly (readonly [string, string])[]): string => {
  const sorted = pairs
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `${name}{${sorted.map(([key, value]) => `${key}="${value}"`).join(',')}}`;
};

const fails = (body: string | Uint8Array, code: ErrorCode): void => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  assert.throws(
    () =>
      decodeOtlpMetrics(bytes, typeof body === 'string' ? 'json' : 'protobuf', { deltas: createDeltaAccumulator() }),
    (error) => isBarographError(error, code),
  );
};

describe('any OTLP request', () => {
  it('has for each data point the labels of its attributes, resource and scope, in both forms', () => {
    const point = fc.record({ own: attributes, value: fc.double({ noNaN: true }) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 12 }), label, label, (points, job, scopeName) => {
        const dataPoints = points.map(({ own, value }) => ({
          timeUnixNano,
          asDouble: Number.isFinite(value) ? value : String(value),
          attributes: own.map(([key, one]) => text(key, one)),
        }));
        const body = request([{ name: 'm', gauge: { dataPoints } }], [text('service.name', job)], {
          scope: { name: scopeName },
        });
        const base = [
          ['job', job],
          ['otel_scope_name', scopeName],
        ] as const;
        assert.deepEqual(
          sampleLines(decoded(body)),
          points.map(({ own, value }) => `${wantedSeries('m', [...own, ...base])} ${value} ${timeMs}`),
        );
      }),
    );
  });

  it('says the same with its fields in another order, lists unpacked and unknown fields between', () => {
    const point = {
      timeUnixNano,
      count: '6',
      sum: 1,
      explicitBounds: [1, 2],
      bucketCounts: ['1', '2', '3'],
      attributes: [text('a', 'b')],
    };
    const body = request(
      [{ name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [point] } }],
      [text('service.name', 's')],
    );
    const wanted = summary(decoded(body));
    const shuffled = decodeOtlpMetrics(encodeLoosely(body), 'protobuf', { deltas: createDeltaAccumulator() });
    assert.deepEqual(summary(shuffled), wanted);
    const unknown = JSON.stringify(body).replaceAll('{"', '{"unknown":[{"deep":NaN},"x",1e5],"');
    assert.deepEqual(
      summary(decodeOtlpMetrics(Buffer.from(unknown), 'json', { deltas: createDeltaAccumulator() })),
      wanted,
    );
  });

  it('cut off anywhere is refused or has fewer samples, and is never taken for another', () => {
    const body = encodeRequest(request([{ name: 'm', gauge: { dataPoints: [{ timeUnixNano, asDouble: 1 }] } }]));
    for (let end = 1; end < body.length; end++) fails(body.subarray(0, end), 'invalid_protobuf');
  });
});

/** The request's fields backwards, behind each an unknown one, and repeated numbers unpacked. */
function encodeLoosely(body: JsonValue): Buffer {
  const loosened = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(loosened);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, one]) => [key, loosened(one)]),
    );
  };
  // Field 1000, a text, which no message here has.
  const unknown = Buffer.from([0xc2, 0x3e, 0x01, 0x78]);
  return encodeMessage(exportMetricsRequest, loosened(body), { unknown, isPacked: false });
}

describe('JSON that is no OTLP request', () => {
  const point = (fields: string): string =>
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{${fields}}]}}]}]}]}`;
  const cases: readonly (readonly [title: string, body: string, code: ErrorCode])[] = [
    ['nothing', '', 'invalid_json'],
    ['a list', '[]', 'wrong_type'],
    ['text behind the end', '{} x', 'invalid_json'],
    ['an object without an end', '{"resourceMetrics":[', 'invalid_json'],
    ['an object for a list', '{"resourceMetrics":{}}', 'wrong_type'],
    ['a number for a message', '{"resourceMetrics":[1]}', 'wrong_type'],
    ['a text that is no number', point('"asDouble":"x"'), 'wrong_type'],
    ['a double out of range', point('"asDouble":1e999'), 'out_of_range'],
    ['an integer out of range', point('"asInt":"9223372036854775808"'), 'out_of_range'],
    ['a time below zero', point('"timeUnixNano":-1'), 'out_of_range'],
    ['a fraction for an integer', point('"asInt":1.5'), 'wrong_type'],
    ['an id that is not hexadecimal', point('"exemplars":[{"traceId":"xy"}]'), 'wrong_type'],
    ['a flag as a text', point('"attributes":[{"value":{"boolValue":"true"}}]'), 'wrong_type'],
    ['nesting without end', point(`"attributes":[{"value":${'{"arrayValue":{"values":['.repeat(200)}`), 'too_deep'],
  ];
  for (const [title, body, code] of cases) it(`${title} fails with ${code}`, () => fails(body, code));

  it('text that is no UTF-8 fails with invalid_utf8', () => {
    const body = Buffer.from(point('"attributes":[{"key":"~"}]'));
    body[body.indexOf('~')] = 0xff;
    assert.throws(
      () => decodeOtlpMetrics(body, 'json', { deltas: createDeltaAccumulator() }),
      (error) => isBarographError(error, 'invalid_utf8'),
    );
  });
});

describe('OTLP’s JSON numbers', () => {
  const lineOf = (fields: string): string | undefined => {
    const body = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":1700000000123000000,${fields}}]}}]}]}]}`;
    return sampleLines(decodeOtlpMetrics(Buffer.from(body), 'json', { deltas: createDeltaAccumulator() }))[0];
  };
  const cases: readonly (readonly [fields: string, value: string])[] = [
    ['"asInt":"42"', '42'],
    ['"asInt":42', '42'],
    ['"asInt":4.2e1', '42'],
    ['"asInt":-9223372036854775808', String(-(2 ** 63))],
    ['"asDouble":"1.5"', '1.5'],
    ['"asDouble":"-Infinity"', '-Infinity'],
    ['"asDouble":1e3', '1000'],
    ['"asDouble":1,"flags":null', '1'],
  ];
  for (const [fields, value] of cases)
    it(`${fields} is ${value}, and no digit of a time is lost`, () =>
      assert.equal(lineOf(fields), `m{} ${value} ${timeMs}`));
});
