import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { countLabels } from '../../../src/ingest/cardinality/label-counting.js';
import { createLabelSpans, hasLabel, readLabels } from '../../../src/ingest/cardinality/label-spans.js';
import {
  createMetricState,
  type MetricState,
  metricFamily,
  shapeOf,
} from '../../../src/ingest/cardinality/metric-state.js';
import { restoreSeries } from '../../../src/ingest/cardinality/restore-series.js';
import { createSeriesIndex } from '../../../src/series/index/series-index.js';
import { canonical } from './governed-series.js';

type Metrics = Map<string, MetricState>;
const stateIn =
  (metrics: Metrics) =>
  (family: string): MetricState => {
    const state = metrics.get(family) ?? createMetricState(family);
    metrics.set(family, state);
    return state;
  };

/** All that the states tell, sketches by their estimates. */
const told = (metrics: Metrics) =>
  Array.from(metrics.values(), (metric) => ({
    name: metric.name,
    members: Array.from(metric.members),
    distinct: metric.series.estimate(),
    labels: Array.from(metric.labels.values(), (label) => ({
      name: label.name,
      values: label.values.size,
      seriesBefore: label.seriesBefore,
      shape: shapeOf(metric, label, 0),
    })),
  }));

const series = fc.record({
  metric: fc.constantFrom('', 'a_total', 'b', 'b_bucket', 'b_sum', 'b_count'),
  labels: fc.dictionary(
    fc.constantFrom('le', 'quantile', 'pod', 'größe', 'zone'),
    fc.constantFrom('', '1', '2', 'é', '__other__', 'x'.repeat(40)).filter((value) => value !== ''),
  ),
});

it('series that are restored together are counted as each by itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(series, { maxLength: 200 }), fc.nat({ max: 200 }), async (all, many) => {
      const index = await createSeriesIndex();
      const distinct = new Map<number, Uint8Array>();
      const numbered = Array.from({ length: many }, (_, i) => ({
        metric: 'many',
        labels: { pod: `p-${i}`, [`l${i}`]: '1' },
      }));
      for (const { metric, labels } of [...all, ...numbered]) {
        const bytes = canonical(metric, labels);
        distinct.set(index.add(bytes, 0, bytes.length), bytes);
      }
      const [together, single]: [Metrics, Metrics] = [new Map(), new Map()];
      restoreSeries(Uint32Array.from(distinct.keys()), index.labelPairs(), stateIn(together));
      const spans = createLabelSpans();
      for (const bytes of distinct.values()) {
        readLabels(spans, bytes);
        countLabels(spans, stateIn(single)(metricFamily(spans.metric, hasLabel(spans, 'le'))), 0);
      }
      assert.deepEqual(told(together), told(single));
    }),
    { numRuns: 50 },
  );
});
