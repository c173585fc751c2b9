/** What clients of Prometheus ask a server about itself, and about rules and alerts, of which there are none. */
import type { FastifyInstance } from 'fastify';
import { prometheusAnswers } from '../contract/prometheus.js';
import { invalidParameter, success } from './prometheus-answer.js';
import { parametersOf } from './prometheus-parameters.js';

export interface ServerFacts {
  /** Barograph's own version. */
  readonly version: string;
  readonly startedMs: number;
  /** The last reading of the configuration, and when the one in use was read, epoch milliseconds. */
  readonly configurationRead: () => { readonly isSuccessful: boolean; readonly successMs: number };
  readonly workingFolder: string;
  readonly hostname: string;
  /** What Prometheus would have been told on its command line to act as this server does. */
  readonly flags: Readonly<Record<string, string>>;
}

/** The Prometheus whose language and API this is: clients choose what they ask for by it. */
export const prometheusVersion = '3.14.0';

export function registerPrometheusStatus(app: FastifyInstance, facts: ServerFacts): void {
  const get = (url: string, summary: string, told: string, data: (parameters: URLSearchParams) => unknown): void => {
    app.get(url, { schema: { tags: ['Metrics'], summary, response: prometheusAnswers(told) } }, async (request) =>
      success(data(parametersOf(request))),
    );
  };
  get(
    '/api/v1/status/buildinfo',
    'The version, as clients of Prometheus ask for it',
    '`version` is that of the Prometheus whose API is served, `barographVersion` that of this server.',
    () => buildInfo(facts),
  );
  get('/api/v1/status/runtimeinfo', 'The process, in Prometheus’ form', 'What has no meaning here is 0 or empty.', () =>
    runtimeInfo(facts),
  );
  get(
    '/api/v1/status/flags',
    'Flags of Prometheus that describe this server',
    'Texts by name; those without a counterpart are absent.',
    () => facts.flags,
  );
  get('/api/v1/status/config', 'The configuration, in Prometheus’ form', 'A comment that tells where it is.', () => ({
    yaml: '# This is Barograph: its configuration is barograph.yaml, which may hold secrets and is not shown.\n',
  }));
  get('/api/v1/rules', 'Rules, in Prometheus’ form', 'No groups.', rules);
  get('/api/v1/alerts', 'Alerts, in Prometheus’ form', 'No alerts.', () => ({ alerts: [] }));
  get('/api/v1/alertmanagers', 'Alertmanagers, in Prometheus’ form', 'None.', () => ({
    activeAlertmanagers: [],
    droppedAlertmanagers: [],
  }));
}

const buildInfo = ({ version }: ServerFacts) => ({
  version: prometheusVersion,
  revision: '',
  branch: '',
  buildUser: '',
  buildDate: '',
  goVersion: '',
  application: 'Barograph',
  barographVersion: version,
});

const runtimeInfo = ({ startedMs, configurationRead, workingFolder, hostname }: ServerFacts) => ({
  startTime: new Date(startedMs).toISOString(),
  CWD: workingFolder,
  hostname,
  serverTime: new Date().toISOString(),
  reloadConfigSuccess: configurationRead().isSuccessful,
  lastConfigTime: new Date(configurationRead().successMs).toISOString(),
  corruptionCount: 0,
  goroutineCount: 0,
  GOMAXPROCS: 0,
  GOMEMLIMIT: 0,
  GOGC: '',
  GODEBUG: '',
  storageRetention: '',
});

function rules(parameters: URLSearchParams) {
  const type = (parameters.get('type') ?? '').toLowerCase();
  if (!['', 'alert', 'record'].includes(type))
    throw invalidParameter('type', `not supported value ${JSON.stringify(type)}`);
  return { groups: [] };
}
