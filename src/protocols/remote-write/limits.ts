import type { MetricType } from '../../model/sample-batch.js';

/** What a body may hold. They bound memory where bytes that cost the sender nothing unfold to values; ordinary senders stay under a hundredth. */
export const remoteWriteLimits = {
  /** Most samples of a body. A guess. */
  samplesMax: 4_000_000,
  /** Most native histograms of a body: one that is empty takes 20 times its bytes. A guess. */
  histogramsMax: 500_000,
  /** Most exemplars of a body; more are refused one by one. A guess. */
  exemplarsMax: 100_000,
  /** Most bytes that the labels of a version 2 body unfold to, exemplars and metadata included. A guess. */
  labelBytesMax: 128 * 1024 * 1024,
  /** Most metrics that a body describes; more are refused one by one. A guess. */
  metadataMax: 100_000,
} as const;

/** By number of the enum. Sources: prometheus prompb/types.proto and prompb/io/prometheus/write/v2/types.proto, which agree. */
const metricTypes: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

export const metricTypeOf = (number: number): MetricType => metricTypes[number] ?? 'unknown';
