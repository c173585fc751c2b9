/**
 * The keys of `global` and `scrape_configs`, with the names, forms and defaults of Prometheus 3. `read-section.ts` reads by these schemas;
 * `scrape-config.ts` checks what keys must be to each other. Source: prometheus/prometheus config/config.go and
 * prometheus/common config/http_config.go.
 */
import Type, { type TObject, type TProperties } from 'typebox';
import { relabelActions } from '../../model/relabel.js';
import type { SectionFormName } from './section-forms.js';

const field = <T>(form: SectionFormName, description: string, rest: object = {}) =>
  Type.Optional(Type.Unsafe<T>({ form, description, ...rest }));
/** A key that always has a value. */
const filled = <T>(form: SectionFormName, byDefault: T, description: string) =>
  Type.Unsafe<T>({ form, description, default: byDefault });
const required = <T>(form: SectionFormName, description: string) => Type.Unsafe<T>({ form, description });

const flag = (byDefault: boolean, description: string) => filled('flag', byDefault, description);
const duration = (description: string) => field<number>('duration', description);
const size = (description: string) => field<number>('size', description);
const count = (description: string) => field<number>('count', description);
const text = (description: string) => field<string>('text', description);
const secret = (description: string) => field<string>('text', description, { secret: true });
const texts = (description: string) => field<string[]>('texts', description);
const choice = <const Word extends string>(words: readonly Word[], description: string) =>
  field<Word>('choice', description, { enum: words });
const section = <Properties extends TProperties>(properties: Properties, unsupported: readonly string[] = []) =>
  Type.Object(properties, { unsupported });
const sections = <Items extends TObject>(items: Items) => Type.Optional(Type.Array(items));

export const tlsVersions = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;

const tlsConfig = section(
  {
    ca: text('Certificates of the authorities to trust, PEM.'),
    caFile: text('File with them.'),
    cert: text('Our certificate, PEM.'),
    certFile: text('File with it.'),
    key: secret('The key of our certificate, PEM.'),
    keyFile: text('File with it.'),
    serverName: text('Name that the target’s certificate must carry, where it is not the host of the address.'),
    insecureSkipVerify: flag(false, 'Takes any certificate.'),
    minVersion: choice(tlsVersions, 'Oldest version of TLS that is spoken; by default TLS12.'),
    maxVersion: choice(tlsVersions, 'Newest version of TLS that is spoken.'),
  },
  ['ca_ref', 'cert_ref', 'key_ref'],
);

/** How requests are made; part of `scrape_configs` and of `http_sd_configs`. */
export const httpClientProperties = {
  basicAuth: Type.Optional(
    section(
      {
        username: text('User name.'),
        usernameFile: text('File with it.'),
        password: secret('Password.'),
        passwordFile: text('File with it.'),
      },
      ['username_ref', 'password_ref'],
    ),
  ),
  authorization: Type.Optional(
    section(
      {
        type: filled('text', 'Bearer', 'First word of the Authorization header.'),
        credentials: secret('What follows it.'),
        credentialsFile: text('File with what follows it.'),
      },
      ['credentials_ref'],
    ),
  ),
  bearerToken: secret('Short for `authorization.credentials`.'),
  bearerTokenFile: text('Short for `authorization.credentials_file`.'),
  tlsConfig: Type.Optional(tlsConfig),
  followRedirects: flag(true, 'Follows redirects of the target.'),
};

const unsupportedHttpClientKeys = [
  'enable_http2',
  'http_headers',
  'no_proxy',
  'oauth2',
  'proxy_connect_header',
  'proxy_from_environment',
  'proxy_url',
];

const relabelConfig = section({
  sourceLabels: texts('Labels whose values are joined and looked at.'),
  separator: text('Stands between them; by default `;`.'),
  regex: field<string>('regex', 'RE2 expression that the whole of it must match; by default `(.*)`.'),
  modulus: count('For `hashmod`, the number of shards.'),
  targetLabel: text('Label that is written.'),
  replacement: text('What is written; by default `$1`.'),
  action: Type.Optional(
    Type.Unsafe<(typeof relabelActions)[number]>({
      form: 'choice',
      description: 'What is done; by default `replace`.',
      enum: [...relabelActions, ...relabelActions.map((action) => action.toUpperCase())],
    }),
  ),
});

const staticConfig = section({
  targets: filled<string[]>('texts', [], 'Addresses, each HOST:PORT.'),
  labels: filled<Record<string, string>>('labels', {}, 'Labels of all of them.'),
});

const fileSdConfig = section({
  files: required<string[]>('texts', 'Files of target groups, JSON or YAML; the last part of a path may hold `*`.'),
  refreshIntervalMs: filled('duration', 300_000, 'Time between readings, changes or not.'),
});

const httpSdConfig = section(
  {
    ...httpClientProperties,
    url: required<string>('text', 'Where target groups are read as JSON.'),
    refreshIntervalMs: filled('duration', 60_000, 'Time between readings.'),
  },
  unsupportedHttpClientKeys,
);

