/** Counts the labels of stored series into the state of their metric. */
import { mixed, pairHash } from './label-hash.js';
import { isOther, type LabelSpans } from './label-spans.js';
import { labelStateOf, type MetricState } from './metric-state.js';
import { structuralLabels } from './rules.js';

/** Counts a series that is stored now. Those that were stored before a start are counted by `restoreSeries`. */
export function countLabels(spans: LabelSpans, metric: MetricState, nowMs: number): void {
  metric.members.add(spans.metric);
  let sum = 0;
  for (let label = 0; label < spans.count; label++) {
    const name = spans.names[label]!;
    const state = structuralLabels.has(name) ? undefined : labelStateOf(metric, name);
    if (state === undefined) continue;
    state.pair = pairHash(spans.nameHashes[label]!, spans.valueHashes[label]!);
    sum = (sum + state.pair) >>> 0;
    // The value that stands for folded ones needs no place of its own.
    const isNew = !isOther(spans, label) && state.values.add(spans.valueHashes[label]!);
    if (isNew) state.recentValues.add(nowMs);
  }
  metric.series.add(mixed(sum));
  for (const state of metric.labels.values()) {
    state.seriesWithout.add(mixed((sum - state.pair) >>> 0));
    state.pair = 0;
  }
}

/** Uncounts the values of a series that is no longer stored. Sketches cannot: they forget when their window begins anew. */
export function uncountLabels(spans: LabelSpans, metric: MetricState): void {
  for (let label = 0; label < spans.count; label++)
    if (!isOther(spans, label)) metric.labels.get(spans.names[label]!)?.values.remove(spans.valueHashes[label]!);
}

/** Hash of what the parts of one histogram or summary share; undefined for a series that is no part of one. */
export function groupHash(spans: LabelSpans, family: string): number | undefined {
  if (family === spans.metric && !spans.names.includes('quantile')) return undefined;
  let sum = 0;
  for (let label = 0; label < spans.count; label++)
    if (!structuralLabels.has(spans.names[label]!))
      sum = (sum + pairHash(spans.nameHashes[label]!, spans.valueHashes[label]!)) >>> 0;
  return mixed(sum);
}
