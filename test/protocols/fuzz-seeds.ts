/** Sound bodies of each protocol, small and with every kind of field in them. */
import { customBoundsSchema, type NativeHistogram, staleHistogram } from '../../src/model/native-histogram.js';
import { latency } from '../model/histogram-arbitraries.js';
import { bytesField, varintField } from './protobuf/wire-writer.js';
import { histogramFields } from './remote-write/histogram-encoder.js';
import { request2, type SeriesToWrite2, sample, writeRequest } from './remote-write/remote-write-encoder.js';

const now = 1_717_171_717_000;
const exemplars = [{ labels: [['trace_id', 'abc'] as const], value: 0.25, timeMs: now }];
const metadata = { type: 3, help: 'Time.', unit: 'seconds' };
const up: SeriesToWrite2 = {
  labels: [
    ['__name__', 'up'],
    ['job', 'api'],
  ],
  samples: [sample(now, 1)],
};
const nhcb: NativeHistogram = {
  ...latency,
  schema: customBoundsSchema,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 10,
  customBounds: [0.1, 1, 2.5, 10],
};
const rich: SeriesToWrite2 = {
  labels: [
    ['__name__', 'latency_bucket'],
    ['le', '0.5'],
    ['zone', 'ä€😀'],
  ],
  samples: [sample(now, 0), sample(now + 15_000, Number.NaN), sample(-5, -1.5)],
  exemplars,
  histograms: [latency, { ...latency, isFloat: true }, { ...latency, schema: 20 }, staleHistogram, nhcb].map((one) =>
    histogramFields(one, now),
  ),
  metadata,
  createdMs: now,
  startMs: now,
};

export const remoteWrite1Seeds: readonly Uint8Array[] = [
  writeRequest([up]),
  writeRequest([up, rich, up]),
  Buffer.concat([
    writeRequest([rich]),
    bytesField(3, [varintField(1, 3), bytesField(2, 'latency'), bytesField(4, 'Time.'), bytesField(5, 'seconds')]),
  ]),
  bytesField(1, [varintField(9, 1), writeRequest([up]), writeRequest([])]),
];

export const remoteWrite2Seeds: readonly Uint8Array[] = [request2([up]), request2([up, rich, up]), request2([rich])];

const line =
  '{"metric":{"__name__":"up","job":"a\\u00e4€"},"values":[1,-0.5e3,null,"NaN","-Infinity"],"timestamps":[1,2,3,4,1717171717000]}';
export const jsonLineSeeds: readonly Uint8Array[] = [
  Buffer.from(line),
  Buffer.from(`${line}\n\n${line}\r\n`),
  Buffer.from(' {"timestamps" : [ 5 ] , "values":[ Infinity ], "metric":{"__name__":"x"}}\n'),
];
