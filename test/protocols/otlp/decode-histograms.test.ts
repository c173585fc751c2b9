import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonValue } from './encode-request.js';
import { decoded, linesOf, request, summary, text, timeMs, timeUnixNano } from './otlp-requests.js';

const cumulative = { aggregationTemporality: 2 };
const gauge = (point: { readonly [name: string]: JsonValue }): JsonValue => ({
  name: 'g',
  gauge: { dataPoints: [{ timeUnixNano, asDouble: 1, ...point }] },
});

describe('OTLP histograms', () => {
  const histogram = (point: { readonly [name: string]: JsonValue }): JsonValue => ({
    name: 'h',
    unit: 's',
    histogram: { ...cumulative, dataPoints: [{ timeUnixNano, ...point }] },
  });

  it('become cumulative buckets, a sum and a count; their least and greatest values do not', () => {
    const point = {
      count: '6',
      sum: 4.5,
      explicitBounds: [0.000001, 1, 1e21],
      bucketCounts: ['1', '2', '0', '3'],
      min: 0,
      max: 9,
    };
    const { lines, metadata } = summary(decoded(request([histogram(point)])));
    assert.deepEqual(lines, [
      `h_seconds_bucket{le="0.000001"} 1 ${timeMs}`,
      `h_seconds_bucket{le="1"} 3 ${timeMs}`,
      `h_seconds_bucket{le="1000000000000000000000"} 3 ${timeMs}`,
      `h_seconds_bucket{le="+Inf"} 6 ${timeMs}`,
      `h_seconds_sum{} 4.5 ${timeMs}`,
      `h_seconds_count{} 6 ${timeMs}`,
    ]);
    assert.deepEqual(metadata, [{ metric: 'h_seconds', type: 'histogram', help: '', unit: 'seconds' }]);
  });

  it('without buckets or a sum have what is left', () => {
    assert.deepEqual(linesOf(histogram({ count: '6' })), [
      `h_seconds_bucket{le="+Inf"} 6 ${timeMs}`,
      `h_seconds_count{} 6 ${timeMs}`,
    ]);
  });

  it('put le among the labels where it belongs', () => {
    const attributes = [text('z', '1'), text('Z', '2'), text('a', '3'), text('lf', '4')];
    assert.equal(
      linesOf(histogram({ count: '1', attributes }))[0],
      `h_seconds_bucket{Z="2",a="3",le="+Inf",lf="4",z="1"} 1 ${timeMs}`,
    );
  });

  it('without a recorded value end all their series', () => {
    const lines = linesOf(histogram({ flags: 1, explicitBounds: [1] }));
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['h_seconds_bucket{le="1"}', 'h_seconds_bucket{le="+Inf"}', 'h_seconds_sum{}', 'h_seconds_count{}'],
    );
    assert.ok(lines.every((line) => line.includes(' stale ')));
  });

  it('do not double the bucket of a bound that is infinite', () => {
    const lines = linesOf(histogram({ count: '3', explicitBounds: [1, 'Infinity'], bucketCounts: ['1', '2', '0'] }));
    assert.deepEqual(lines.filter((line) => line.includes('+Inf')).length, 1);
  });

  const broken: readonly (readonly [title: string, point: { readonly [name: string]: JsonValue }, code: string])[] = [
    ['with as many counts as bounds', { explicitBounds: [1], bucketCounts: ['1'] }, 'invalid_histogram'],
    ['whose bounds do not ascend', { explicitBounds: [2, 2], bucketCounts: ['1', '1', '1'] }, 'invalid_histogram'],
    ['with a bound that is no number', { explicitBounds: ['NaN'], bucketCounts: ['1', '1'] }, 'invalid_histogram'],
    ['with an attribute le', { attributes: [text('le', '1')] }, 'duplicate_key'],
    ['without a time', { timeUnixNano: '0' }, 'missing_field'],
    ['after the year 2299', { timeUnixNano: '18446744073709551615' }, 'outside_time_window'],
  ];
  for (const [title, point, code] of broken)
    it(`${title} are refused`, () => {
      const { lines, rejections } = summary(decoded(request([histogram(point)])));
      assert.deepEqual([lines, rejections.map((rejection) => rejection.code)], [[], [code]]);
    });
});

