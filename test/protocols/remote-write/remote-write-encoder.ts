/** Writes remote write requests of both versions by hand, for tests. Source: prometheus prompb/types.proto and write/v2/types.proto. */
import type { Label } from '../../../src/model/labels.js';
import { bitsOf, bytesField, fixed64Field, varint, varintField } from '../protobuf/wire-writer.js';

export interface SampleToWrite {
  /** Bits of the double. */
  readonly bits: bigint;
  readonly timeMs: bigint;
}

export interface ExemplarToWrite {
  readonly labels: readonly Label[];
  readonly value: number;
  readonly timeMs: number;
}

export interface SeriesToWrite {
  readonly labels: readonly Label[];
  readonly samples: readonly SampleToWrite[];
  readonly exemplars?: readonly ExemplarToWrite[];
  /** Fields of each Histogram message. */
  readonly histograms?: readonly (readonly Buffer[])[];
}

export const sample = (timeMs: number, value: number): SampleToWrite => ({
  bits: bitsOf(value),
  timeMs: BigInt(timeMs),
});

/** As Go's generated code does it, a zero is left out. */
export const sampleMessage = (field: number, { bits, timeMs }: SampleToWrite): Buffer =>
  bytesField(field, [
    ...(bits === 0n ? [] : [fixed64Field(1, bits)]),
    ...(timeMs === 0n ? [] : [varintField(2, timeMs)]),
  ]);

export const labelMessage = ([name, value]: Label): Buffer =>
  bytesField(1, [bytesField(1, name), bytesField(2, value)]);

/** The fields of a TimeSeries of version 1, in the order in which senders write them. */
export const seriesFields = ({ labels, samples, exemplars = [], histograms = [] }: SeriesToWrite): Buffer[] => [
  ...labels.map(labelMessage),
  ...samples.map((one) => sampleMessage(2, one)),
  ...exemplars.map(({ labels, value, timeMs }) =>
    bytesField(3, [...labels.map(labelMessage), fixed64Field(2, bitsOf(value)), varintField(3, timeMs)]),
  ),
  ...histograms.map((fields) => bytesField(4, fields)),
];

export const writeRequest = (series: readonly SeriesToWrite[]): Buffer =>
  Buffer.concat(series.map((one) => bytesField(1, seriesFields(one))));

export interface SeriesToWrite2 extends SeriesToWrite {
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string };
  readonly createdMs?: number;
  readonly startMs?: number;
}

/** Numbers of texts in the order in which they are asked for; the first is the empty one. */
export function symbolNumbers(): { readonly texts: string[]; readonly of: (text: string) => number } {
  const texts = [''];
  const of = (text: string): number => {
    const known = texts.indexOf(text);
    return known >= 0 ? known : texts.push(text) - 1;
  };
  return { texts, of };
}

const refsOf = (labels: readonly Label[], of: (text: string) => number): Buffer =>
  bytesField(
    1,
    labels.flatMap(([name, value]) => [varint(of(name)), varint(of(value))]),
  );

function series2Fields(series: SeriesToWrite2, of: (text: string) => number): Buffer[] {
  const { labels, samples, exemplars = [], histograms = [], metadata, createdMs, startMs } = series;
  return [
    refsOf(labels, of),
    ...samples.map((one) =>
      startMs === undefined
        ? sampleMessage(2, one)
        : bytesField(2, [fixed64Field(1, one.bits), varintField(2, one.timeMs), varintField(3, startMs)]),
    ),
    ...histograms.map((fields) => bytesField(3, fields)),
    ...exemplars.map(({ labels, value, timeMs }) =>
      bytesField(4, [refsOf(labels, of), fixed64Field(2, bitsOf(value)), varintField(3, timeMs)]),
    ),
    ...(metadata === undefined
      ? []
      : [
          bytesField(5, [
            varintField(1, metadata.type),
            varintField(3, of(metadata.help)),
            varintField(4, of(metadata.unit)),
          ]),
        ]),
    ...(createdMs === undefined ? [] : [varintField(6, createdMs)]),
  ];
}

export function request2(series: readonly SeriesToWrite2[]): Buffer {
  const { texts, of } = symbolNumbers();
  const written = series.map((one) => bytesField(5, series2Fields(one, of)));
  return Buffer.concat([...texts.map((text) => bytesField(4, text)), ...written]);
}
