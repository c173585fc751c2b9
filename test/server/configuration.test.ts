import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { BarographError } from '../../src/base/errors.js';
import { type Configuration, configurationKeys, valueAt } from '../../src/server/configuration.js';
import { type FormName, forms } from '../../src/server/configuration-forms.js';
import { type ConfigurationKey, parseValue } from '../../src/server/configuration-keys.js';
import {
  type ConfigurationOrigin,
  describeConfiguration,
  loadConfiguration,
} from '../../src/server/configuration-loading.js';

let workingFolder: string;
beforeEach(() => {
  workingFolder = mkdtempSync(join(tmpdir(), 'barograph-configuration-'));
});
afterEach(() => rmSync(workingFolder, { recursive: true }));

const load = (origin: Partial<ConfigurationOrigin> = {}): Configuration =>
  loadConfiguration({ environment: {}, workingFolder, ...origin });

const writeYaml = (text: string, name = 'barograph.yaml'): void => writeFileSync(join(workingFolder, name), text);

/** The message that loading fails with. */
function refusal(origin: Partial<ConfigurationOrigin> = {}): string {
  try {
    load(origin);
  } catch (error) {
    assert.ok(error instanceof BarographError && error.code === 'bad_configuration', String(error));
    return error.message;
  }
  return assert.fail('the configuration was taken');
}

test('without any source every key has its default', () => {
  const configuration = load();
  assert.equal(configuration.data, join(workingFolder, 'barograph-data'));
  assert.deepEqual(configuration.listen, { host: '127.0.0.1', port: 4800 });
  assert.deepEqual(configuration.wal, { bytesMax: 10 * 2 ** 30, segmentBytes: 2 ** 26, groupCommitDelayMs: 0 });
  assert.deepEqual(configuration.ingest, {
    bodyBytesMax: 2 ** 26,
    decodedBytesMax: 2 ** 29,
    inflightBytesMax: 2 ** 30,
    flushIntervalMs: 1_000,
    flushRowsMax: 200_000,
    memoryBytesMax: 2 ** 28,
    accept: { aheadMs: 3_600_000 },
    idFilterBytesMax: 2 ** 28,
  });
  assert.deepEqual(configuration.engine, { database: 'barograph' });
  assert.deepEqual(configuration.shutdown, { graceMs: 10_000 });
});

test('every default is a value that its key takes when it is written out', () => {
  for (const key of configurationKeys) {
    if (key.schema.default === undefined) continue;
    assert.deepEqual(parseValue(key, forms[key.schema.form].format(key.schema.default)), key.schema.default, key.name);
  }
});

test('every key has a description, a unique name and a unique variable', () => {
  for (const { name, schema } of configurationKeys) assert.match(schema.description, /^.+\.$/, name);
  assert.equal(new Set(configurationKeys.map(({ name }) => name)).size, configurationKeys.length);
  assert.equal(new Set(configurationKeys.map(({ variable }) => variable)).size, configurationKeys.length);
});

test('every key can be given in the file, by its variable and by --set, to the same effect', () => {
  for (const key of configurationKeys) {
    const text = key.schema.default === undefined ? exampleOf(key) : forms[key.schema.form].format(key.schema.default);
    const needed: Record<string, string> = {};
    if (/^engine\.(username|password|reader|cluster)/.test(key.name))
      needed.BAROGRAPH_ENGINE_URL = 'http://clickhouse:8123';
    if (key.name === 'engine.reader_password') needed.BAROGRAPH_ENGINE_READER_USERNAME = 'reader';
    const [section, ...rest] = key.name.split('.').reverse();
    writeYaml(
      rest.reduce(
        (inner, name) => `{${name}: ${inner}}`,
        `{${section}: ${key.schema.form === 'structure' ? text : JSON.stringify(text)}}`,
      ),
    );
    const byFile = load({ environment: needed });
    writeYaml('');
    const byVariable = load({ environment: { ...needed, [key.variable]: text } });
    const bySet = load({ environment: needed, flags: { set: [`${key.name}=${text}`] } });
    assert.notEqual(valueAt(byFile, key), undefined, key.name);
    assert.deepEqual(byVariable, byFile, key.name);
    assert.deepEqual(bySet, byFile, key.name);
  }
});

/** By form, a value for a key without a default. */
const examples: Partial<Record<FormName, string>> = {
  duration: '30s',
  url: 'http://clickhouse:8123',
  size: '4GiB',
  count: '1000',
  structure: '[{"a":"1.10","b":["x",null]}]',
};
const exampleOf = ({ schema: { form } }: ConfigurationKey): string => examples[form] ?? 'example';