export const scrapeProtocols = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
] as const;
export type ScrapeProtocol = (typeof scrapeProtocols)[number];

/** Keys that stand in `global` for all jobs and in a job for itself. */
const inheritedProperties = {
  scrapeIntervalMs: duration('Time between scrapes of a target; by default 1m.'),
  scrapeTimeoutMs: duration('Longest time of a scrape; by default 10s, and never longer than the interval.'),
  scrapeProtocols: texts('Formats that are asked for, the most wanted first.'),
  bodySizeLimitBytes: size('Largest body, bytes once decompressed; a larger one fails the scrape. 0 for no limit.'),
  sampleLimit: count('Most samples after metric relabelling; more fail the scrape. 0 for no limit.'),
  targetLimit: count('Most targets of a job; with more, all their scrapes fail. 0 for no limit.'),
  labelLimit: count('Most labels of a series; more fail the scrape. 0 for no limit.'),
  labelNameLengthLimit: count('Longest name of a label, bytes; a longer one fails the scrape. 0 for no limit.'),
  labelValueLengthLimit: count('Longest value of a label, bytes; a longer one fails the scrape. 0 for no limit.'),
  keepDroppedTargets: count('Most targets dropped by relabelling that are remembered for a job. 0 for our bound.'),
  extraScrapeMetrics: field<boolean>('flag', 'Stores the timeout, the sample limit and the size of bodies, too.'),
};

const unsupportedInheritedKeys = [
  'always_scrape_classic_histograms',
  'convert_classic_histograms_to_nhcb',
  'metric_name_escaping_scheme',
  'metric_name_validation_scheme',
  'scrape_failure_log_file',
  'scrape_native_histograms',
];

export const globalSchema = section(
  {
    ...inheritedProperties,
    externalLabels: filled<Record<string, string>>('labels', {}, 'Labels that every scraped series without them gets.'),
  },
  [...unsupportedInheritedKeys, 'evaluation_interval', 'query_log_file', 'rule_query_offset'],
);

const unsupportedDiscoveries = [
  'aws', 'azure', 'consul', 'digitalocean', 'dns', 'docker', 'dockerswarm', 'ec2', 'eureka', 'gce', 'hetzner', 'ionos',
  'kubernetes', 'kuma', 'lightsail', 'linode', 'marathon', 'nerve', 'nomad', 'openstack', 'ovhcloud', 'puppetdb',
  'scaleway', 'serverset', 'stackit', 'triton', 'uyuni', 'vultr',
].map((name) => `${name}_sd_configs`); // biome-ignore format: a list of words

export const scrapeConfigSchema = section(
  {
    jobName: required<string>('text', 'Name of the job, the label `job` of its targets.'),
    ...inheritedProperties,
    fallbackScrapeProtocol: choice(scrapeProtocols, 'Format of a body whose content type says none that is known.'),
    metricsPath: filled('text', '/metrics', 'Path that is scraped.'),
    scheme: Type.Unsafe<'http' | 'https'>({
      form: 'choice',
      enum: ['http', 'https'],
      default: 'http',
      description: 'Protocol of the request.',
    }),
    params: filled<Record<string, string[]>>('params', {}, 'Parameters of the request.'),
    honorLabels: flag(false, 'Where a series carries a label of its target’s, its own value stands.'),
    honorTimestamps: flag(true, 'Takes the times that samples carry.'),
    trackTimestampsStaleness: flag(false, 'Ends series that carry times when they go away, too.'),
    enableCompression: flag(true, 'Asks for gzip.'),
    ...httpClientProperties,
    staticConfigs: sections(staticConfig),
    fileSdConfigs: sections(fileSdConfig),
    httpSdConfigs: sections(httpSdConfig),
    relabelConfigs: sections(relabelConfig),
    metricRelabelConfigs: sections(relabelConfig),
  },
  [
    ...unsupportedHttpClientKeys,
    ...unsupportedInheritedKeys,
    ...unsupportedDiscoveries,
    'native_histogram_bucket_limit',
    'native_histogram_min_bucket_factor',
  ],
);

/** The root: what of Prometheus' file concerns scraping. */
export const scrapeFileSchema = section(
  { global: Type.Optional(globalSchema), scrapeConfigs: sections(scrapeConfigSchema) },
  [
    'alerting',
    'otlp',
    'remote_read',
    'remote_write',
    'rule_files',
    'runtime',
    'scrape_config_files',
    'storage',
    'tracing',
  ],
);

export type GlobalSection = Type.Static<typeof globalSchema>;
export type ScrapeConfigSection = Type.Static<typeof scrapeConfigSchema>;
export type RelabelSection = Type.Static<typeof relabelConfig>;
export type TlsSection = Type.Static<typeof tlsConfig>;
export type HttpClientSection = Type.Static<Type.TObject<typeof httpClientProperties>>;
