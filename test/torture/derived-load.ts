/** The metrics that the server derives from the events of the other clients: they must count each of them once, and never less than before. */
import { setTimeout as delay } from 'node:timers/promises';
import { sqlRows } from './connection.js';
import { exportedSamples } from './exported-samples.js';
import type { Load } from './load.js';

/** Metrics with the labels that tell their series apart, and the SQL that counts the same from the events. */
const derived: readonly (readonly [metric: string, sql: string])[] = [
  ['ml_predictions_total', 'SELECT model AS key, count() AS total FROM predictions GROUP BY model'],
  [
    'ml_ground_truth_total',
    'SELECT model AS key, count() AS total FROM labelled_predictions WHERE label_number IS NOT NULL GROUP BY model',
  ],
  ['ml_prediction_score_count', 'SELECT model AS key, count(score) AS total FROM predictions GROUP BY model'],
  ['ml_prediction_score_sum', 'SELECT model AS key, sum(score) AS total FROM predictions GROUP BY model'],
  [
    'ml_prediction_latency_seconds_count',
    'SELECT model AS key, count(latency_ms) AS total FROM predictions GROUP BY model',
  ],
  [
    'ml_prediction_latency_seconds_bucket',
    `SELECT concat(model, ' ', bound) AS key, countIf(latency_ms / 1000 <= toFloat64(bound)) AS total
FROM predictions
ARRAY JOIN ['0.001', '0.0025', '0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', 'inf'] AS bound
GROUP BY model, bound`,
  ],
];

/** Derivation follows the events within its interval; a slow machine is given more. */
const followMsMax = 20_000;
/** What is counted too often shows with one of the derivations in this time. */
const settleMs = 500;

export function createDerivedLoad(): Load {
  return {
    step: async () => {},
    sent: () => `${derived.length} derived metrics`,
    async problems(url) {
      const deadlineMs = Date.now() + followMsMax;
      let found = await problemsOf(url);
      while (found.length > 0 && Date.now() < deadlineMs) {
        await delay(settleMs);
        found = await problemsOf(url);
      }
      await delay(settleMs);
      return found.length > 0 ? found : problemsOf(url);
    },
  };
}

async function problemsOf(url: string): Promise<string[]> {
  const problems: string[] = [];
  for (const [metric, sql] of derived) {
    const last = new Map<string, number>();
    for (const { labels, value } of await exportedSamples(url, metric)) {
      const key = labels.le === undefined ? labels.model! : `${labels.model} ${labels.le.replace('+Inf', 'inf')}`;
      const before = last.get(key) ?? 0;
      if (value < before) problems.push(`${metric} of ${key} falls from ${before} to ${value}`);
      last.set(key, value);
    }
    for (const { key, total } of await sqlRows<{ key: string; total: string }>(url, sql))
      if (last.get(key) !== Number(total))
        problems.push(`${metric} of ${key} is ${last.get(key)}, the events say ${total}`);
  }
  return problems;
}
