/** Windows of native histograms under `sum_over_time` and `avg_over_time`. Source: Prometheus, promql/functions.go. */
import {
  mixedFloatsHistograms,
  mixedSchemas,
  reconciledBuckets,
  resetCollision,
} from '../../evaluate/annotation-kinds.js';
import { clearStep, setHistogram } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import type { FloatHistogram } from '../../histogram/float-histogram.js';
import {
  addToHistogramMean,
  addToHistogramSum,
  type HistogramSum,
  histogramMean,
  histogramTotal,
  startHistogramSum,
} from '../../histogram/histogram-sum.js';
import type { RangeCall, WindowFunction } from './range-function.js';

/** Samples of a window, floats and histograms. */
export const countsAt = ({ floatBounds, histogramBounds }: RangeCall, step: number) => ({
  floats: floatBounds.ends[step]! - floatBounds.starts[step]!,
  histograms: histogramBounds.ends[step]! - histogramBounds.starts[step]!,
});

const combined =
  (
    add: (sum: HistogramSum, next: FloatHistogram) => HistogramSum | undefined,
    finish: (sum: HistogramSum) => FloatHistogram,
  ): WindowFunction =>
  (call, step, out) => {
    const { labels, histograms, histogramBounds, annotations, at } = call;
    if (countsAt(call, step).floats > 0) {
      annotations.add(mixedFloatsHistograms(metricNameOf(labels), at));
      clearStep(out, step);
      return;
    }
    const window = histograms.values.slice(histogramBounds.starts[step]!, histogramBounds.ends[step]!);
    let sum: HistogramSum | undefined = startHistogramSum(window[0]!);
    for (let i = 1; i < window.length && sum !== undefined; i++) sum = add(sum, window[i]!);
    if (sum === undefined) {
      annotations.add(mixedSchemas(metricNameOf(labels), at));
      return;
    }
    const hints = new Set(window.map(({ counterReset }) => counterReset));
    if (hints.has('reset') && hints.has('not_reset')) annotations.add(resetCollision('aggregation', at));
    if (sum.isReconciled) annotations.add(reconciledBuckets('aggregation', at));
    setHistogram(out, step, finish(sum));
  };

export const sumHistograms: WindowFunction = combined(addToHistogramSum, histogramTotal);

export const averageHistograms: WindowFunction = combined(addToHistogramMean, histogramMean);
