/**
 * A metric's name as Prometheus would have it: with its unit and its type as suffixes, and without characters that old Prometheus does
 * not take. Sources: OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "OTLP Metric points to Prometheus";
 * prometheus/otlptranslator, `metric_namer.go`, with whose results this agrees.
 */
import { escapedUnit, unitSuffixes } from './unit-name.js';

/**
 * What becomes of names, in Prometheus' words (`otlp.translation_strategy`). The first is the default there and here: dots and the like
 * become underscores, and units and `_total` are appended.
 */
export type TranslationStrategy =
  | 'UnderscoreEscapingWithSuffixes'
  | 'UnderscoreEscapingWithoutSuffixes'
  | 'NoUTF8EscapingWithSuffixes'
  | 'NoTranslation';

export const isEscaping = (strategy: TranslationStrategy): boolean =>
  strategy === 'UnderscoreEscapingWithSuffixes' || strategy === 'UnderscoreEscapingWithoutSuffixes';

const addsSuffixes = (strategy: TranslationStrategy): boolean =>
  strategy === 'UnderscoreEscapingWithSuffixes' || strategy === 'NoUTF8EscapingWithSuffixes';

/** What of a metric's type its name tells: a monotonic sum ends in `_total`, a gauge of unit 1 in `_ratio`. */
export type NamedType = 'monotonic_sum' | 'gauge' | 'other';

/** The name; '' where no name is left, because `name` is empty or holds nothing that a name may hold. */
export function metricName(name: string, unit: string, type: NamedType, strategy: TranslationStrategy): string {
  if (!isEscaping(strategy)) return addsSuffixes(strategy) ? suffixed(name, unit, type) : name;
  const escaped = addsSuffixes(strategy) ? escapedWithSuffixes(name, unit, type) : escapedAlone(name);
  return escaped === name || /[^_]/.test(escaped) ? escaped : '';
}

const endsInTotal = (type: NamedType): boolean => type === 'monotonic_sum';
// Only gauges: some senders wrongly give counters of things the unit 1.
const endsInRatio = (unit: string, type: NamedType): boolean => unit === '1' && type === 'gauge';

/** A digit may not come first. */
const named = (name: string): string => (/^[0-9]/.test(name) ? `_${name}` : name);

const escapedAlone = (name: string): string =>
  named(
    name
      .split(/[^a-zA-Z0-9:_]+/u)
      .filter((token) => token !== '')
      .join('_'),
  );

/** The name as tokens, between which underscores go: so several underscores become one, and suffixes that are there already stay alone. */
function escapedWithSuffixes(name: string, unit: string, type: NamedType): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/u).filter((token) => token !== '');
  tokens.push(...unitTokens(tokens, unit));
  if (endsInTotal(type)) tokens = [...tokens.filter((token) => token !== 'total'), 'total'];
  if (endsInRatio(unit, type)) tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio'];
  return named(tokens.join('_'));
}

function unitTokens(tokens: readonly string[], unit: string): string[] {
  const suffixes = unitSuffixes(unit);
  let main = escapedUnit(suffixes.main);
  let per = escapedUnit(suffixes.per);
  if (tokens.includes(main)) main = '';
  per = per === 'per_' ? '' : per.replace(/_$/, '');
  if (tokens.includes(per)) per = '';
  if (per !== '') main = main.replace(/_$/, '');
  return [main, per].filter((token) => token !== '');
}

/** Suffixes on a name that keeps its characters: those that are there already come off first, so that each stands once and in order. */
function suffixed(name: string, unit: string, type: NamedType): string {
  const { main, per } = unitSuffixes(unit);
  let stem = name;
  if (endsInRatio(unit, type)) stem = withoutSuffix(stem, 'ratio');
  if (endsInTotal(type)) stem = withoutSuffix(stem, 'total');
  if (per !== '') stem = withoutSuffix(stem, per);
  if (main !== '' && !stem.endsWith(main)) stem += `_${main}`;
  if (per !== '') stem += `_${per}`;
  if (endsInTotal(type)) stem += '_total';
  if (endsInRatio(unit, type)) stem += '_ratio';
  return stem;
}

/** Without the suffix and the one character before it, which is taken for its delimiter. */
const withoutSuffix = (name: string, suffix: string): string =>
  name.endsWith(suffix) && name.length > suffix.length + 1 ? name.slice(0, -suffix.length - 1) : name;
