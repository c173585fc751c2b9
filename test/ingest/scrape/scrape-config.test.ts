import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { isBarographError } from '../../../src/base/errors.js';
import { parseScrapeConfigs } from '../../../src/ingest/scrape/scrape-config.js';

const jobsOf = (yaml: string) => parseScrapeConfigs(parse(yaml), '/etc/barograph');

/** The only job of a configuration. */
function jobOf(yaml: string) {
  const [job] = jobsOf(yaml);
  assert.ok(job);
  return job;
}

/** The problems that a configuration is refused for. */
function problemsOf(yaml: string): string[] {
  try {
    jobsOf(yaml);
  } catch (error) {
    assert.ok(isBarographError(error, 'bad_configuration'));
    const lines = error.message.split('\n');
    return lines.length === 1 ? lines : lines.slice(1).map((line) => line.trim());
  }
  assert.fail('the configuration was taken');
}

/** Every key that is supported, and what it comes to. */
const everyKey = `
  global: {external_labels: {site: 3}}
  scrape_configs:
    - job_name: node
      scrape_interval: 1m30s
      scrape_timeout: 20s
      scrape_protocols: [PrometheusText0.0.4]
      fallback_scrape_protocol: PrometheusText0.0.4
      metrics_path: /probe
      scheme: https
      params: {module: [http_2xx, icmp], n: [1]}
      honor_labels: true
      honor_timestamps: false
      track_timestamps_staleness: true
      enable_compression: false
      extra_scrape_metrics: true
      body_size_limit: 10MB
      sample_limit: 1
      target_limit: 2
      label_limit: 3
      label_name_length_limit: 4
      label_value_length_limit: 5
      keep_dropped_targets: 6
      basic_auth: {username: me, password_file: secrets/password}
      tls_config: {ca_file: /ca.pem, cert: C, key_file: key.pem, server_name: s, insecure_skip_verify: true, min_version: TLS13}
      follow_redirects: false
      static_configs: [{targets: ['a:1', 'b:2'], labels: {env: prod, shard: 7}}]
      file_sd_configs: [{files: ['targets/*.yml'], refresh_interval: 10s}]
      http_sd_configs: [{url: 'http://sd/targets', authorization: {credentials: t}}]
      relabel_configs: [{source_labels: [env], action: KEEP, regex: prod}]
      metric_relabel_configs: [{regex: id, action: labeldrop}]
`;
const tls = {
  ca: { file: '/ca.pem' },
  cert: { text: 'C' },
  key: { file: '/etc/barograph/key.pem' },
  serverName: 's',
};
const everyValue = {
  jobName: 'node',
  scrapeIntervalMs: 90_000,
  scrapeTimeoutMs: 20_000,
  scheme: 'https',
  metricsPath: '/probe',
  params: { module: ['http_2xx', 'icmp'], n: ['1'] },
  protocols: ['PrometheusText0.0.4'],
  fallbackProtocol: 'PrometheusText0.0.4',
  honorLabels: true,
  honorTimestamps: false,
  trackTimestampsStaleness: true,
  enableCompression: false,
  extraScrapeMetrics: true,
  limits: {
    bodyBytesMax: 10 * 1024 * 1024,
    samplesMax: 1,
    targetsMax: 2,
    labelsMax: 3,
    labelNameBytesMax: 4,
    labelValueBytesMax: 5,
  },
  droppedTargetsMax: 6,
  http: {
    authorization: {
      kind: 'basic',
      username: { text: 'me' },
      password: { file: '/etc/barograph/secrets/password' },
    },
    tls: { ...tls, insecureSkipVerify: true, minVersion: 'TLS13', maxVersion: undefined },
    followRedirects: false,
  },
  staticGroups: [{ targets: ['a:1', 'b:2'], labels: { env: 'prod', shard: '7' } }],
  fileDiscoveries: [{ files: ['/etc/barograph/targets/*.yml'], refreshIntervalMs: 10_000 }],
  httpDiscoveries: [
    {
      url: 'http://sd/targets',
      refreshIntervalMs: 60_000,
      http: {
        authorization: { kind: 'credentials', type: 'Bearer', credentials: { text: 't' } },
        tls: {
          ca: undefined,
          cert: undefined,
          key: undefined,
          serverName: undefined,
          insecureSkipVerify: false,
          minVersion: 'TLS12',
          maxVersion: undefined,
        },
        followRedirects: true,
      },
    },
  ],
  externalLabels: { site: '3' },
};