test('a file yields to the environment, and the environment to flags', () => {
  writeYaml('log: {level: warn, format: json}\ningest: {flush_interval: 3s}\n');
  const environment = { BAROGRAPH_LOG_LEVEL: 'debug', BAROGRAPH_INGEST_FLUSH_INTERVAL: '2s' };
  const configuration = load({ environment, flags: { set: ['ingest.flush_interval=500ms'] } });
  assert.deepEqual(configuration.log, { level: 'debug', format: 'json' });
  assert.equal(configuration.ingest.flushIntervalMs, 500);
});

test('--data and --listen set their keys, and --data starts at the working folder', () => {
  const configuration = load({ flags: { data: 'here', listen: '[::]:0' } });
  assert.equal(configuration.data, join(workingFolder, 'here'));
  assert.deepEqual(configuration.listen, { host: '::', port: 0 });
});

test('a YAML file keeps comments, empty sections, aliases and quoted values', () => {
  writeYaml(`# everything is optional
ingest:
  # flush_interval: 1s
query: &limits
  time_max: 45s
  result_rows_max: 5_000
evaluation:
  time_max: "2m"
engine: {url: http://clickhouse:8123, username: 'null', password: 0123}
`);
  const configuration = load();
  assert.equal(configuration.ingest.flushIntervalMs, 1_000);
  assert.equal(configuration.query.timeMaxMs, 45_000);
  assert.equal(configuration.query.resultRowsMax, 5_000);
  assert.equal(configuration.evaluation.timeMaxMs, 120_000);
  assert.equal(configuration.engine.username, 'null');
  assert.equal(configuration.engine.password, '0123');
});

test('an alias stands for the value it names', () => {
  writeYaml('query: {time_max: &long 90s}\nevaluation: {time_max: *long}\n');
  assert.equal(load().evaluation.timeMaxMs, 90_000);
});

test('the time window can be switched off', () => {
  assert.equal(load({ flags: { set: ['ingest.accept.ahead=off'] } }).ingest.accept.aheadMs, Number.POSITIVE_INFINITY);
  assert.match(refusal({ flags: { set: ['ingest.flush_interval=off'] } }), /got "off", wanted a duration/);
});

test('an unknown key in the file is refused with its line, its column and the nearest known key', () => {
  writeYaml('ingest:\n  flush_intervall: 1s\n');
  assert.equal(
    refusal(),
    'barograph.yaml, line 2, column 3: unknown key ingest.flush_intervall; the nearest known key is ingest.flush_interval',
  );
});

test('a key in the wrong section is refused with its place in the right one', () => {
  writeYaml('flush_interval: 1s\n');
  assert.match(refusal(), /unknown key flush_interval; the nearest known key is ingest\.flush_interval$/);
});

test('an unknown variable is refused with the nearest known one, and variables of other programs are not read', () => {
  assert.equal(
    refusal({ environment: { BAROGRAPH_LOG_LEVLE: 'info', BARO: 'x', PATH: '/bin' } }),
    'unknown environment variable BAROGRAPH_LOG_LEVLE; the nearest known one is BAROGRAPH_LOG_LEVEL',
  );
});

test('an empty variable counts as absent', () => {
  assert.equal(load({ environment: { BAROGRAPH_LOG_LEVEL: '' } }).log.level, 'info');
});

test('an unknown key of --set is refused with the nearest known key', () => {
  assert.equal(
    refusal({ flags: { set: ['wal.byte_max=1GiB'] } }),
    '--set wal.byte_max: unknown key wal.byte_max; the nearest known key is wal.bytes_max',
  );
  assert.match(refusal({ flags: { set: ['wal.bytes_max'] } }), /^--set: wanted key=value/);
});

test('a wrong value is refused with its key, its source, what was got and what was wanted', () => {
  const cases: [string, RegExp][] = [
    [
      'wal: {bytes_max: 10 gigs}',
      /^wal\.bytes_max \(barograph\.yaml, line 1, column 7\): got "10 gigs", wanted a size such as .*at least 1MiB$/,
    ],
    ['wal: {bytes_max: 1KiB}', /got "1KiB", wanted a size such as .*, at least 1MiB$/],
    ['wal: {group_commit_delay: 2s}', /got "2s", wanted a duration such as .*, at most 1s$/],
    ['ingest: {flush_interval: 1}', /got "1", wanted a duration such as 500ms, 1s, 5m or 2h, at least 1ms$/],
    ['ingest: {flush_rows_max: 0}', /got "0", wanted a whole number, at least 1$/],
    ['ingest: {flush_rows_max: many}', /got "many", wanted a whole number, at least 1$/],
    ['log: {level: loud}', /got "loud", wanted one of trace, debug, info, warn, error, fatal, silent$/],
    ['log: {format: null}', /got nothing, wanted one value$/],
    ['log: {format: [json]}', /got a list, wanted one value$/],
    ['log: json', /^log \(.*\): got a value, wanted a section of keys$/],
    ['listen: 4800', /got "4800", wanted HOST:PORT$/],
    ['engine: {url: "http://u:p@h"}', /wanted an http or https URL without user, password and query$/],
    ['engine: {database: "a-b"}', /got "a-b", wanted text, matching \^\[A-Za-z_\]/],
    ['- a', /^barograph\.yaml: got a list, wanted keys$/],
  ];
  for (const [yaml, message] of cases) {
    writeYaml(`${yaml}\n`);
    assert.match(refusal(), message, yaml);
  }
});

