/** Functions of histograms, classic and native. Source: Prometheus, promql/functions.go. */
import {
  forcedMonotonicity,
  fractionExcludesNaN,
  invalidQuantile,
  quantileIsNaN,
  quantileIsSkewed,
} from '../evaluate/annotation-kinds.js';
import { gridTime } from '../evaluate/grid.js';
import { mergeSameLabels } from '../evaluate/merge-series.js';
import { formatOpenMetrics } from '../evaluate/number-text.js';
import { createSeries, setFloat } from '../evaluate/series-builder.js';
import { metricNameOf, type SeriesLabels, setLabels } from '../evaluate/series-labels.js';
import { hasValues, type VectorSeries, vectorOf } from '../evaluate/value.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';
import { histogramFraction } from '../histogram/histogram-fraction.js';
import { histogramQuantile } from '../histogram/histogram-quantile.js';
import { histogramVariance } from '../histogram/histogram-variance.js';
import { type BucketGroup, bucketsAt, createBuckets, groupHistograms, type HistogramGroups } from './bucket-groups.js';
import { bucketFraction, bucketQuantile, type ClassicBuckets, noFix } from './classic-buckets.js';
import { type FunctionCall, type PromqlFunction, scalarArg, seriesArg, stringArg } from './function-call.js';
import { mapHistograms } from './map-series.js';

/** What a function makes of one histogram at one step. */
interface HistogramStep {
  readonly ofClassic: (buckets: ClassicBuckets, step: number) => number;
  readonly ofNative: (histogram: FloatHistogram, step: number, labels: SeriesLabels) => number;
  /** Remarks on a classic histogram, once it is through. */
  readonly finish?: (labels: SeriesLabels) => void;
}

const ofNative =
  (numberOf: (histogram: FloatHistogram) => number): PromqlFunction =>
  (call) =>
    vectorOf(mapHistograms(seriesArg(call, 0), numberOf));

function forEachHistogram(
  { classic, native }: HistogramGroups,
  call: FunctionCall,
  { ofClassic, ofNative: numberOf, finish }: HistogramStep,
  labelled: (labels: SeriesLabels) => SeriesLabels,
): VectorSeries[] {
  const { steps } = call.grid;
  const results: VectorSeries[] = [];
  for (const { labels, histogramAt } of native) {
    const out = createSeries(labelled(labels), steps, true);
    for (let step = 0; step < steps; step++) {
      const histogram = histogramAt(step);
      if (histogram !== undefined) setFloat(out, step, numberOf(histogram, step, labels));
    }
    results.push(out);
  }
  for (const group of classic) {
    call.evaluation.checkpoint();
    results.push(ofGroup(group, steps, ofClassic, labelled(group.labels)));
    finish?.(group.labels);
  }
  return results.filter(hasValues);
}

function ofGroup(
  group: BucketGroup,
  steps: number,
  numberOf: HistogramStep['ofClassic'],
  labels: SeriesLabels,
): VectorSeries {
  const out = createSeries(labels, steps, true);
  const buckets = createBuckets(group);
  for (let step = 0; step < steps; step++)
    if (bucketsAt(group, step, buckets)) setFloat(out, step, numberOf(buckets, step));
  return out;
}

const same = (labels: SeriesLabels): SeriesLabels => labels;

const histogramQuantileFunction: PromqlFunction = (call) => {
  const q = scalarArg(call, 0);
  noteQuantiles(q, call, 0);
  const groups = groupHistograms(call, seriesArg(call, 1), 1);
  return vectorOf(mergeSameLabels(forEachHistogram(groups, call, quantileStep(q, call, 1), same)));
};

/** `histogram_quantiles(v, "label", q, …)`: each quantile in a series of its own, told apart by a label. */
const histogramQuantiles: PromqlFunction = (call) => {
  const label = stringArg(call, 1);
  const results: VectorSeries[] = [];
  const groups = groupHistograms(call, seriesArg(call, 0), 0);
  for (let i = 2; i < call.args.length; i++) {
    const q = scalarArg(call, i);
    noteQuantiles(q, call, i);
    // The quantile may change from step to step, and its label with it.
    for (const value of new Set(q)) {
      const labelled = (labels: SeriesLabels): SeriesLabels => setLabels(labels, [[label, formatOpenMetrics(value)]]);
      const step = quantileStep(q, call, 0);
      call.evaluation.budget.check(results.length * call.grid.steps);
      const wanted = onlyWhere(groups, (at) => Object.is(q[at], value));
      results.push(...forEachHistogram(wanted, call, step, labelled));
    }
  }
  return vectorOf(mergeSameLabels(results));
};

