/**
 * The configuration of a server: one schema from which the type, the names of files' keys and of environment variables,
 * the checks, the defaults and `docs/reference/configuration.md` all follow. `configuration-loading.ts` fills it.
 *
 * A property's name ends in its unit. Numbers are milliseconds (`…Ms`), bytes (`bytes…`) or counts.
 */
import Type, { type TSchemaOptions } from 'typebox';
import type { Address, FormName } from './configuration-forms.js';
import { type ConfigurationKey, keysOf } from './configuration-keys.js';

const kiB = 2 ** 10;
const miB = 2 ** 20;
const giB = 2 ** 30;
const dayMs = 86_400_000;

const key = (form: FormName, description: string, rest: object = {}): TSchemaOptions => ({
  form,
  description,
  ...rest,
});
/** Unsafe, because JSON Schema's number excludes infinity, which stands for "off"; bounds are checked all the same. */
const number = (form: FormName, byDefault: number, description: string, rest: object = {}) =>
  Type.Unsafe<number>(key(form, description, { default: byDefault, minimum: 0, ...rest }));
const duration = (byDefaultMs: number, description: string, rest?: object) =>
  number('duration', byDefaultMs, description, rest);
const size = (byDefaultBytes: number, description: string, rest: object = { minimum: kiB }) =>
  number('size', byDefaultBytes, description, rest);
const count = (byDefault: number, description: string, rest: object = { minimum: 1 }) =>
  number('count', byDefault, description, rest);
const choice = <const Words extends string[]>(words: Words, byDefault: Words[number], description: string) =>
  Type.Enum(words, key('choice', description, { default: byDefault }));
const optionalText = (description: string, rest?: object) => Type.Optional(Type.String(key('text', description, rest)));

const structure = (description: string, rest: object = {}) =>
  Type.Optional(Type.Unsafe<object>(key('structure', description, rest)));

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const logFormats = ['auto', 'json', 'pretty'] as const;

