/** What an operator wants done with a metric's label whatever the budgets say. */
import { RE2JS, RE2JSSyntaxException } from 're2js';
import { BarographError, messageOf } from '../../base/errors.js';
import { metricNameLabel } from '../../model/labels.js';
import { type GaugeAggregate, gaugeAggregates } from './fold-aggregate.js';

interface RuleBase {
  /** The metric's name, or a pattern in RE2's syntax that matches the whole of it. The name of a histogram or summary stands for its parts too. */
  readonly metric: string;
  /** How gauges of the metric are folded, by this rule, by any other and by budgets. */
  readonly aggregate?: GaugeAggregate;
}

/**
 * - `keep`: values that are not listed become `__other__`.
 * - `drop`: the label goes.
 * - `bucket`: the `top` most frequent values stay, the others become `__other__`.
 * - `hash`: a value becomes the number of one of so many buckets.
 * - `reject`, `route`: of the series that have the label, or of all where none is named; `route` sends them to the event plane.
 * - `aggregate`: only says how gauges are folded.
 */
export type CardinalityRule =
  | (RuleBase & { readonly action: 'keep'; readonly label: string; readonly values: readonly string[] })
  | (RuleBase & { readonly action: 'drop'; readonly label: string })
  | (RuleBase & { readonly action: 'bucket'; readonly label: string; readonly top: number })
  | (RuleBase & { readonly action: 'hash'; readonly label: string; readonly buckets: number })
  | (RuleBase & { readonly action: 'reject' | 'route'; readonly label?: string })
  | (RuleBase & { readonly action: 'aggregate'; readonly aggregate: GaugeAggregate });

/** Labels that give a series its meaning within its metric: no rule and no budget folds them. */
export const structuralLabels: ReadonlySet<string> = new Set([metricNameLabel, 'le', 'quantile']);

/** The value that stands for all folded ones. */
export const otherValue = '__other__';

/** A checked rule, ready to match. */
export interface CompiledRule {
  /** Number of the rule in its list, from 0. */
  readonly index: number;
  readonly rule: CardinalityRule;
  /** Values of `keep`. */
  readonly values: ReadonlySet<string>;
  matches(metric: string): boolean;
}

/** The label of a rule, where it has one. */
export const labelOf = (rule: CardinalityRule): string | undefined => ('label' in rule ? rule.label : undefined);

export const compileRules = (rules: readonly CardinalityRule[]): CompiledRule[] => rules.map(compileRule);

function compileRule(rule: CardinalityRule, index: number): CompiledRule {
  const label = labelOf(rule);
  if (label !== undefined && structuralLabels.has(label))
    throw badRule(index, `label ${label} gives a series its meaning and cannot be governed`);
  const pattern = compiledPattern(rule.metric, index);
  return {
    index,
    rule,
    values: new Set(rule.action === 'keep' ? rule.values : []),
    matches: (metric) => pattern.testExact(metric),
  };
}

function compiledPattern(pattern: string, index: number): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw badRule(index, `metric: ${messageOf(error)}`);
    throw error;
  }
}

/** What each action takes besides `metric`, `action` and `aggregate`. */
const keysOfAction: Readonly<Record<string, readonly string[]>> = {
  keep: ['label', 'values'],
  drop: ['label'],
  bucket: ['label', 'top'],
  hash: ['label', 'buckets'],
  reject: ['label'],
  route: ['label'],
  aggregate: [],
};

/**
 * Rules out of a parsed YAML or JSON list of objects with the keys of `CardinalityRule`. Throws `bad_configuration` with the
 * number of the first rule that is not one, what was got and what was wanted.
 */
export function parseRules(value: unknown): CardinalityRule[] {
  if (!Array.isArray(value)) throw new BarographError('bad_configuration', 'cardinality rules: wanted a list of rules');
  const rules = value.map(parseRule);
  compileRules(rules);
  return rules;
}

function parseRule(value: unknown, index: number): CardinalityRule {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRule(index, 'wanted an object with metric and action');
  const rule = value as Record<string, unknown>;
  const keys = keysOfAction[String(rule.action)];
  if (keys === undefined)
    throw badRule(index, `action: got ${quoted(rule.action)}, wanted one of ${Object.keys(keysOfAction).join(', ')}`);
  const known = ['metric', 'action', 'aggregate', ...keys];
  const unknown = Object.keys(rule).find((key) => !known.includes(key));
  if (unknown !== undefined) throw badRule(index, `unknown key ${unknown}; this action takes ${known.join(', ')}`);
  const isLabelOptional = rule.action === 'reject' || rule.action === 'route';
  checkText(rule, 'metric', index);
  if (keys.includes('label') && !(isLabelOptional && rule.label === undefined)) checkText(rule, 'label', index);
  if (keys.includes('values')) checkTexts(rule, index);
  for (const key of ['top', 'buckets']) if (keys.includes(key)) checkCount(rule, key, index);
  if (rule.aggregate !== undefined || rule.action === 'aggregate') checkAggregate(rule, index);
  return rule as unknown as CardinalityRule;
}

function checkText(rule: Record<string, unknown>, key: string, index: number): void {
  if (typeof rule[key] !== 'string' || rule[key] === '')
    throw badRule(index, `${key}: got ${quoted(rule[key])}, wanted text`);
}

function checkTexts(rule: Record<string, unknown>, index: number): void {
  const { values } = rule;
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string'))
    throw badRule(index, `values: got ${quoted(values)}, wanted a list of texts`);
}

function checkCount(rule: Record<string, unknown>, key: string, index: number): void {
  if (!Number.isSafeInteger(rule[key]) || (rule[key] as number) < 1)
    throw badRule(index, `${key}: got ${quoted(rule[key])}, wanted a whole number of at least 1`);
}

function checkAggregate(rule: Record<string, unknown>, index: number): void {
  if (!gaugeAggregates.includes(rule.aggregate as GaugeAggregate))
    throw badRule(index, `aggregate: got ${quoted(rule.aggregate)}, wanted one of ${gaugeAggregates.join(', ')}`);
}

const quoted = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
const badRule = (index: number, problem: string): BarographError =>
  new BarographError('bad_configuration', `cardinality rule ${index + 1}: ${problem}`);