function onlyWhere({ classic, native }: HistogramGroups, isWanted: (step: number) => boolean): HistogramGroups {
  return {
    classic: classic.map((group) => ({
      ...group,
      isConflicting: Uint8Array.from(group.presences[0]!, (_, step) =>
        isWanted(step) ? (group.isConflicting?.[step] ?? 0) : 1,
      ),
    })),
    native: native.map(({ labels, histogramAt }) => ({
      labels,
      histogramAt: (step) => (isWanted(step) ? histogramAt(step) : undefined),
    })),
  };
}

function noteQuantiles(quantiles: Float64Array, { evaluation, node }: FunctionCall, argument: number): void {
  for (const q of new Set(quantiles))
    if (!(q >= 0 && q <= 1)) evaluation.annotations.add(invalidQuantile(q, node.args[argument]!.range));
}

function quantileStep(quantiles: Float64Array, call: FunctionCall, argument: number): HistogramStep {
  const { annotations } = call.evaluation;
  const at = call.node.args[argument]!.range;
  // What was forced in the histogram at hand, over all its steps.
  let fix = noFix();
  let forcedSteps: number[] = [];
  return {
    ofClassic(buckets, step) {
      fix.isForced = false;
      const value = bucketQuantile(quantiles[step]!, buckets, fix);
      if (fix.isForced) forcedSteps.push(step);
      return value;
    },
    ofNative(histogram, step, labels) {
      const { value, nanEffect } = histogramQuantile(quantiles[step]!, histogram);
      if (nanEffect === 'result') annotations.add(quantileIsNaN(metricNameOf(labels), at));
      if (nanEffect === 'skew') annotations.add(quantileIsSkewed(metricNameOf(labels), at));
      return value;
    },
    finish(labels) {
      if (forcedSteps.length === 0) return;
      const { lowestBucket, highestBucket, differenceMax } = fix;
      const detail = {
        kind: 'forced_monotonicity',
        fromMs: gridTime(call.grid, forcedSteps[0]!),
        toMs: gridTime(call.grid, forcedSteps.at(-1)!),
        samples: forcedSteps.length,
        lowestBucket,
        highestBucket,
        differenceMax,
      } as const;
      annotations.add(forcedMonotonicity(metricNameOf(labels), detail, at));
      forcedSteps = [];
      fix = noFix();
    },
  };
}

const histogramFractionFunction: PromqlFunction = (call) => {
  const { annotations } = call.evaluation;
  const at = call.node.args[2]!.range;
  const [lower, upper] = [scalarArg(call, 0), scalarArg(call, 1)];
  const results = forEachHistogram(
    groupHistograms(call, seriesArg(call, 2), 2),
    call,
    {
      ofClassic: (buckets, step) => bucketFraction(lower[step]!, upper[step]!, buckets),
      ofNative(histogram, step, labels) {
        const { value, hasNaN } = histogramFraction(lower[step]!, upper[step]!, histogram);
        if (hasNaN) annotations.add(fractionExcludesNaN(metricNameOf(labels), at));
        return value;
      },
    },
    same,
  );
  return vectorOf(mergeSameLabels(results));
};

export const histogramFunctions: Readonly<Record<string, PromqlFunction>> = {
  histogram_avg: ofNative(({ sum, count }) => sum / count),
  histogram_count: ofNative(({ count }) => count),
  histogram_fraction: histogramFractionFunction,
  histogram_quantile: histogramQuantileFunction,
  histogram_quantiles: histogramQuantiles,
  histogram_stddev: ofNative((histogram) => Math.sqrt(histogramVariance(histogram))),
  histogram_stdvar: ofNative(histogramVariance),
  histogram_sum: ofNative(({ sum }) => sum),
};
