/** Writes exposition texts as the specifications tell, independently of the decoder, and the samples that they stand for. */
import fc from 'fast-check';
import type { PlainSample } from '../text/decoded-samples.js';

export interface WrittenSample {
  readonly name: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
  /** Epoch milliseconds. */
  readonly timeMs: number | undefined;
}

const legalName = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const legalLabel = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((name) => name !== '__name__');
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', '{', '}', ',', '=', '#', ' ', 'a'), maxLength: 10 }),
);
const utf8Name = text.filter((name) => name !== '' && name !== '__name__');

/** A series without a type, so that its labels mean themselves. */
export const sampleArbitrary = (names: 'legal' | 'utf8'): fc.Arbitrary<WrittenSample> =>
  fc.record({
    name: names === 'legal' ? legalName : fc.oneof(legalName, utf8Name),
    labels: fc.uniqueArray(fc.tuple(names === 'legal' ? legalLabel : fc.oneof(legalLabel, utf8Name), text), {
      selector: ([label]) => label,
      maxLength: 6,
    }),
    value: fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0)),
    timeMs: fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }), { nil: undefined }),
  });

const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : Object.is(value, -0) ? '-0' : String(value);

function seriesText({ name, labels }: WrittenSample, gap: string): string {
  const isLegal = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
  const pairs = labels.map(([label, value]) => {
    const labelText = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : quoted(label);
    return `${labelText}${gap}=${gap}${quoted(value)}`;
  });
  if (isLegal && pairs.length === 0) return name;
  const parts = isLegal ? pairs : [quoted(name), ...pairs];
  return `${isLegal ? name : ''}{${gap}${parts.join(`${gap},${gap}`)}${gap}}`;
}

export const textLine = (sample: WrittenSample, gap = ''): string =>
  `${seriesText(sample, gap)} ${gap}${numberText(sample.value)}${sample.timeMs === undefined ? '' : ` ${sample.timeMs}`}${gap}`;

/** OpenMetrics tells times in seconds. */
export const openMetricsLine = (sample: WrittenSample): string => {
  const time = sample.timeMs === undefined ? '' : ` ${(sample.timeMs / 1000).toFixed(3)}`;
  return `${seriesText(sample, '')} ${numberText(sample.value)}${time}`;
};

/** What a decoder has to make of it. */
export function expectedSample({ name, labels, value, timeMs }: WrittenSample, nowMs: number): PlainSample {
  const pairs = [['__name__', name] as const, ...labels.filter(([, text]) => text !== '')];
  return { labels: Object.fromEntries(pairs), timeMs: timeMs ?? nowMs, value };
}
