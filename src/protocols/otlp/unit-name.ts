/**
 * Units of OpenTelemetry (UCUM's case-sensitive notation) as words, the way Prometheus names them. Sources:
 * OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "Metric Metadata"; prometheus/otlptranslator, `unit_namer.go`.
 */

const words: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  // The specification's table has UCUM's kBy; otlptranslator knows only KBy, which senders also write.
  ['kBy', 'kilobytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['1', ''],
  ['%', 'percent'],
]);

/** What stands behind the slash, in the singular. */
const perWords: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

export interface UnitSuffixes {
  /** For example `bytes`; '' where the unit has none. */
  readonly main: string;
  /** For example `per_second`; '' where the unit has none. */
  readonly per: string;
}

/** The words of a unit, not yet escaped. A part in braces, such as `{packet}`, is an annotation and gives no word. */
export function unitSuffixes(unit: string): UnitSuffixes {
  const slash = unit.indexOf('/');
  const main = (slash < 0 ? unit : unit.slice(0, slash)).trim();
  const per = slash < 0 ? '' : unit.slice(slash + 1).trim();
  const perWord = hasBraces(per) ? '' : (perWords.get(per) ?? per);
  return { main: hasBraces(main) ? '' : (words.get(main) ?? main), per: perWord === '' ? '' : `per_${perWord}` };
}

const hasBraces = (part: string): boolean => /[{}]/.test(part);

/** A unit's words with every character that Prometheus' names may not hold as an underscore, and no underscore first or twice. */
export const escapedUnit = (suffix: string): string =>
  suffix
    .replace(/[^a-zA-Z0-9:_]/gu, '_')
    .replace(/_{2,}/g, '_')
    .replace(/^_/, '');

/** The unit as metadata name it, for example `bytes_per_second`; '' where it has none. */
export function unitName(unit: string, isEscaped: boolean): string {
  const { main, per } = unitSuffixes(unit);
  const parts = isEscaped ? [escapedUnit(main), escapedUnit(per)] : [main, per];
  return parts
    .filter((part) => part !== '')
    .join('_')
    .replace(/^_/, '')
    .replace(/_$/, '');
}
