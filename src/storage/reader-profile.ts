/**
 * What the `reader` user may do: select from one database, within bounds that it can lower and never raise. It is
 * rendered as XML for the private server (`embedded/engine-config.ts`) and as SQL for a server that others run.
 */
import { assert } from '../base/assert.js';
import type { Credentials } from './credentials.js';

/** Bounds of one statement of the reader; they are also its defaults. */
export interface ReaderLimits {
  readonly timeMs: number;
  readonly memoryBytes: number;
  readonly resultRows: number;
  readonly resultBytes: number;
  readonly readRows: number;
  /** Statements of the reader that may run at once. */
  readonly concurrentQueries: number;
}

/** Guesses, generous for one person's analysis and far from what would hurt ingestion. */
export const defaultReaderLimits: ReaderLimits = {
  timeMs: 60_000,
  memoryBytes: 2 * 1024 ** 3,
  resultRows: 10_000_000,
  resultBytes: 4 * 1024 ** 3,
  readRows: 20_000_000_000,
  concurrentQueries: 32,
};

/** One setting of the profile. `max` makes it changeable by a statement, between just above nothing and that bound. */
interface ProfileSetting {
  readonly name: string;
  readonly value: string | number;
  readonly min?: number;
  readonly max?: number;
}

/** Zero means "without bound" in ClickHouse, so a changeable bound needs a least value as much as a greatest. */
const bounded = (name: string, max: number, min = 1): ProfileSetting => ({ name, value: max, min, max });

/**
 * Settings that every user of ours has. Nothing depends on the server's own defaults: time zone, the form of JSON,
 * and the end of a read when its client is gone.
 */
export const commonSettings: Readonly<Record<string, string | number>> = {
  session_timezone: 'UTC',
  cancel_http_readonly_queries_on_client_close: 1,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  // Measured: point lookups are a third faster than with the default, a pool of threads.
  local_filesystem_read_method: 'pread',
};

function readerSettings(limits: ReaderLimits): readonly ProfileSetting[] {
  return [
    ...Object.entries(commonSettings).map(([name, value]) => ({ name, value })),
    { name: 'readonly', value: 1 },
    { name: 'allow_ddl', value: 0 },
    { name: 'allow_introspection_functions', value: 0 },
    // `SELECT *` shows computed columns too: the value of a sample is one.
    { name: 'asterisk_include_alias_columns', value: 1 },
    bounded('max_execution_time', limits.timeMs / 1000, 0.001),
    bounded('max_memory_usage', limits.memoryBytes),
    bounded('max_result_rows', limits.resultRows),
    bounded('max_result_bytes', limits.resultBytes),
    bounded('max_rows_to_read', limits.readRows),
    { name: 'timeout_overflow_mode', value: 'throw' },
    { name: 'result_overflow_mode', value: 'throw' },
    { name: 'read_overflow_mode', value: 'throw' },
    { name: 'max_concurrent_queries_for_user', value: limits.concurrentQueries },
    { name: 'max_temporary_data_on_disk_size_for_query', value: 4 * limits.memoryBytes },
  ];
}

/** The profile as elements of ClickHouse's `users.xml`, to stand inside `<profiles>`. */
export function readerProfileXml(limits: ReaderLimits): string {
  const settings = readerSettings(limits);
  const values = settings.map(({ name, value }) => `<${name}>${value}</${name}>`);
  const constraints = settings.flatMap(({ name, min, max }) =>
    max === undefined ? [] : [`<${name}><min>${min}</min><max>${max}</max><changeable_in_readonly/></${name}>`],
  );
  return `<reader>${values.join('')}<constraints>${constraints.join('')}</constraints></reader>`;
}

/**
 * The statements that make such a user on a ClickHouse that others run; an administrator with access management runs them
 * once. They need `settings_constraints_replace_previous`, which servers have by default.
 */
export function readerUserStatements(
  database: string,
  reader: Credentials,
  limits: ReaderLimits = defaultReaderLimits,
): readonly string[] {
  const user = quoteName(reader.username);
  const settings = readerSettings(limits).map(({ name, value, min, max }) => {
    const bounds = max === undefined ? ' CONST' : ` MIN ${min} MAX ${max} CHANGEABLE_IN_READONLY`;
    return `${name} = ${typeof value === 'number' ? value : quoteText(value)}${bounds}`;
  });
  return [
    `CREATE SETTINGS PROFILE OR REPLACE ${user} SETTINGS ${settings.join(', ')}`,
    `CREATE USER OR REPLACE ${user} IDENTIFIED WITH sha256_password BY ${quoteText(reader.password)} SETTINGS PROFILE ${user}`,
    `GRANT SELECT ON ${quoteName(database)}.* TO ${user}`,
  ];
}

/** A name between backticks. Names are ours or of the configuration, never of a request. */
export function quoteName(name: string): string {
  assert(!/[`\\]/.test(name), `a name without backticks and backslashes is wanted, got ${name}`);
  return `\`${name}\``;
}

const quoteText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
