/**
 * The schema's history: numbered, append-only, one text for one node and for a cluster. A statement may run twice
 * (a start that was cut off), so each is written to be harmless the second time.
 */
import type { Engine } from '../engine.js';
import { rewriteSamples } from './decimal-samples.js';
import * as derived from './derived.js';
import * as events from './events.js';
import * as metrics from './metrics.js';
import { renderTable, renderView, type Topology } from './table.js';

export type Migration = {
  readonly number: number;
  readonly name: string;
} & (
  | { readonly statements: (topology: Topology) => string[] }
  /** What depends on how far an earlier start came. */
  | { readonly run: (engine: Engine, topology: Topology) => Promise<void> }
);

export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'predictions and ground truth',
    statements: (topology) => [
      ...[
        events.predictionRows,
        events.predictionIds,
        events.supersededPredictions,
        events.groundTruth,
        events.predictionOutcomes,
      ].flatMap((table) => renderTable(table, topology)),
      renderView('predictions', events.predictionsView, topology),
      renderView('labelled_predictions', events.labelledPredictionsView, topology),
    ],
  },
  {
    number: 2,
    name: 'metrics',
    statements: (topology) => [
      ...[metrics.metricSeries, metrics.metricSamples].flatMap((table) => renderTable(table, topology)),
      ...metrics.renderMetricArrivals(topology),
      renderView('metrics', metrics.metricsView, topology),
    ],
  },
  {
    number: 3,
    name: 'times of series, metadata, exemplars and routed samples',
    statements: (topology) => [
      ...metrics.renderSeriesTimes(topology),
      ...[metrics.metricMetadata, metrics.metricExemplars, metrics.metricEvents].flatMap((table) =>
        renderTable(table, topology),
      ),
    ],
  },
  {
    number: 4,
    name: 'totals that metrics are derived from',
    statements: (topology) => [
      ...[derived.predictionTotals, derived.groundTruthTotals].flatMap((table) => renderTable(table, topology)),
      derived.renderOutcomeIndex(topology),
    ],
  },
  {
    number: 5,
    name: 'fewer merges of samples',
    statements: metrics.renderSampleMerges,
  },
  {
    number: 6,
    name: 'values of samples as decimal numbers',
    run: rewriteSamples,
  },
  {
    number: 7,
    name: 'fewer merges of events',
    statements: events.renderEventMerges,
  },
  {
    number: 8,
    name: 'native histograms',
    statements: (topology) => renderTable(metrics.metricHistograms, topology),
  },
];