describe('OTLP exponential histograms', () => {
  const sent = {
    timeUnixNano,
    count: '8',
    sum: 7.5,
    scale: 0,
    zeroCount: '1',
    positive: { offset: -1, bucketCounts: ['1', '2', '3'] },
    negative: { offset: 1, bucketCounts: ['1'] },
  };
  const metric = (point: { readonly [name: string]: JsonValue }): JsonValue => ({
    name: 'e',
    unit: 's',
    exponentialHistogram: { ...cumulative, dataPoints: [{ ...sent, ...point }] },
  });
  const got = (point: { readonly [name: string]: JsonValue }) => summary(decoded(request([metric(point)])));

  it('become native histograms, whose buckets are named by their upper bounds', () => {
    const { lines, histograms, metadata } = got({});
    assert.deepEqual(
      [lines, histograms],
      [[], [`e_seconds{} schema 0 sum 7.5 count 8 zero 1 1e-128 +[0: 1 2 3] -[2: 1] ${timeMs}`]],
    );
    assert.deepEqual(metadata, [{ metric: 'e_seconds', type: 'histogram', help: '', unit: 'seconds' }]);
  });

  const kept: readonly (readonly [title: string, point: { readonly [name: string]: JsonValue }, histogram: string])[] =
    [
      [
        'keep the width of their zero bucket',
        { zeroThreshold: 0.25 },
        'schema 0 sum 7.5 count 8 zero 1 0.25 +[0: 1 2 3] -[2: 1]',
      ],
      [
        'without a sum have none that is a number',
        { sum: null },
        'schema 0 sum NaN count 8 zero 1 1e-128 +[0: 1 2 3] -[2: 1]',
      ],
      [
        'part their buckets where more than two are empty',
        { positive: { offset: 4, bucketCounts: ['0', '1', '0', '0', '2', '0', '0', '0', '3', '0'] } },
        'schema 0 sum 7.5 count 8 zero 1 1e-128 +[6: 1 0 0 2, 13: 3] -[2: 1]',
      ],
      [
        'of a scale past 8 come down to it',
        { scale: 10, positive: { offset: -1, bucketCounts: ['1', '2', '2', '1'] } },
        'schema 8 sum 7.5 count 8 zero 1 1e-128 +[0: 1 5] -[1: 1]',
      ],
      ['without a recorded value end their series', { flags: 1 }, 'stale'],
    ];
  for (const [title, point, histogram] of kept)
    it(title, () => {
      assert.deepEqual(got(point).histograms, [`e_seconds{} ${histogram} ${timeMs}`]);
    });

  const refused: readonly (readonly [title: string, point: { readonly [name: string]: JsonValue }, message: RegExp])[] =
    [
      ['with an impossible zero bucket', { zeroThreshold: -1 }, /zero threshold: got -1/],
      ['coarser than native ones', { scale: -5 }, /scale: got -5, wanted -4 or more/],
      ['whose count is not that of their buckets', { count: '9' }, /hold 8 observations, and the count is 9/],
    ];
  for (const [title, point, message] of refused)
    it(`${title} are refused`, () => {
      const { histograms, rejections } = got(point);
      assert.deepEqual([histograms, rejections.map(({ code }) => code)], [[], ['invalid_histogram']]);
      assert.match(rejections[0]!.message, message);
    });

  it('have exemplars on their series', () => {
    const exemplars = [{ timeUnixNano, asDouble: 3, filteredAttributes: [text('a', 'b')] }];
    assert.deepEqual(got({ exemplars }).exemplars, [['e_seconds{}', '{a="b"}', timeMs, 3]]);
  });
});

describe('OTLP summaries', () => {
  it('become a series for each quantile, a sum and a count', () => {
    const quantileValues = [
      { quantile: 0, value: 1 },
      { quantile: 0.99, value: 2.5 },
      { quantile: 1, value: 3 },
    ];
    const metric = { name: 's', summary: { dataPoints: [{ timeUnixNano, count: '3', sum: 5, quantileValues }] } };
    assert.deepEqual(linesOf(metric), [
      `s{quantile="0"} 1 ${timeMs}`,
      `s{quantile="0.99"} 2.5 ${timeMs}`,
      `s{quantile="1"} 3 ${timeMs}`,
      `s_sum{} 5 ${timeMs}`,
      `s_count{} 3 ${timeMs}`,
    ]);
  });
});

describe('OTLP exemplars', () => {
  const traceId = '0102030405060708090a0b0c0d0e0f10';
  const exemplar = (asDouble: number, attributes: readonly JsonValue[] = []): JsonValue => ({
    timeUnixNano: '1700000000100000000',
    asDouble,
    traceId,
    spanId: 'a1a2a3a4a5a6a7a8',
    filteredAttributes: attributes,
  });
  const ids = `span_id="a1a2a3a4a5a6a7a8",trace_id="${traceId}"`;
  const counter = (exemplars: readonly JsonValue[]): JsonValue =>
    request([
      { name: 'n', sum: { ...cumulative, isMonotonic: true, dataPoints: [{ timeUnixNano, asInt: '1', exemplars }] } },
    ]);

  it('of a counter belong to its series, with their trace, span and attributes', () => {
    const { exemplars } = summary(decoded(counter([exemplar(2, [text('user.id', 'u')])])));
    assert.deepEqual(exemplars, [['n_total{}', `{${ids},user_id="u"}`, 1_700_000_000_100, 2]]);
  });

  it('of a histogram belong to the lowest bucket that holds their value', () => {
    const point = { timeUnixNano, count: '3', explicitBounds: [1, 2], bucketCounts: ['1', '1', '1'] };
    const exemplars = [1, 1.5, 9].map((value) => exemplar(value));
    const body = request([{ name: 'h', histogram: { ...cumulative, dataPoints: [{ ...point, exemplars }] } }]);
    assert.deepEqual(
      summary(decoded(body)).exemplars.map(([series]) => series),
      ['h_bucket{le="1"}', 'h_bucket{le="2"}', 'h_bucket{le="+Inf"}'],
    );
  });

  it('lose their attributes where all labels together would be too long', () => {
    const { exemplars } = summary(decoded(counter([exemplar(2, [text('a', 'x'.repeat(100))])])));
    assert.equal(exemplars[0]?.[1], `{${ids}}`);
  });

  it('without a time have their data point’s, and without a value are left out', () => {
    const { exemplars } = summary(decoded(counter([{ asInt: '3' }, { timeUnixNano }])));
    assert.deepEqual(exemplars, [['n_total{}', '{}', timeMs, 3]]);
  });

  it('of a gauge are dropped', () => {
    assert.deepEqual(decoded(request([gauge({ exemplars: [exemplar(1)] })])).exemplars, []);
  });
});
