/** A governor with a series index in its simplest form, and a clock that tests turn. */
import assert from 'node:assert/strict';
import type { Admission } from '../../../src/ingest/cardinality/admission.js';
import { type CardinalityBudgets, defaultBudgets } from '../../../src/ingest/cardinality/budgets.js';
import { createGovernor, type Governor, type GovernorOptions } from '../../../src/ingest/cardinality/governor.js';
import { decodeLabels, encodeLabels, labelValue, metricNameLabel, sortedLabels } from '../../../src/model/labels.js';

export interface GovernedSeries {
  readonly governor: Governor;
  readonly clock: { timeMs: number; nowMs(): number };
  /** Texts of the stored series' labels, as `text` writes them. */
  readonly stored: ReadonlySet<string>;
  readonly seriesCount: number;
  seriesOfMetric(metric: string): number;
  /** Admits a series as ingestion does: what is to be stored is in the index at once. */
  send(metric: string, labels: Readonly<Record<string, string>>): Admission;
  remove(metric: string, labels: Readonly<Record<string, string>>): void;
}

export const canonical = (metric: string, labels: Readonly<Record<string, string>>): Uint8Array =>
  encodeLabels(sortedLabels([[metricNameLabel, metric], ...Object.entries(labels)]));

/** Labels as Prometheus writes them: `up{job="api"}`. */
export function text(bytes: Uint8Array): string {
  const labels = decodeLabels(bytes);
  const pairs = labels.filter(([name]) => name !== metricNameLabel).map(([name, value]) => `${name}="${value}"`);
  return `${labelValue(labels, metricNameLabel)}{${pairs.join(',')}}`;
}

/** What is stored for an admission: the text of the target, `stored`, `routed` or the code of the rejection. */
export function outcome(admission: Admission): string {
  switch (admission.kind) {
    case 'store':
      return 'stored';
    case 'fold':
      return text(admission.target);
    case 'route':
      return 'routed';
    case 'reject':
      return admission.code;
  }
}

const keyOf = (labels: Uint8Array): string =>
  Buffer.from(labels.buffer, labels.byteOffset, labels.length).toString('latin1');

export function governedSeries(
  budgets: Partial<CardinalityBudgets> = {},
  options: Partial<Omit<GovernorOptions, 'budgets' | 'series' | 'clock'>> = {},
): GovernedSeries {
  const stored = new Set<string>();
  const keys = new Set<string>();
  const byMetric = new Map<string, number>();
  const clock = { timeMs: Date.UTC(2026, 0, 1), nowMs: () => clock.timeMs };
  const series = {
    get seriesCount() {
      return stored.size;
    },
    seriesOfMetric: (metric: string) => byMetric.get(metric) ?? 0,
    hasSeries: (labels: Uint8Array) => keys.has(keyOf(labels)),
  };
  const governor = createGovernor({
    budgets: { ...defaultBudgets, ...budgets },
    rules: [],
    series,
    clock,
    ...options,
  });
  const index = (metric: string, labels: Uint8Array): void => {
    if (keys.has(keyOf(labels))) return;
    keys.add(keyOf(labels));
    stored.add(text(labels));
    byMetric.set(metric, series.seriesOfMetric(metric) + 1);
  };
  return {
    governor,
    clock,
    stored,
    get seriesCount() {
      return stored.size;
    },
    seriesOfMetric: series.seriesOfMetric,
    send(metric, labels) {
      const bytes = canonical(metric, labels);
      const admission = governor.admit(bytes);
      if (admission.kind === 'store') index(metric, bytes);
      if (admission.kind === 'fold') index(metric, admission.target);
      return admission;
    },
    remove(metric, labels) {
      const bytes = canonical(metric, labels);
      assert.ok(stored.delete(text(bytes)) && keys.delete(keyOf(bytes)));
      byMetric.set(metric, series.seriesOfMetric(metric) - 1);
      governor.forget(bytes);
    },
  };
}
