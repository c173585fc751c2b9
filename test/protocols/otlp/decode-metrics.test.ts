import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { decodeOtlpMetrics } from '../../../src/protocols/otlp/decode-metrics.js';
import { createDeltaAccumulator } from '../../../src/protocols/otlp/delta-accumulator.js';
import { sampleLines } from './decoded-samples.js';
import { encodeRequest, type JsonValue } from './encode-request.js';
import { decoded, linesOf, request, summary, text, timeMs, timeUnixNano } from './otlp-requests.js';

const cumulative = { aggregationTemporality: 2 };
const gauge = (point: { readonly [name: string]: JsonValue }): JsonValue => ({
  name: 'g',
  gauge: { dataPoints: [{ timeUnixNano, asDouble: 1, ...point }] },
});

describe('OTLP number points', () => {
  it('of a gauge become samples of its name and unit, to the millisecond', () => {
    const metric = { name: 'gpu.memory.usage', unit: 'By', gauge: { dataPoints: [{ timeUnixNano, asDouble: 1.5 }] } };
    assert.deepEqual(linesOf(metric), [`gpu_memory_usage_bytes{} 1.5 ${timeMs}`]);
  });

  it('of a cumulative monotonic sum become a counter with _total', () => {
    const sum = { ...cumulative, isMonotonic: true, dataPoints: [{ timeUnixNano, asInt: '-9007199254740993' }] };
    const { lines, metadata } = summary(decoded(request([{ name: 'n', unit: '1', description: 'd', sum }])));
    assert.deepEqual(lines, [`n_total{} -9007199254740992 ${timeMs}`]);
    assert.deepEqual(metadata, [{ metric: 'n_total', type: 'counter', help: 'd', unit: '' }]);
  });

  it('of a cumulative sum that is not monotonic become a gauge', () => {
    const sum = { ...cumulative, dataPoints: [{ timeUnixNano, asInt: '7' }] };
    const { lines, metadata } = summary(decoded(request([{ name: 'queue', unit: 's', sum }])));
    assert.deepEqual(lines, [`queue_seconds{} 7 ${timeMs}`]);
    assert.deepEqual(metadata, [{ metric: 'queue_seconds', type: 'gauge', help: '', unit: 'seconds' }]);
  });

  it('keep NaN and the infinities', () => {
    const values = ['NaN', 'Infinity', '-Infinity'].map((asDouble) => linesOf(gauge({ asDouble }))[0]?.split(' ')[1]);
    assert.deepEqual(values, ['NaN', 'Infinity', '-Infinity']);
  });

  it('without a recorded value are stale markers', () => {
    assert.deepEqual(linesOf(gauge({ flags: 1 })), [`g{} stale ${timeMs}`]);
  });

  it('have the type that the metric had in Prometheus', () => {
    const metadata = [text('prometheus.type', 'info')];
    const metric = { name: 'build', metadata, gauge: { dataPoints: [{ timeUnixNano, asDouble: 1 }] } };
    assert.equal(decoded(request([metric])).metadata[0]?.type, 'info');
  });

  it('may come before the name, the unit and the temporality of their metric', () => {
    const sum = { dataPoints: [{ timeUnixNano, asInt: '1' }], isMonotonic: true, ...cumulative };
    assert.deepEqual(linesOf({ sum, unit: 'By', name: 'n' }), [`n_bytes_total{} 1 ${timeMs}`]);
  });
});

