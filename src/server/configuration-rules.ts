/** What the values of several keys must be to each other. The schema checks each value on its own. */
import { type Configuration, configurationKeys, valueAt } from './configuration.js';
import { forms } from './configuration-forms.js';
import type { ConfigurationKey } from './configuration-keys.js';

/** Tells in words where the value of a key comes from; undefined where it is the default. */
export type SourceOf = (name: string) => string | undefined;

/** Pairs of keys of which the first must not be above the second. */
const ordered = [
  ['wal.segment_bytes', 'wal.bytes_max'],
  ['ingest.body_bytes_max', 'ingest.inflight_bytes_max'],
  ['ingest.decoded_bytes_max', 'ingest.inflight_bytes_max'],
] as const;

/** Keys that mean something only when the configuration names a ClickHouse server. */
const serverOnly = [
  'engine.username',
  'engine.password',
  'engine.reader_username',
  'engine.reader_password',
  'engine.cluster',
] as const;

/** Each broken rule as a sentence. */
export function ruleProblems(configuration: Configuration, sourceOf: SourceOf): string[] {
  return [
    ...ordered.flatMap(([lower, upper]) => orderProblem(configuration, sourceOf, lower, upper)),
    ...engineProblems(configuration, sourceOf),
    ...pairProblem(configuration, sourceOf, 'engine.reader_password', 'engine.reader_username'),
  ];
}

function orderProblem(configuration: Configuration, sourceOf: SourceOf, lower: string, upper: string): string[] {
  const write = (name: string): string => {
    const key = keyNamed(name);
    const value = forms[key.schema.form].format(valueAt(configuration, key));
    return `${name} (${sourceOf(name) ?? 'default'}) is ${value}`;
  };
  const value = (name: string) => valueAt(configuration, keyNamed(name)) as number;
  return value(lower) > value(upper) ? [`${write(lower)}, but ${write(upper)}: it must not be above it`] : [];
}

function engineProblems(configuration: Configuration, sourceOf: SourceOf): string[] {
  if (configuration.engine.url === undefined)
    return serverOnly.flatMap((name) => {
      const source = sourceOf(name);
      return source === undefined ? [] : [`${name} (${source}): it needs engine.url, which is not given`];
    });
  const source = sourceOf('engine.memory_bytes_max');
  if (source === undefined) return [];
  return [`engine.memory_bytes_max (${source}): it bounds the private engine, but engine.url names another`];
}

function pairProblem(configuration: Configuration, sourceOf: SourceOf, name: string, needed: string): string[] {
  const isMissing = valueAt(configuration, keyNamed(needed)) === undefined;
  return sourceOf(name) !== undefined && configuration.engine.url !== undefined && isMissing
    ? [`${name} (${sourceOf(name)}): it needs ${needed}, which is not given`]
    : [];
}

const keyNamed = (name: string): ConfigurationKey => configurationKeys.find((key) => key.name === name)!;
