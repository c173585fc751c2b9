/** Writes Prometheus' protobuf format by hand, for tests. */
import { bitsOf, bytesField, fixed64Field, varint, varintField } from '../protobuf/wire-writer.js';

export interface MetricToWrite {
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Bytes of the field that holds the value: `gauge(…)` and its kin. */
  readonly value: Uint8Array;
  readonly timeMs?: number;
}

export const familyTypes = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4, gaugehistogram: 5 } as const;

const double = (field: number, value: number): Buffer => fixed64Field(field, bitsOf(value));

export const gauge = (value: number): Buffer => bytesField(2, double(1, value));
export const counter = (value: number): Buffer =>
  bytesField(3, [double(1, value), bytesField(2, [bytesField(1, [bytesField(1, 'id'), bytesField(2, 'x')])])]);
export const untyped = (value: number): Buffer => bytesField(5, double(1, value));

/** A summary out of its quantiles. */
export const summary = (count: number, sum: number, quantiles: readonly (readonly [number, number])[]): Buffer =>
  bytesField(4, [
    varintField(1, count),
    double(2, sum),
    ...quantiles.map(([quantile, value]) => bytesField(3, [double(1, quantile), double(2, value)])),
  ]);

/** A histogram out of its upper bounds and cumulative counts. */
export const histogram = (count: number, sum: number, buckets: readonly (readonly [number, number])[]): Buffer =>
  bytesField(7, [
    varintField(1, count),
    double(2, sum),
    ...buckets.map(([bound, value]) => bytesField(3, [varintField(1, value), double(2, bound)])),
  ]);

/** A histogram of floats, with native buckets, which have no classic form. */
export const floatHistogram = (count: number, sum: number, buckets: readonly (readonly [number, number])[]): Buffer =>
  bytesField(7, [
    double(2, sum),
    double(4, count),
    varintField(5, 3),
    bytesField(12, [varintField(1, 2), varintField(2, 1)]),
    ...buckets.map(([bound, value]) => bytesField(3, [double(4, value), double(2, bound)])),
  ]);

export function family(
  name: string,
  type: keyof typeof familyTypes,
  metrics: readonly MetricToWrite[],
  help = '',
): Buffer {
  const message = Buffer.concat([
    bytesField(1, name),
    bytesField(2, help),
    varintField(3, familyTypes[type]),
    ...metrics.map(({ labels, value, timeMs }) =>
      bytesField(4, [
        ...labels.map(([label, text]) => bytesField(1, [bytesField(1, label), bytesField(2, text)])),
        value,
        timeMs === undefined ? Buffer.alloc(0) : varintField(6, timeMs),
      ]),
    ),
  ]);
  return Buffer.concat([varint(message.length), message]);
}
