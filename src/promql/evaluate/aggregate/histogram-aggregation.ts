/** Native histograms of a group at one step, summed or averaged. */

import { compactHistogram } from '../../histogram/bucket-bounds.js';
import type { FloatHistogram } from '../../histogram/float-histogram.js';
import {
  addToHistogramMean,
  addToHistogramSum,
  type HistogramSum,
  histogramMean,
  histogramTotal,
  startHistogramSum,
} from '../../histogram/histogram-sum.js';
import { mixedSchemas, reconciledBuckets, resetCollision } from '../annotation-kinds.js';
import { type SeriesBuilder, setHistogram } from '../series-builder.js';
import { metricNameOf } from '../series-labels.js';
import { isHistogram } from '../value.js';
import type { AggregationCall } from './aggregation.js';

export type HistogramAggregation = (call: AggregationCall, step: number, out: SeriesBuilder) => void;

const aggregated =
  (
    add: (sum: HistogramSum, next: FloatHistogram) => HistogramSum | undefined,
    finish: (sum: HistogramSum) => FloatHistogram,
  ): HistogramAggregation =>
  ({ members, annotations, at }, step, out) => {
    let sum: HistogramSum | undefined;
    const hints = new Set<string>();
    for (const { labels, presence, histograms } of members) {
      if (presence[step] !== isHistogram) continue;
      const histogram = histograms![step]!;
      hints.add(histogram.counterReset);
      const next = sum === undefined ? startHistogramSum(histogram) : add(sum, histogram);
      if (next === undefined) {
        annotations.add(mixedSchemas(metricNameOf(labels), at));
        return;
      }
      sum = next;
    }
    if (sum === undefined) return;
    if (sum.isReconciled) annotations.add(reconciledBuckets('aggregation', at));
    if (hints.has('reset') && hints.has('not_reset')) annotations.add(resetCollision('aggregation', at));
    setHistogram(out, step, compactHistogram(finish(sum)));
  };

export const sumOfHistograms = aggregated(addToHistogramSum, histogramTotal);

export const averageOfHistograms = aggregated(addToHistogramMean, histogramMean);