describe('scrape_configs', () => {
  it('have the defaults of Prometheus', () => {
    const job = jobOf('scrape_configs: [{job_name: a}]');
    const { relabel, source: _, ...rest } = job;
    assert.deepEqual(relabel([['a', '1']]), [['a', '1']]);
    assert.deepEqual(rest, {
      jobName: 'a',
      scrapeIntervalMs: 60_000,
      scrapeTimeoutMs: 10_000,
      scheme: 'http',
      metricsPath: '/metrics',
      params: {},
      protocols: ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'],
      fallbackProtocol: undefined,
      honorLabels: false,
      honorTimestamps: true,
      trackTimestampsStaleness: false,
      enableCompression: true,
      extraScrapeMetrics: false,
      limits: {
        bodyBytesMax: Number.POSITIVE_INFINITY,
        samplesMax: Number.POSITIVE_INFINITY,
        targetsMax: Number.POSITIVE_INFINITY,
        labelsMax: Number.POSITIVE_INFINITY,
        labelNameBytesMax: Number.POSITIVE_INFINITY,
        labelValueBytesMax: Number.POSITIVE_INFINITY,
      },
      droppedTargetsMax: 1_000,
      http: {
        authorization: undefined,
        tls: {
          ca: undefined,
          cert: undefined,
          key: undefined,
          serverName: undefined,
          insecureSkipVerify: false,
          minVersion: 'TLS12',
          maxVersion: undefined,
        },
        followRedirects: true,
      },
      staticGroups: [],
      fileDiscoveries: [],
      httpDiscoveries: [],
      relabelMetrics: undefined,
      externalLabels: {},
    });
  });

  it('take every key that is supported', () => {
    const job = jobOf(everyKey);
    assert.equal(job.relabel([['env', 'test']]), undefined);
    assert.deepEqual(
      job.relabelMetrics?.([
        ['a', '1'],
        ['id', '1'],
      ]),
      [['a', '1']],
    );
    const { relabel, relabelMetrics, source: _, ...rest } = job;
    assert.deepEqual(rest, everyValue);
  });

  it('inherit what they do not say from global, and cut the timeout to the interval', () => {
    const [inherits, own, short] = jobsOf(`
      global: {scrape_interval: 30s, scrape_timeout: 25s, sample_limit: 10, body_size_limit: 1KB, scrape_protocols: [OpenMetricsText1.0.0]}
      scrape_configs:
        - {job_name: inherits}
        - {job_name: own, scrape_interval: 2m, scrape_timeout: 1m, sample_limit: 5, scrape_protocols: [PrometheusText1.0.0]}
        - {job_name: short, scrape_interval: 5s}
    `);
    assert.deepEqual([inherits?.scrapeIntervalMs, inherits?.scrapeTimeoutMs], [30_000, 25_000]);
    assert.deepEqual([inherits?.limits.samplesMax, inherits?.limits.bodyBytesMax], [10, 1024]);
    assert.deepEqual(inherits?.protocols, ['OpenMetricsText1.0.0']);
    assert.deepEqual([own?.scrapeIntervalMs, own?.scrapeTimeoutMs, own?.limits.samplesMax], [120_000, 60_000, 5]);
    assert.deepEqual(own?.protocols, ['PrometheusText1.0.0']);
    assert.deepEqual([short?.scrapeIntervalMs, short?.scrapeTimeoutMs], [5_000, 5_000]);
  });

  it('take bearer_token for authorization', () => {
    const { http } = jobOf('scrape_configs: [{job_name: a, bearer_token_file: token}]');
    const credentials = { file: '/etc/barograph/token' };
    assert.deepEqual(http.authorization, { kind: 'credentials', type: 'Bearer', credentials });
  });

  it('take a regex of nothing for the empty one', () => {
    const job = jobOf(
      'scrape_configs: [{job_name: a, relabel_configs: [{source_labels: [x], regex: , action: keep}]}]',
    );
    assert.equal(job.relabel([['x', '1']]), undefined);
    assert.deepEqual(job.relabel([['y', '1']]), [['y', '1']]);
  });

  it('may be absent', () => {
    assert.deepEqual(jobsOf('scrape_configs:'), []);
    assert.deepEqual(jobsOf(''), []);
  });
});

