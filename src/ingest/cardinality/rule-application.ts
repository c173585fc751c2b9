/** What the rules make of a series, before any budget is asked. */
import { isOther, type LabelSpans, replaceValue, valueText } from './label-spans.js';
import type { MetricState } from './metric-state.js';
import { type CompiledRule, labelOf, otherValue } from './rules.js';
import { bucketPlaces, hasPlace } from './value-places.js';

export interface RuleOutcome {
  /** The series is one that others are folded into, or may be, though its labels stay as they are. */
  readonly isTarget: boolean;
  /** The rule that wants the whole series elsewhere. */
  readonly whole: CompiledRule | undefined;
}

export interface RuleCount {
  hits: number;
  lastMs: number | undefined;
}

/**
 * Applies rules to the draft of a series. Of several rules on one label the first in the list counts. `metric` is undefined
 * for a metric without series.
 */
export function applyRules(
  rules: readonly CompiledRule[],
  spans: LabelSpans,
  metric: MetricState | undefined,
  hit: (rule: CompiledRule) => void,
): RuleOutcome {
  const done = new Set<string>();
  let isTarget = false;
  for (const compiled of rules) {
    const { rule } = compiled;
    if (rule.action === 'aggregate') continue;
    const name = labelOf(rule);
    const label = name === undefined ? -1 : spans.names.indexOf(name);
    if (rule.action === 'reject' || rule.action === 'route') {
      if (name !== undefined && label < 0) continue;
      hit(compiled);
      return { isTarget, whole: compiled };
    }
    if (done.has(name!)) continue;
    done.add(name!);
    // A series that is sent without the label is the one that those with it become.
    if (rule.action === 'drop') isTarget = true;
    const value = label < 0 ? undefined : replacementOf(compiled, spans, label, metric);
    if (value === undefined) continue;
    replaceValue(spans, label, value);
    hit(compiled);
  }
  return { isTarget, whole: undefined };
}

/** The value that a rule gives a label instead of its own, undefined where it may stay. */
function replacementOf(
  { rule, values }: CompiledRule,
  spans: LabelSpans,
  label: number,
  metric: MetricState | undefined,
): string | undefined {
  switch (rule.action) {
    case 'drop':
      return '';
    case 'keep':
      return isOther(spans, label) || values.has(valueText(spans, label)) ? undefined : otherValue;
    case 'hash':
      return `hash_${spans.valueHashes[label]! % rule.buckets}`;
    case 'bucket': {
      const state = metric?.labels.get(spans.names[label]!);
      if (state === undefined || isOther(spans, label)) return undefined;
      return hasPlace(state, spans.valueHashes[label]!, bucketPlaces(rule.top)) ? undefined : otherValue;
    }
    case 'aggregate':
    case 'reject':
    case 'route':
      return undefined;
  }
}