test('a broken YAML file is refused with the place of the break', () => {
  writeYaml('ingest:\n  flush_interval: 1s\n  flush_interval: 2s\n');
  assert.match(refusal(), /^barograph\.yaml, line 3, column 3: Map keys must be unique/);
  writeYaml('ingest: {flush_interval: 1s\n');
  assert.match(refusal(), /^barograph\.yaml, line 2, column 1: /);
});

test('a key that is given twice in one file, nested and dotted, is refused', () => {
  writeYaml('ingest.flush_interval: 1s\ningest: {flush_interval: 2s}\n');
  assert.equal(refusal(), 'ingest.flush_interval (barograph.yaml, line 2, column 10): given twice');
});

test('a named file must exist, and replaces the one in the working folder', () => {
  writeYaml('log: {level: warn}\n');
  writeYaml('log: {level: debug}\n', 'other.yaml');
  assert.equal(load({ flags: { config: 'other.yaml' } }).log.level, 'debug');
  assert.equal(refusal({ flags: { config: 'missing.yaml' } }), 'missing.yaml cannot be read: no such file');
});

test('all problems are told at once', () => {
  writeYaml('wal: {bytes_max: much}\n');
  const message = refusal({ environment: { BAROGRAPH_NO: '1' }, flags: { set: ['log.level=loud', 'a=b'] } });
  assert.match(message, /^4 problems:\n/);
  for (const part of ['wal.bytes_max (barograph.yaml', 'BAROGRAPH_NO', 'log.level (--set log.level)', 'unknown key a'])
    assert.ok(message.includes(part), part);
});

test('bounds that contradict each other are refused, each with its source', () => {
  assert.equal(
    refusal({ flags: { set: ['wal.bytes_max=32MiB'] } }),
    'wal.segment_bytes (default) is 64MiB, but wal.bytes_max (--set wal.bytes_max) is 32MiB: it must not be above it',
  );
  assert.match(
    refusal({ flags: { set: ['ingest.decoded_bytes_max=2GiB'] } }),
    /^ingest\.decoded_bytes_max .* is 2GiB, but ingest\.inflight_bytes_max \(default\) is 1GiB/,
  );
});

test('credentials without a server, and a memory bound of an engine that is not ours, are refused', () => {
  assert.equal(
    refusal({ environment: { BAROGRAPH_ENGINE_USERNAME: 'me' } }),
    'engine.username (environment variable BAROGRAPH_ENGINE_USERNAME): it needs engine.url, which is not given',
  );
  const url = 'engine.url=http://clickhouse:8123';
  assert.match(
    refusal({ flags: { set: [url, 'engine.memory_bytes_max=1GiB'] } }),
    /^engine\.memory_bytes_max .*: it bounds the private engine/,
  );
  assert.match(refusal({ flags: { set: [url, 'engine.reader_password=x'] } }), /needs engine\.reader_username/);
});

test('a secret is never repeated, neither in a refusal nor in a description', () => {
  const environment = { BAROGRAPH_ENGINE_PASSWORD: '  ', BAROGRAPH_ENGINE_URL: 'http://clickhouse:8123' };
  assert.match(refusal({ environment }), /got a value that is not shown here/);
  assert.ok(!refusal({ flags: { set: ['hunter2'] } }).includes('hunter2'));

  const configuration = load({ environment: { ...environment, BAROGRAPH_ENGINE_PASSWORD: 'hunter2' } });
  const description = describeConfiguration(configuration);
  assert.equal(description['engine.password'], '(set, not shown)');
  assert.equal(description['engine.url'], 'http://clickhouse:8123');
  assert.equal(description['ingest.flush_interval'], '1s');
  assert.ok(!JSON.stringify(description).includes('hunter2'));
});

test('a configuration cannot be changed, at any level', () => {
  const configuration = load() as { ingest: { accept: { aheadMs: number } }; listen: { port: number } };
  assert.throws(() => Object.assign(configuration.ingest.accept, { aheadMs: 1 }), TypeError);
  assert.throws(() => Object.assign(configuration.listen, { port: 1 }), TypeError);
  assert.throws(() => Object.assign(configuration, { data: 'x' }), TypeError);
});