export const configurationSchema = Type.Object({
  data: Type.String(
    key('folder', 'Folder of everything that is stored: the write-ahead log and the embedded engine.', {
      default: 'barograph-data',
    }),
  ),
  listen: Type.Unsafe<Address>(
    key('address', 'Where the HTTP server listens. Port 0 lets the system choose a free one.', {
      default: { host: '127.0.0.1', port: 4800 } satisfies Address,
    }),
  ),
  log: Type.Object({
    level: choice([...logLevels], 'info', 'The least severe level that is logged.'),
    format: choice([...logFormats], 'auto', '`auto` is `pretty` on a terminal and `json` elsewhere.'),
  }),
  wal: Type.Object({
    bytesMax: size(
      10 * giB,
      'Most bytes of the write-ahead log on disk. Past them writes are refused with `log_full`, until the engine has stored what the log holds.',
      { minimum: miB },
    ),
    segmentBytes: size(64 * miB, 'Size at which a segment of the log is closed and the next one begun.', {
      minimum: 64 * kiB,
    }),
    groupCommitDelayMs: duration(
      0,
      'How long a write waits for others to share its fsync with. At 0 it shares with those that arrive during the fsync before it.',
      { maximum: 1_000 },
    ),
  }),
  ingest: Type.Object({
    bodyBytesMax: size(64 * miB, 'Most bytes of a request’s body as it is sent.'),
    decodedBytesMax: size(512 * miB, 'Most bytes of a request’s body once it is decompressed.'),
    inflightBytesMax: size(
      giB,
      'Most bytes of the bodies that are being decoded, all requests together. Past them requests are refused with `too_many_requests`.',
    ),
    flushIntervalMs: duration(
      1_000,
      'A row is in its table, and so seen by every query, after this time at the latest.',
      {
        minimum: 1,
      },
    ),
    flushRowsMax: count(200_000, 'Rows that wait for the engine are flushed at once when they are this many.'),
    memoryBytesMax: size(
      256 * miB,
      'Most bytes of decoded rows that wait in memory for the engine. Rows past them wait in the log alone and are read back.',
    ),
    accept: Type.Object({
      aheadMs: number(
        'duration_or_off',
        3_600_000,
        'How far ahead of the server’s clock the time of a row may lie. `off` accepts any time.',
      ),
    }),
    idFilterBytesMax: size(
      256 * miB,
      'Most bytes of the filter that tells new request ids from known ones without asking the engine.',
    ),
  }),
  metrics: Type.Object({
    accept: Type.Object({
      behindMs: number(
        'duration_or_off',
        7 * dayMs,
        'How far behind the server’s clock the time of a sample may lie. `off` accepts any time. Imports have no such bound.',
      ),
      aheadMs: number(
        'duration_or_off',
        600_000,
        'How far ahead of the server’s clock the time of a sample may lie. `off` accepts any time. Imports have no such bound.',
      ),
    }),
    flushIntervalMs: duration(
      10_000,
      'Samples are in their table, and so seen by SQL, after this time at the latest.',
      {
        minimum: 1,
      },
    ),
    flushRowsMax: count(1_000_000, 'Samples that wait for the engine are flushed at once when they are this many.'),
    memoryBytesMax: size(
      256 * miB,
      'Most bytes of samples that wait in memory for the engine. Samples past them wait in the log alone and are read back.',
    ),
    chunkBytesMax: Type.Optional(
      Type.Unsafe<number>(
        key(
          'size',
          'Most bytes of samples that are kept in memory for queries, in chunks. The present hour stays whatever it takes.',
          {
            minimum: 16 * miB,
            defaultMeaning: 'a quarter of the machine’s memory',
          },
        ),
      ),
    ),
    warmMs: number(
      'duration_or_off',
      dayMs,
      'How far back from now samples are brought back into memory after a start, in the background, up to half of `metrics.chunk_bytes_max`.',
    ),
    snapshot: Type.Object({
      bytesMax: Type.Optional(
        Type.Unsafe<number>(
          key(
            'size',
            'Most bytes of the file that a stop leaves of the samples in memory, so that the next start has them there; the oldest hours are left out where all would take more. 0 leaves none. With `engine.url`, only for a database that nothing else writes to; none with `engine.cluster`.',
            {
              minimum: 0,
              defaultMeaning: '`metrics.chunk_bytes_max`; 0 with `engine.url`',
            },
          ),
        ),
      ),
      timeMaxMs: duration(
        10_000,
        'Longest time that a stop takes for that file. Where it is not enough, none is left.',
        {
          minimum: 1,
        },
      ),
    }),
    senderKeysBytesMax: size(
      256 * miB,
      'Most bytes of what is remembered of senders’ names for series, so that known series are found without decoding a label.',
      { minimum: miB },
    ),
    derived: Type.Object({
      intervalMs: duration(15_000, 'How often metrics are derived from predictions and ground truth.', {
        minimum: 100,
      }),
      buckets: structure(
        'Other buckets than the usual ones: a list of entries with `model` and any of `latency` (seconds), `confidence` and `score`, each the ascending upper bounds.',
        { defaultMeaning: 'the same buckets for all models' },
      ),
    }),
    push: Type.Object({
      intervalMs: Type.Optional(
        Type.Unsafe<number>(
          key('duration', 'How often the groups of pushed metrics are written again.', {
            minimum: 100,
            defaultMeaning: '`scrape_interval` of `global`, or 1m',
          }),
        ),
      ),
      maxAgeMs: number(
        'duration_or_off',
        Number.POSITIVE_INFINITY,
        'A group that heard of no push for so long is deleted. `off` keeps groups until they are deleted by a request.',
        { minimum: 1_000 },
      ),
      groupsMax: count(
        10_000,
        'Most groups of pushed metrics. Past them a push to another is refused with `push_limit`.',
      ),
      groupSeriesMax: count(100_000, 'Most series of one group of pushed metrics.'),
      bytesMax: size(256 * miB, 'Most memory of all groups of pushed metrics.', { minimum: miB }),
    }),
    cardinality: Type.Object({
      seriesMax: count(2_000_000, 'Most series in all.'),
      seriesPerMetricMax: count(
        200_000,
        'Most series of one metric; the parts of a histogram or summary count as one metric.',
      ),
      valuesPerLabelMax: count(20_000, 'Most values of one label of one metric.'),
      rules: structure(
        'What is done with a label whatever the budgets say: a list of rules, each with `metric`, `action` (`keep`, `drop`, `bucket`, `hash`, `reject`, `route`, `aggregate`) and what the action takes. See the guide on cardinality.',
        { defaultMeaning: 'no rule' },
      ),
      newSeriesPerMinuteMax: Type.Optional(
        Type.Unsafe<number>(key('count', 'Most new series in a minute.', { minimum: 1, defaultMeaning: 'any number' })),
      ),
    }),
  }),
  query: Type.Object({
    timeMaxMs: duration(30_000, 'Longest time that a query may run.', { minimum: 1 }),
    memoryBytesMax: size(2 * giB, 'Most memory that a query may use.', { minimum: miB }),
    resultRowsMax: count(1_000_000, 'Most rows that a query may return.'),
    readRowsMax: count(10_000_000_000, 'Most rows that a query may read.'),
    concurrentMax: count(8, 'Most queries at a time. More wait for their turn.'),
    promql: Type.Object({
      timeMaxMs: duration(120_000, 'Longest time that a PromQL query may take, its wait included.', { minimum: 1 }),
      samplesMax: count(
        50_000_000,
        'Most samples that a PromQL query may read, and most that it may hold at once. A query that is expected to read more is refused before it runs.',
      ),
      seriesMax: count(1_000_000, 'Most series that a PromQL query may read.'),
      pointsMax: count(10_000_000, 'Most points that a PromQL query may return, all series together.'),
      answerBytesMax: size(256 * miB, 'Most bytes of the answer to a PromQL query.'),
      concurrentMax: count(20, 'Most light PromQL queries at a time. More wait for their turn.'),
      heavy: Type.Object({
        workMin: count(
          250_000,
          'A PromQL query with so many samples to decode and points to compute is heavy: it runs in a thread of its own, so that acknowledgements of writes do not wait for it.',
        ),
        threads: Type.Optional(
          Type.Unsafe<number>(
            key('count', 'Threads for heavy PromQL queries, which is how many run at a time.', {
              minimum: 1,
              defaultMeaning: 'one for each core but one, at least one and at most eight',
            }),
          ),
        ),
        memoryBytesMax: Type.Optional(
          Type.Unsafe<number>(
            key(
              'size',
              'Most memory of the objects of such a thread. Its samples lie outside of it: 16 bytes each, of at most `query.promql.samples_max`.',
              { minimum: 64 * miB, defaultMeaning: 'an eighth of the machine’s memory, at least 256 MiB' },
            ),
          ),
        ),
        waitingMax: count(32, 'Most heavy PromQL queries that wait for a thread. More are refused with 429.', {
          minimum: 0,
        }),
        waitMaxMs: duration(10_000, 'Longest time that a heavy PromQL query waits for a thread.', { minimum: 1 }),
      }),
      client: Type.Object({
        concurrentMax: count(100, 'Most PromQL queries of one client at a time, those that wait included.'),
        heavyMax: count(8, 'Most heavy PromQL queries of one client at a time, those that wait included.'),
        header: optionalText(
          'Header that says who the client of a PromQL query is, such as one that a proxy sets after it has checked who asks.',
          { defaultMeaning: 'a client is known by its address' },
        ),
      }),
      rehearsal: choice(
        ['on', 'off'],
        'on',
        'Whether a start evaluates some queries on made-up samples, so that the first real ones find their code compiled and a thread for heavy ones running. It takes about a second of a core.',
      ),
      lookbackMs: duration(300_000, 'How old a sample may be to count as the value of its series.', { minimum: 1 }),
      cacheBytesMax: size(
        64 * miB,
        'Memory for results of range queries, which are evaluated anew only where they go beyond what is kept; 0 keeps none.',
      ),
    }),
  }),
  evaluation: Type.Object({
    rowsMax: count(100_000, 'Most rows of an evaluation: its buckets times its cohorts.'),
    timeMaxMs: duration(60_000, 'Longest time that an evaluation may run.', { minimum: 1 }),
  }),
  engine: Type.Object({
    url: Type.Optional(
      Type.String(
        key('url', 'HTTP address of a ClickHouse server or cluster.', {
          defaultMeaning: 'a private engine is started in the data folder',
        }),
      ),
    ),
    database: Type.String(
      key('text', 'Database that holds the tables; it is created where it is missing.', {
        default: 'barograph',
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      }),
    ),
    username: optionalText('User that owns the tables. Only with `engine.url`.', { defaultMeaning: '`default`' }),
    password: optionalText('Password of `engine.username`.', { secret: true, defaultMeaning: 'no password' }),
    readerUsername: optionalText(
      'User that runs the SQL of clients; it may only select from the database. Only with `engine.url`.',
      { defaultMeaning: 'SQL of clients is refused' },
    ),
    readerPassword: optionalText('Password of `engine.reader_username`.', {
      secret: true,
      defaultMeaning: 'no password',
    }),
    cluster: optionalText('Name of the cluster that the tables are created on. Only with `engine.url`.', {
      defaultMeaning: 'one node',
    }),
    memoryBytesMax: Type.Optional(
      Type.Unsafe<number>(
        key('size', 'Most memory of the private engine. Not with `engine.url`.', {
          minimum: 256 * miB,
          defaultMeaning: '40 % of the machine’s memory',
        }),
      ),
    ),
  }),
  global: structure(
    'Defaults of scraping, as in the file of Prometheus: `scrape_interval`, `scrape_timeout`, `external_labels` and limits.',
    {
      defaultMeaning: 'the defaults of Prometheus',
    },
  ),
  scrapeConfigs: structure(
    'What is scraped: a list of jobs, as in the file of Prometheus. Relative paths start at the working folder.',
    {
      secret: true,
      defaultMeaning: 'nothing is scraped',
    },
  ),
  shutdown: Type.Object({
    graceMs: duration(10_000, 'Longest time that a stop waits for requests that are being answered.'),
  }),
});

type DeepReadonly<T> = T extends object ? { readonly [Name in keyof T]: DeepReadonly<T[Name]> } : T;

/** A checked configuration, frozen at every level. `data` is an absolute path. */
export type Configuration = DeepReadonly<Type.Static<typeof configurationSchema>>;

export const configurationKeys: readonly ConfigurationKey[] = keysOf(configurationSchema);

/** Name of the file that is read where it lies in the working folder and no other is named. */
export const configurationFileName = 'barograph.yaml';

/** The value of a key in a configuration; undefined where an optional one is absent. */
export const valueAt = (configuration: Configuration, { path }: Pick<ConfigurationKey, 'path'>): unknown =>
  path.reduce<unknown>((node, segment) => (node as Record<string, unknown>)[segment], configuration);