/** What values of attributes become, after the specification's own examples. */
const attributeValues: readonly (readonly [title: string, value: JsonValue, label: string])[] = [
  ['a text', { stringValue: 'é "x"' }, 'é "x"'],
  ['a bool', { boolValue: true }, 'true'],
  ['an int', { intValue: '-42' }, '-42'],
  ['an int past 2^53', { intValue: '9223372036854775807' }, '9223372036854775807'],
  ['a double', { doubleValue: -0.125 }, '-0.125'],
  ['a whole double', { doubleValue: 12_300_000_000 }, '12300000000'],
  ['NaN', { doubleValue: 'NaN' }, 'NaN'],
  ['an infinity', { doubleValue: '-Infinity' }, '-Infinity'],
  ['bytes', { bytesValue: 'aGVsbG8gd29ybGQ=' }, 'aGVsbG8gd29ybGQ='],
  ['an empty array', { arrayValue: { values: [] } }, '[]'],
  [
    'an array',
    {
      arrayValue: {
        values: [{ intValue: '1' }, { doubleValue: '-Infinity' }, { stringValue: 'a' }, { boolValue: true }, {}],
      },
    },
    '[1,"-Infinity","a",true,null]',
  ],
  [
    'a map, in the order of its keys',
    {
      kvlistValue: {
        values: [
          { key: 'b', value: { arrayValue: { values: [{ bytesValue: 'AA==' }] } } },
          { key: 'a', value: { intValue: '2' } },
        ],
      },
    },
    '{"a":2,"b":["AA=="]}',
  ],
];
describe('OTLP attributes', () => {
  const attributes = (...list: JsonValue[]): string | undefined =>
    linesOf(gauge({ attributes: list }))[0]?.split(' 1 ')[0];
  const ofValue = (value: JsonValue): string | undefined => attributes({ key: 'a', value });
  const nested = (depth: number): JsonValue =>
    depth === 0 ? { intValue: '1' } : { arrayValue: { values: [nested(depth - 1)] } };

  it('become labels in the order of their names', () => {
    const wanted = 'g{A="2",_b="4",http_method="GET",key_1="3",z="1"}';
    const sent = [text('z', '1'), text('http.method', 'GET'), text('A', '2'), text('1', '3'), text('é.b', '4')];
    assert.equal(attributes(...sent), wanted);
  });

  for (const [title, value, label] of attributeValues)
    it(`of ${title} are ${label}`, () => assert.equal(ofValue(value), `g{a="${label}"}`));

  it('without a value are no label', () => {
    assert.deepEqual([ofValue({}), ofValue({ stringValue: '' }), ofValue(null)], ['g{}', 'g{}', 'g{}']);
  });

  it('that become one label are joined in the order of their keys', () => {
    assert.equal(attributes(text('a_b', '2'), text('c', '0'), text('a.b', '1')), 'g{a_b="1;2",c="0"}');
  });

  it('stay apart where names are not escaped', () => {
    const sent = [text('a_b', '2'), text('a.b', '1')];
    const lines = linesOf(gauge({ attributes: sent }), { translationStrategy: 'NoTranslation' });
    assert.equal(lines[0], `g{a.b="1",a_b="2"} 1 ${timeMs}`);
  });

  it('longer than one byte of length are kept whole', () => {
    const long = 'x'.repeat(300);
    assert.equal(attributes(text(long, long)), `g{${long}="${long}"}`);
  });

  it('named like the metric’s name give way to it', () => {
    assert.equal(attributes(text('__name__', 'h'), text('a', '1')), 'g{a="1"}');
  });

  const refused: readonly (readonly [title: string, attributes: readonly JsonValue[], code: string])[] = [
    ['whose key leaves no name', [text('é', '1')], 'empty_field'],
    ['that are too deep', [{ key: 'a', value: nested(33) }], 'too_deep'],
    ['that are too many', Array.from({ length: 129 }, (_, i) => text(`a${i}`, '1')), 'too_many_values'],
  ];
  for (const [title, list, code] of refused)
    it(`${title} refuse their data point alone`, () => {
      const points = [list, []].map((own) => ({ timeUnixNano, asDouble: 1, attributes: own }));
      const { lines, rejections } = summary(decoded(request([{ name: 'g', gauge: { dataPoints: points } }])));
      assert.deepEqual(lines, [`g{} 1 ${timeMs}`]);
      assert.deepEqual(
        rejections.map(({ line, code: got }) => [line, got]),
        [[1, code]],
      );
    });

  it('that are no UTF-8 refuse their data point alone', () => {
    const points = ['~~', 'ok'].map((value) => ({ timeUnixNano, asDouble: 1, attributes: [text('a', value)] }));
    const body = encodeRequest(request([{ name: 'g', gauge: { dataPoints: points } }]));
    body.fill(0xff, body.indexOf('~~'), body.indexOf('~~') + 2);
    const metrics = decodeOtlpMetrics(body, 'protobuf', { deltas: createDeltaAccumulator() });
    assert.deepEqual(sampleLines(metrics), [`g{a="ok"} 1 ${timeMs}`]);
    assert.equal(metrics.rejectedByCode.get('invalid_utf8'), 1);
  });
});

