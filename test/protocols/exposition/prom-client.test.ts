/** What prom-client, the Node client of Prometheus, really writes. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
  Summary,
} from 'prom-client';
import { decodeLabels } from '../../../src/model/labels.js';
import { expositionFormat } from '../../../src/protocols/exposition/content-type.js';
import { decodeExposition } from '../../../src/protocols/exposition/decode-exposition.js';
import type { DecodedExposition } from '../../../src/protocols/exposition/exposition-options.js';
import { samplesOf, seriesOf } from '../text/decoded-samples.js';

type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

const nowMs = 1_700_000_000_000;
const awkward = 'quote " backslash \\ line\nbreak é';

async function decodeRegistry(registry: AnyRegistry): Promise<DecodedExposition> {
  const format = expositionFormat(registry.contentType);
  return decodeExposition(Buffer.from(await registry.metrics()), { format, nowMs, mode: 'strict' });
}

const shown = ({ batch }: DecodedExposition): string[] =>
  samplesOf(batch).map((sample) => `${seriesOf(sample)} ${sample.value}`);

const histogramLines = [
  'latency_seconds_bucket{le="0.1",path="/"} 1',
  'latency_seconds_bucket{le="1.0",path="/"} 2',
  'latency_seconds_bucket{le="+Inf",path="/"} 3',
  'latency_seconds_sum{path="/"} 7.55',
  'latency_seconds_count{path="/"} 3',
];

function observe(registry: AnyRegistry, enableExemplars: boolean): void {
  const options = { registers: [registry], enableExemplars };
  const requests = new Counter<'path' | 'trace_id'>({
    name: 'requests_total',
    help: awkward,
    labelNames: ['path'],
    ...options,
  });
  const latency = new Histogram<'path' | 'trace_id'>({
    name: 'latency_seconds',
    help: 'Latency.',
    labelNames: ['path'],
    buckets: [0.1, 1],
    ...options,
  });
  const labels = { path: '/' };
  if (enableExemplars) {
    requests.inc({ labels: { path: awkward }, value: 3, exemplarLabels: { trace_id: 'abc' } });
    for (const value of [0.05, 0.5, 7]) latency.observe({ labels, value, exemplarLabels: { trace_id: `t${value}` } });
  } else {
    requests.inc({ path: awkward }, 3);
    for (const value of [0.05, 0.5, 7]) latency.observe(labels, value);
  }
}

it('prom-client’s text format is read', async () => {
  const registry = new Registry();
  observe(registry, false);
  new Gauge({ name: 'odd', help: 'Not a number.', registers: [registry] }).set(Number.NaN);
  new Summary({ name: 'size', help: 'Sizes.', percentiles: [0.5], registers: [registry] }).observe(3);
  const decoded = await decodeRegistry(registry);
  assert.deepEqual(shown(decoded), [
    `requests_total{path=${JSON.stringify(awkward)}} 3`,
    ...histogramLines,
    'odd NaN',
    'size{quantile="0.5"} 3',
    'size_sum 3',
    'size_count 1',
  ]);
  assert.deepEqual(
    decoded.metadata.map(({ metric, type, help }) => [metric, type, help]),
    [
      ['requests_total', 'counter', awkward],
      ['latency_seconds', 'histogram', 'Latency.'],
      ['odd', 'gauge', 'Not a number.'],
      ['size', 'summary', 'Sizes.'],
    ],
  );
});

it('prom-client’s OpenMetrics is read, its exemplars included', async () => {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  observe(registry, true);
  const decoded = await decodeRegistry(registry);
  assert.deepEqual(shown(decoded), [`requests_total{path=${JSON.stringify(awkward)}} 3`, ...histogramLines]);
  assert.deepEqual(
    decoded.exemplars.map(({ series, labels, value }) => [
      Object.fromEntries(decodeLabels(series)).le,
      Object.fromEntries(decodeLabels(labels)).trace_id,
      value,
    ]),
    [
      [undefined, 'abc', 3],
      ['0.1', 't0.05', 0.05],
      ['1.0', 't0.5', 0.5],
      ['+Inf', 't7', 7],
    ],
  );
  for (const { timeMs } of decoded.exemplars) assert.ok(Math.abs(timeMs - Date.now()) < 3_600_000, String(timeMs));
});
