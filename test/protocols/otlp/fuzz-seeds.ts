/** Sound OTLP requests, small and with every kind of metric and attribute in them, for the fuzzer. */
import { encodeRequest, type JsonValue } from './encode-request.js';
import { request, text, timeUnixNano } from './otlp-requests.js';

const attributes: readonly JsonValue[] = [
  text('http.method', 'GÉT'),
  text('le.', 'x'),
  { key: 'n', value: { intValue: '-5' } },
  { key: 'd', value: { doubleValue: 0.5 } },
  { key: 'l', value: { arrayValue: { values: [{ boolValue: true }, { bytesValue: 'AAE=' }] } } },
  { key: 'm', value: { kvlistValue: { values: [text('k', 'v')] } } },
];
const exemplars: readonly JsonValue[] = [
  {
    timeUnixNano,
    asDouble: 0.25,
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '0102030405060708',
    filteredAttributes: [text('u', '1')],
  },
];
const histogram = {
  timeUnixNano,
  count: '3',
  sum: 2,
  explicitBounds: [0.5, 1],
  bucketCounts: ['1', '1', '1'],
  exemplars,
};
const exponential = {
  timeUnixNano,
  count: '4',
  sum: 2,
  scale: 2,
  zeroCount: '1',
  positive: { offset: -2, bucketCounts: ['1', '2'] },
};
const quantileValues = [{ quantile: 0.5, value: 1 }];

const requests: readonly JsonValue[] = [
  request([{ name: 'gpu.memory', unit: 'By', gauge: { dataPoints: [{ timeUnixNano, asDouble: 1.5, attributes }] } }]),
  request(
    [
      {
        name: 'requests',
        description: 'Requests.',
        unit: '1',
        sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano, asInt: '7', exemplars }] },
      },
      { name: 'latency', unit: 's', histogram: { aggregationTemporality: 1, dataPoints: [histogram, histogram] } },
    ],
    [text('service.name', 'api'), text('service.namespace', 'shop'), text('host.name', 'h')],
    { scope: { name: 'lib', version: '1', attributes: [text('a', 'b')] }, schemaUrl: 'u' },
  ),
  request([
    {
      name: 'size',
      exponentialHistogram: { aggregationTemporality: 1, dataPoints: [exponential, { ...exponential, flags: 1 }] },
    },
    { name: 'summary', summary: { dataPoints: [{ timeUnixNano, count: '2', sum: 3, quantileValues }] } },
    {
      name: 'deltas',
      sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ timeUnixNano, asInt: '1' }] },
    },
  ]),
];

export const otlpProtobufSeeds: readonly Uint8Array[] = requests.map(encodeRequest);
export const otlpJsonSeeds: readonly Uint8Array[] = requests.map((one) => Buffer.from(JSON.stringify(one)));
