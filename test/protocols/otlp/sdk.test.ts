/** The OpenTelemetry SDK exports over HTTP, in protobuf and JSON, to a server that decodes what it gets. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ValueType } from '@opentelemetry/api';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { DecodedMetrics } from '../../../src/model/sample-batch.js';
import { decodeOtlpMetrics } from '../../../src/protocols/otlp/decode-metrics.js';
import { createDeltaAccumulator } from '../../../src/protocols/otlp/delta-accumulator.js';
import {
  exportMetricsResponse,
  type OtlpFormat,
  otlpContentTypes,
} from '../../../src/protocols/otlp/export-response.js';
import { histogramLines, sampleLines } from './decoded-samples.js';

/** The samples without their times, of the metrics that the test's own scope has. */
const valuesOf = (metrics: DecodedMetrics): string[] =>
  [...sampleLines(metrics), ...histogramLines(metrics)]
    .filter((line) => line.includes('otel_scope_name="barograph.test"'))
    .map((line) =>
      line
        .replace(/ \d+$/, '')
        .replace(/,?(job|otel_scope_name|otel_scope_version)="[^"]*"/g, '')
        .replace('{,', '{'),
    )
    .sort();

/** Runs `record` against a real SDK twice, with an export after each, and gives what the server decoded. */
async function exported(
  format: OtlpFormat,
  temporalityPreference: AggregationTemporalityPreference,
  record: (meter: ReturnType<MeterProvider['getMeter']>) => () => void,
): Promise<DecodedMetrics[]> {
  const deltas = createDeltaAccumulator();
  const received: DecodedMetrics[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      assert.equal(request.headers['content-type'], otlpContentTypes[format]);
      const decoded = decodeOtlpMetrics(plain, format, { deltas });
      received.push(decoded);
      response.setHeader('content-type', otlpContentTypes[format]);
      response.end(exportMetricsResponse(format, { rejectedDataPoints: decoded.rejected, errorMessage: '' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const Exporter = format === 'json' ? JsonExporter : ProtobufExporter;
    const exporter = new Exporter({ url: `http://127.0.0.1:${port}/v1/metrics`, temporalityPreference });
    const provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
      views: [{ instrumentName: 'exp*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    });
    const again = record(provider.getMeter('barograph.test', '1.0'));
    for (let round = 0; round < 2; round++) {
      again();
      await provider.forceFlush();
    }
    await provider.shutdown();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  return received;
}

for (const format of ['protobuf', 'json'] as const)
  describe(`the OpenTelemetry SDK, exporting ${format}`, () => {
    for (const preference of [AggregationTemporalityPreference.CUMULATIVE, AggregationTemporalityPreference.DELTA])
      it(`has its ${AggregationTemporalityPreference[preference].toLowerCase()} values as totals`, async () => {
        const received = await exported(format, preference, (meter) => {
          const requests = meter.createCounter('http.requests', { unit: '1' });
          const sent = meter.createCounter('net.sent', { unit: 'By', valueType: ValueType.INT });
          const queue = meter.createUpDownCounter('queue.size', { unit: '{item}' });
          const latency = meter.createHistogram('latency', {
            unit: 'ms',
            advice: { explicitBucketBoundaries: [5, 10] },
          });
          const exponential = meter.createHistogram('exp.size');
          meter.createObservableGauge('load', { unit: '1' }).addCallback((result) => result.observe(0.25, { cpu: 0 }));
          return () => {
            requests.add(1.5, { 'http.method': 'GET', status: 200, tags: ['a', 'b'] });
            sent.add(10);
            queue.add(2);
            latency.record(5);
            latency.record(7);
            latency.record(70);
            exponential.record(1.5);
          };
        });
        assert.deepEqual(
          received.flatMap(({ rejections }) => rejections),
          [],
        );
        const values = valuesOf(received[1]!);
        assert.deepEqual(values, [
          // 1.5 lies in bucket ceil(log2(1.5) * 2^8).
          'exp_size{} schema 8 sum 3 count 2 zero 0 1e-128 +[150: 2] -[]',
          'http_requests_total{http_method="GET",status="200",tags="["a","b"]"} 3',
          'latency_milliseconds_bucket{le="+Inf"} 6',
          'latency_milliseconds_bucket{le="10"} 4',
          'latency_milliseconds_bucket{le="5"} 2',
          'latency_milliseconds_count{} 6',
          'latency_milliseconds_sum{} 164',
          'load_ratio{cpu="0"} 0.25',
          'net_sent_bytes_total{} 20',
          'queue_size{} 4',
        ]);
        const [target] = sampleLines(received[1]!).filter((line) => line.startsWith('target_info'));
        assert.match(target ?? '', /job="unknown_service.*telemetry_sdk_language="nodejs"/);
      });
  });
