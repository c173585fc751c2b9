/** Rules that would save series, from what the sketches of each metric say. */
import { displayName, type LabelState, type MetricState, shapeOf } from './metric-state.js';
import { offendingLabel } from './offending-label.js';
import type { PressureGauge } from './pressure.js';
import { type CardinalityRule, type CompiledRule, structuralLabels } from './rules.js';

/** What suggestions are made from. */
export interface SuggestionSource {
  readonly metrics: ReadonlyMap<string, MetricState>;
  readonly rules: readonly CompiledRule[];
  readonly gauge: PressureGauge;
  readonly nowMs: number;
  /** What a series costs. */
  readonly bytesPerSeries: number;
}

export interface RuleSuggestion {
  readonly rule: CardinalityRule;
  /** Series of the metric that are stored, and those that the rule would save, about. */
  readonly series: number;
  readonly seriesSaved: number;
  readonly bytesSaved: number;
  /** What makes the label stand out, and what the rule would bring, as a sentence. */
  readonly reason: string;
}

const suggestionsMax = 10;
/** Below so many values a label is left in peace; also the places that a suggested `bucket` rule has. A guess. */
const topSuggested = 100;
/** A label whose values come with fewer series than this on average names single things, such as requests: it is dropped. */
const seriesPerValueMin = 2;

/** The rules that save most, at most ten, one for each metric. */
export function ruleSuggestions(source: SuggestionSource): RuleSuggestion[] {
  const suggestions = [...source.metrics.values()].flatMap((metric) => suggestionFor(metric, source) ?? []);
  return suggestions.sort((a, b) => b.seriesSaved - a.seriesSaved).slice(0, suggestionsMax);
}

function suggestionFor(metric: MetricState, source: SuggestionSource): RuleSuggestion | undefined {
  const offered = (label: LabelState): number =>
    label.values.size + (label.valueFold?.values.estimate() ?? 0) + (label.seriesFold?.values.estimate() ?? 0);
  const wide = [...metric.labels.values()].filter(
    (label) => offered(label) > topSuggested && !isGoverned(metric, label.name, source),
  );
  const label = offendingLabel(metric, wide, source.nowMs);
  if (label === undefined || structuralLabels.has(label.name)) return undefined;
  const series = source.gauge.seriesOf(metric);
  const [values, name] = [label.values.size, displayName(metric)];
  const shape = label.shapeAtFold ?? shapeOf(metric, label, series);
  // The sketches take the parts of a histogram as one: what they say is scaled to all of them.
  const parts = Math.max(1, shape.series / Math.max(1, shape.distinct));
  const isIdentifier = shape.distinct / Math.max(1, values) < seriesPerValueMin;
  const others = Math.min(series, shape.distinctWithout * parts);
  const remaining = isIdentifier ? others : (series * topSuggested) / Math.max(topSuggested, values) + others;
  const seriesSaved = Math.max(0, Math.round(series - remaining));
  const base = { metric: escaped(name), label: label.name };
  const rule: CardinalityRule = isIdentifier
    ? { ...base, action: 'drop' }
    : { ...base, action: 'bucket', top: topSuggested };
  const bytesSaved = seriesSaved * source.bytesPerSeries;
  const what = isIdentifier ? `drop label ${label.name} of metric ${name}` : bucketText(label.name, name);
  return {
    rule,
    series,
    seriesSaved,
    bytesSaved,
    reason: `${what}: ${offered(label)} values came, ${values} have series; it saves about ${seriesSaved} of ${series} series, ${bytesSaved} bytes`,
  };
}

const bucketText = (label: string, metric: string): string =>
  `bucket label ${label} of metric ${metric} to ${topSuggested}`;

const isGoverned = (metric: MetricState, label: string, { rules }: SuggestionSource): boolean =>
  rules.some(
    ({ rule, matches }) =>
      'label' in rule && rule.label === label && [metric.name, ...metric.members].some((name) => matches(name)),
  );

/** A name as a pattern that matches nothing else. */
const escaped = (name: string): string => name.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