describe('OTLP resources and scopes', () => {
  const point = gauge({ attributes: [text('a', '1')] });
  const service = [text('service.namespace', 'shop'), text('service.name', 'api'), text('service.instance.id', 'i1')];

  it('give job and instance, and target_info where there is more to say', () => {
    const resource = [...service, text('host.name', 'h'), { key: 'host.cpus', value: { intValue: '4' } }];
    const { lines, metadata } = summary(decoded(request([point], resource)));
    assert.deepEqual(lines, [
      `g{a="1",instance="i1",job="shop/api"} 1 ${timeMs}`,
      `target_info{host_cpus="4",host_name="h",instance="i1",job="shop/api"} 1 ${timeMs}`,
    ]);
    assert.deepEqual(metadata[1], { metric: 'target_info', type: 'info', help: 'Target metadata', unit: '' });
  });

  it('give no target_info that says nothing, or of no one', () => {
    assert.deepEqual(sampleLines(decoded(request([point], service))), [
      `g{a="1",instance="i1",job="shop/api"} 1 ${timeMs}`,
    ]);
    assert.deepEqual(sampleLines(decoded(request([point], [text('host.name', 'h')]))), [`g{a="1"} 1 ${timeMs}`]);
  });

  it('give target_info over the time of their samples, often enough to be found', () => {
    const at = (ms: number) => ({ timeUnixNano: `${ms}000000`, asDouble: 1 });
    const metric = { name: 'g', gauge: { dataPoints: [at(timeMs + 400_000), at(timeMs), at(timeMs + 1)] } };
    const lines = sampleLines(decoded(request([metric], [text('service.name', 'a'), text('x', 'y')])));
    const times = lines
      .filter((line) => line.startsWith('target_info'))
      .map((line) => Number(line.split(' ')[2]) - timeMs);
    assert.deepEqual(times, [0, 150_000, 300_000, 400_000]);
  });

  it('give at most a target_info for each sample and one more, however far apart these are', () => {
    const dataPoints = [0, 2_000_000_000_000].map((ms) => ({ timeUnixNano: `${timeMs + ms}000000`, asDouble: 1 }));
    const metrics = decoded(
      request([{ name: 'g', gauge: { dataPoints } }], [text('service.name', 'a'), text('x', 'y')]),
    );
    assert.equal(metrics.batch.sampleCount, 5);
  });

  it('make a job of the service’s name alone where it has no namespace', () => {
    assert.equal(
      sampleLines(decoded(request([point], [text('service.name', 'api')])))[0],
      `g{a="1",job="api"} 1 ${timeMs}`,
    );
  });

  it('give promoted attributes to every series', () => {
    const options = { promotedResourceAttributes: ['host.name'] };
    const lines = sampleLines(decoded(request([point], [text('host.name', 'h')]), options));
    assert.deepEqual(lines, [`g{a="1",host_name="h"} 1 ${timeMs}`]);
  });

  it('of a scope become labels, of which its name, version and schema are its own', () => {
    const attributes = [text('a.b', '1'), text('name', 'dropped')];
    const scope = { scope: { name: 'lib', version: '1.2', attributes }, schemaUrl: 'https://x/1' };
    const labels =
      'a="1",otel_scope_a_b="1",otel_scope_name="lib",otel_scope_schema_url="https://x/1",otel_scope_version="1.2"';
    assert.deepEqual(sampleLines(decoded(request([point], [], scope))), [`g{${labels}} 1 ${timeMs}`]);
    const without = decoded(request([point], [], scope), { hasScopeLabels: false });
    assert.deepEqual(sampleLines(without), [`g{a="1"} 1 ${timeMs}`]);
  });

  it('join an attribute that becomes the label of one of theirs', () => {
    const lines = sampleLines(decoded(request([gauge({ attributes: [text('job', 'x')] })], service)));
    assert.equal(lines[0], `g{instance="i1",job="x;shop/api"} 1 ${timeMs}`);
  });

  it('come with their own labels to each of several resources', () => {
    const of = (name: string): JsonValue => ({
      scopeMetrics: [{ metrics: [point] }],
      resource: { attributes: [text('service.name', name)] },
    });
    const lines = sampleLines(decoded({ resourceMetrics: [of('x'), of('y')] }));
    assert.deepEqual(lines, [`g{a="1",job="x"} 1 ${timeMs}`, `g{a="1",job="y"} 1 ${timeMs}`]);
  });
});

describe('an OTLP request', () => {
  it('numbers its data points from 1, over all metrics', () => {
    const body = request([gauge({}), gauge({ timeUnixNano: '0' }), gauge({ asDouble: null })]);
    assert.deepEqual(
      decoded(body).rejections.map(({ code, line }) => [line, code]),
      [
        [2, 'missing_field'],
        [3, 'missing_field'],
      ],
    );
  });

  it('says which metric’s data points it refuses for want of a name', () => {
    const { rejections } = decoded(request([{ name: '!?', gauge: { dataPoints: [{ timeUnixNano, asDouble: 1 }] } }]));
    assert.equal(rejections[0]?.code, 'empty_field');
    assert.match(rejections[0]?.message ?? '', /"!\?"/);
  });

  it('of no metrics is none', () => {
    assert.deepEqual(summary(decoded({})).lines, []);
    assert.equal(decodeOtlpMetrics(new Uint8Array(0), 'protobuf', { deltas: createDeltaAccumulator() }).rejected, 0);
  });

  it('whose labels would need more memory than is allowed is refused as a whole', () => {
    const dataPoints = Array.from({ length: 100 }, () => ({ timeUnixNano, asDouble: 1 }));
    const body = request([{ name: 'g', gauge: { dataPoints } }], [], { scope: { name: 'x'.repeat(1000) } });
    assert.equal(decoded(body, { keyBytesMax: 150_000 }).batch.runCount, 100);
    assert.throws(
      () => decoded(body, { keyBytesMax: 50_000 }),
      (error) => isBarographError(error, 'body_too_large'),
    );
  });
});
