/**
 * The series that a scrape tells of itself: `up` and its kin, with the target's labels.
 * Source: prometheus/prometheus scrape/scrape.go, `report`, `reportStale`; prometheus.io, "Jobs and instances".
 */
import { encodeLabels, type Labels, metricNameLabel, sortedLabels } from '../../model/labels.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import type { Target } from './target.js';

export interface ScrapeOutcome {
  /** Whether the target answered with metrics that could be read, within all limits. */
  readonly isUp: boolean;
  readonly durationMs: number;
  /** Samples of the body, and of them those that metric relabelling left. */
  readonly samplesScraped: number;
  readonly samplesKept: number;
  readonly seriesAdded: number;
  /** Bytes of the body, -1 where it was over its limit, 0 where there was none. */
  readonly bodyBytes: number;
}

export interface ScrapeReport {
  batch(timeMs: number, outcome: ScrapeOutcome): SampleBatch;
  /** Ends all series of the report. */
  staleBatch(timeMs: number): SampleBatch;
}

type Reported = readonly [metric: string, value: (outcome: ScrapeOutcome, target: Target) => number];

const reported: readonly Reported[] = [
  ['up', ({ isUp }) => (isUp ? 1 : 0)],
  ['scrape_duration_seconds', ({ durationMs }) => durationMs / 1000],
  ['scrape_samples_scraped', ({ samplesScraped }) => samplesScraped],
  ['scrape_samples_post_metric_relabeling', ({ samplesKept }) => samplesKept],
  ['scrape_series_added', ({ seriesAdded }) => seriesAdded],
];

/** With `extra_scrape_metrics`. */
const reportedExtra: readonly Reported[] = [
  ['scrape_timeout_seconds', (_, { timeoutMs }) => timeoutMs / 1000],
  ['scrape_sample_limit', (_, { job }) => (Number.isFinite(job.limits.samplesMax) ? job.limits.samplesMax : 0)],
  ['scrape_body_size_bytes', ({ bodyBytes }) => bodyBytes],
];

export function createScrapeReport(target: Target, labels: Labels): ScrapeReport {
  const all = target.job.extraScrapeMetrics ? [...reported, ...reportedExtra] : reported;
  const series = all.map(([metric, value]) => ({
    key: encodeLabels(sortedLabels([...labels, [metricNameLabel, metric]])),
    value,
  }));
  return {
    batch(timeMs, outcome) {
      const builder = createSampleBatchBuilder();
      for (const { key, value } of series) {
        builder.beginRun(key, 0, key.length);
        builder.add(timeMs, value(outcome, target));
      }
      return builder.finish();
    },
    staleBatch(timeMs) {
      const builder = createSampleBatchBuilder();
      for (const { key } of series) {
        builder.beginRun(key, 0, key.length);
        builder.addStaleMarker(timeMs);
      }
      return builder.finish();
    },
  };
}
