/** Totals of predictions and ground truth as the samples of metrics. */
import { createLabelWriter } from '../../model/label-writer.js';
import { type Label, metricNameLabel } from '../../model/labels.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import type { GroundTruthTotal } from './ground-truth-totals.js';
import type { Histogram, PredictionTotal } from './prediction-totals.js';

/** All of them at one time, epoch milliseconds. A label without a value is left out. */
export function derivedSamples(
  predictions: readonly PredictionTotal[],
  groundTruths: readonly GroundTruthTotal[],
  timeMs: number,
): SampleBatch {
  const builder = createSampleBatchBuilder();
  const writer = createLabelWriter();

  function add(name: string, labels: readonly Label[], value: number): void {
    writer.clear();
    writer.addText(metricNameLabel, name);
    for (const [label, text] of labels) writer.addText(label, text);
    const key = writer.finish();
    builder.beginRun(key, 0, key.length);
    builder.add(timeMs, value);
  }
  function addHistogram(name: string, labels: readonly Label[], { bounds, buckets, sum, count }: Histogram): void {
    if (count === 0) return;
    for (const [i, bound] of bounds.entries()) add(`${name}_bucket`, [...labels, ['le', String(bound)]], buckets[i]!);
    add(`${name}_bucket`, [...labels, ['le', '+Inf']], count);
    add(`${name}_sum`, labels, sum);
    add(`${name}_count`, labels, count);
  }

  for (const total of predictions) {
    const { model, version, endpoint, region, status } = total;
    const labels = Object.entries({ model, version, endpoint, region, status });
    add('ml_predictions_total', labels, total.predictions);
    addHistogram('ml_prediction_latency_seconds', labels, total.latency);
    addHistogram('ml_prediction_confidence', labels, total.confidence);
    addHistogram('ml_prediction_score', labels, total.score);
  }
  for (const { model, version, groundTruths: count } of groundTruths)
    add('ml_ground_truth_total', Object.entries({ model, version }), count);
  return builder.finish();
}
