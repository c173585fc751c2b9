/** Sound bodies of Prometheus' protobuf format for the fuzzer, small and with every kind of field in them. */
import { counter, family, floatHistogram, gauge, histogram, summary, untyped } from './family-writer.js';

const labels = [['zone', 'ä€😀']] as const;

export const delimitedSeeds: readonly Uint8Array[] = [
  family('up', 'gauge', [{ labels, value: gauge(1), timeMs: 1_717_171_717_000 }], 'Whether.'),
  Buffer.concat([
    family('a_total', 'counter', [
      { labels, value: counter(3) },
      { labels: [['job', 'x']], value: counter(Number.NaN) },
    ]),
    family('b', 'untyped', [{ labels: [], value: untyped(-1) }]),
  ]),
  family('s', 'summary', [{ labels, value: summary(3, 4.5, [[0.5, 1]]) }]),
  family('h', 'histogram', [{ labels, value: histogram(3, 4.5, [[0.1, 1]]) }]),
  family('f', 'gaugehistogram', [{ labels: [], value: floatHistogram(3.5, 4.5, [[0.1, 1.5]]) }]),
];