const job = (keys: string) => `scrape_configs: [{job_name: a, ${keys}}]`;
const refused: [why: string, yaml: string, problem: string][] = [
  [
    'for an unknown key, with the nearest known one',
    job('relabel_config: []'),
    'scrape_configs[0].relabel_config: unknown key; the nearest known key is relabel_configs',
  ],
  [
    'for an unknown key of a section',
    job('tls_config: {cafile: x}'),
    'scrape_configs[0].tls_config.cafile: unknown key; the nearest known key is ca_file',
  ],
  [
    'for a key that Prometheus has and that is not supported',
    job('kubernetes_sd_configs: []'),
    'scrape_configs[0].kubernetes_sd_configs: Prometheus has this key, Barograph does not support it',
  ],
  ['without a job’s name', 'scrape_configs: [{}]', 'scrape_configs[0].job_name: is missing'],
  ['for an empty name', "scrape_configs: [{job_name: ''}]", 'scrape_configs[0].job_name: is empty'],
  [
    'for two jobs of one name',
    'scrape_configs: [{job_name: a}, {job_name: b}, {job_name: a}]',
    'scrape_configs[2].job_name: there is another job with the name a',
  ],
  [
    'for a wrong duration',
    job('scrape_interval: 1.5m'),
    'scrape_configs[0].scrape_interval: got "1.5m", wanted a duration such as 15s, 1m or 1h30m',
  ],
  [
    'for a size without a unit',
    job('body_size_limit: 1000'),
    'scrape_configs[0].body_size_limit: got 1000, wanted a size such as 10MB, or 0',
  ],
  ['for a negative limit', job('sample_limit: -1'), 'scrape_configs[0].sample_limit: got -1, wanted a whole number'],
  ['for a flag that is none', job('honor_labels: 1'), 'scrape_configs[0].honor_labels: got 1, wanted true or false'],
  ['for another scheme', job('scheme: ftp'), 'scrape_configs[0].scheme: got "ftp", wanted one of http, https'],
  [
    'for a timeout longer than the interval',
    job('scrape_interval: 5s, scrape_timeout: 6s'),
    'scrape_configs[0].scrape_timeout: is longer than the scrape interval',
  ],
  [
    'for a timeout longer than the interval that is inherited',
    `global: {scrape_interval: 5s}\n${job('scrape_timeout: 6s')}`,
    'scrape_configs[0].scrape_timeout: is longer than the scrape interval',
  ],
  [
    'for a global timeout longer than the interval',
    'global: {scrape_interval: 5s, scrape_timeout: 6s}',
    'global.scrape_timeout: is longer than the scrape interval',
  ],
  [
    'for a URL as a target',
    job("static_configs: [{targets: ['http://a:1/metrics']}]"),
    'scrape_configs[0].static_configs[0].targets: http://a:1/metrics is not of the form HOST:PORT',
  ],
  [
    'for a list that is a section',
    job('static_configs: {targets: []}'),
    'scrape_configs[0].static_configs: got a section, wanted a list of sections',
  ],
  ['for an empty item of a list', job('relabel_configs: [null]'), 'scrape_configs[0].relabel_configs[0]: is empty'],
  [
    'for a rule that cannot be',
    job('relabel_configs: [{action: hashmod, target_label: a}]'),
    'scrape_configs[0].relabel_configs[0]: action hashmod needs modulus, a whole number from 1',
  ],
  [
    'for two ways to authorize',
    job('basic_auth: {username: a}, bearer_token: b'),
    'scrape_configs[0]: at most one of basic_auth, authorization and bearer_token can be given',
  ],
  [
    'for a password and its file',
    job('basic_auth: {password: a, password_file: b}'),
    'scrape_configs[0].basic_auth: at most one of password and password_file can be given',
  ],
  [
    'for basic authorization in the wrong section',
    job('authorization: {type: Basic, credentials: x}'),
    'scrape_configs[0].authorization.type: is basic; use basic_auth for it',
  ],
  [
    'for a certificate without its key',
    job('tls_config: {cert_file: a}'),
    'scrape_configs[0].tls_config: a certificate and its key belong together, one of them is missing',
  ],
  [
    'for a protocol that is not supported',
    job('scrape_protocols: [PrometheusProto]'),
    'scrape_configs[0].scrape_protocols: got PrometheusProto, wanted some of OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText1.0.0, PrometheusText0.0.4',
  ],
  [
    'for a file of targets of another kind',
    job("file_sd_configs: [{files: ['a.txt']}]"),
    'scrape_configs[0].file_sd_configs[0].files: a.txt must end in .json, .yml or .yaml, and hold * in its last part only',
  ],
  [
    'for a discovery at no URL',
    job('http_sd_configs: [{url: sd}]'),
    'scrape_configs[0].http_sd_configs[0].url: got sd, wanted an http or https URL',
  ],
  [
    'for labels that are no texts',
    'global: {external_labels: {a: [1]}}',
    'global.external_labels: got {"a":[1]}, wanted labels, a text by each name',
  ],
];

describe('a configuration is refused', () => {
  for (const [why, yaml, problem] of refused)
    it(why, () => {
      assert.deepEqual(problemsOf(yaml), [problem]);
    });

  it('with every problem at once', () => {
    const problems = problemsOf('scrape_configs: [{job_name: a, scheme: x, params: 1}, {jobname: b}]');
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      [
        'scrape_configs[0].scheme',
        'scrape_configs[0].params',
        'scrape_configs[1].jobname',
        'scrape_configs[1].job_name',
      ],
    );
  });

  it('without repeating a secret', () => {
    const [problem] = problemsOf(job('basic_auth: {password: [hunter2]}'));
    assert.equal(problem, 'scrape_configs[0].basic_auth.password: got a value that is not shown here, wanted text');
  });
});
