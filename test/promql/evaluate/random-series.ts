/** Random series for properties: gaps, resets, stale markers, NaN, infinities and native histograms. */
import fc from 'fast-check';
import { sortedLabels } from '../../../src/model/labels.js';
import { writeStaleMarker } from '../../../src/promql/evaluate/sample-columns.js';
import type { SampleSource, SelectedSeries } from '../../../src/promql/evaluate/sample-source.js';
import { emptyHistogram, type FloatHistogram } from '../../../src/promql/histogram/float-histogram.js';

type DrawnSample =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'histogram'; readonly histogram: FloatHistogram };

const count = fc.integer({ min: 0, max: 20 });

const histogram: fc.Arbitrary<FloatHistogram> = fc
  .record({ schema: fc.constantFrom(0, 1), zeroCount: count, counts: fc.array(count, { minLength: 1, maxLength: 4 }) })
  .map(({ schema, zeroCount, counts }) => ({
    ...emptyHistogram,
    schema,
    zeroThreshold: 0.001,
    zeroCount,
    count: counts.reduce((a, b) => a + b, zeroCount),
    sum: counts.reduce((a, b, i) => a + b * 2 ** i, 0),
    positive: { indexes: counts.map((_, i) => i), counts },
  }));

const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -50, max: 1000 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }) },
);

const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);

const sampleOf = (values: fc.Arbitrary<number>, histograms: number): fc.Arbitrary<DrawnSample> =>
  fc.oneof(
    { weight: 20, arbitrary: values.map((value) => ({ kind: 'number', value }) as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'stale' } as const) },
    { weight: 3, arbitrary: fc.constant({ kind: 'gap' } as const) },
    { weight: histograms, arbitrary: histogram.map((each) => ({ kind: 'histogram', histogram: each }) as const) },
  );

export interface SeriesKinds {
  readonly hasOddNumbers?: boolean;
  readonly hasHistograms?: boolean;
}

/** A few series named `m`, told apart by `i` and `g`; samples every `intervalMs`, some left out. */
export function randomSeries(intervalMs: number, kinds: SeriesKinds = {}): fc.Arbitrary<SelectedSeries[]> {
  const values =
    kinds.hasOddNumbers === true ? fc.oneof({ weight: 15, arbitrary: number }, { weight: 1, arbitrary: odd }) : number;
  const samples = fc.array(sampleOf(values, kinds.hasHistograms === true ? 4 : 0), { minLength: 1, maxLength: 60 });
  return fc
    .array(samples, { minLength: 1, maxLength: 4 })
    .map((all) => all.map((each, i) => seriesOf(each, i, intervalMs)));
}

function seriesOf(samples: readonly DrawnSample[], i: number, intervalMs: number): SelectedSeries {
  const timed = samples.map((sample, at) => ({ sample, timeMs: at * intervalMs }));
  const floats = timed.filter(({ sample }) => sample.kind === 'number' || sample.kind === 'stale');
  const values = Float64Array.from(floats, ({ sample }) => (sample.kind === 'number' ? sample.value : 0));
  floats.forEach(({ sample }, at) => {
    if (sample.kind === 'stale') writeStaleMarker(values, at);
  });
  const histograms = timed.flatMap(({ sample, timeMs }) =>
    sample.kind === 'histogram' ? [{ timeMs, histogram: sample.histogram }] : [],
  );
  return {
    labels: sortedLabels([
      ['__name__', 'm'],
      ['i', String(i)],
      ['g', String(i % 2)],
      ['le', i === 0 ? '+Inf' : String(i)],
    ]),
    floats: { timesMs: Float64Array.from(floats, ({ timeMs }) => timeMs), values, count: floats.length },
    histograms:
      histograms.length === 0
        ? undefined
        : {
            timesMs: Float64Array.from(histograms, ({ timeMs }) => timeMs),
            values: histograms.map((each) => each.histogram),
          },
  };
}

export const sourceOf = (series: readonly SelectedSeries[]): SampleSource => ({
  select: async (matchers) =>
    series.filter(({ labels }) =>
      matchers.every(({ name, matches }) => matches(labels.find(([each]) => each === name)?.[1] ?? '')),
    ),
});
