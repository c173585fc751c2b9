/** A whole server that scrapes, and whose configuration is read again while it runs. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { startTestTarget, type TestTarget } from '../ingest/scrape/test-target.js';
import { waitUntil } from '../ingest/scrape/wait-until.js';
import { startTestServer, type TestServer } from './test-server.js';

let folder: string;
let target: TestTarget;
let server: TestServer;

const text = '# HELP a Of a.\n# TYPE a counter\na 1\n# HELP b Of b.\n# TYPE b gauge\nb 2\n';
const jobs = (names: readonly string[], rest = ''): string =>
  `metrics: {flush_rows_max: 1000${rest}}
global: {scrape_interval: 100ms, scrape_timeout: 100ms}
scrape_configs: [${names.map((name) => `{job_name: ${name}, static_configs: [{targets: ['${target.address}'], labels: {of: ${name}}}]}`)}]
`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barograph-reload-'));
  target = await startTestTarget((_, response) => response.setHeader('content-type', 'text/plain').end(text));
  await writeFile(join(folder, 'barograph.yaml'), jobs(['one']));
  server = await startTestServer({ config: join(folder, 'barograph.yaml'), mayLogErrors: true });
});
after(async () => {
  await server.stop();
  await target.close();
  await rm(folder, { recursive: true });
});

const configure = (yaml: string): Promise<void> => writeFile(join(folder, 'barograph.yaml'), yaml);
const reload = () => server.post<string>('/-/reload', '');
async function data<Data>(path: string): Promise<Data> {
  const { status, body } = await server.get<{ status: string; data: Data }>(path);
  assert.equal(status, 200);
  assert.equal(body.status, 'success');
  return body.data;
}
const poolsOf = async (): Promise<string[]> =>
  (await data<{ scrapePools: string[] }>('/api/v1/scrape_pools')).scrapePools;
async function untilUp(count: number): Promise<void> {
  const upCount = async (): Promise<number> =>
    (await data<{ activeTargets: { health: string }[] }>('/api/v1/targets')).activeTargets.filter(
      ({ health }) => health === 'up',
    ).length;
  let isUp = false;
  const look = setInterval(async () => {
    isUp = (await upCount()) === count;
  }, 20);
  await waitUntil(() => isUp).finally(() => clearInterval(look));
}

it('a target’s metadata are told by target, by metric and by selector', async () => {
  await untilUp(1);
  const labels = { instance: target.address, job: 'one', of: 'one' };
  assert.deepEqual(await data('/api/v1/targets/metadata'), [
    { target: labels, metric: 'a', type: 'counter', help: 'Of a.', unit: '' },
    { target: labels, metric: 'b', type: 'gauge', help: 'Of b.', unit: '' },
  ]);
  assert.deepEqual(await data('/api/v1/targets/metadata?metric=b&match_target={job="one"}'), [
    { target: labels, type: 'gauge', help: 'Of b.', unit: '' },
  ]);
  assert.deepEqual(await data('/api/v1/targets/metadata?match_target={job="other"}'), []);
  assert.equal((await data<unknown[]>('/api/v1/targets/metadata?limit=1')).length, 1);
  assert.deepEqual(await data('/api/v1/targets/metadata?limit=0'), []);
  const refused = await server.get<{ errorType: string }>('/api/v1/targets/metadata?match_target={');
  assert.deepEqual([refused.status, refused.body.errorType], [400, 'bad_data']);
  const badLimit = await server.get<{ error: string }>('/api/v1/targets/metadata?limit=x');
  assert.deepEqual([badLimit.status, badLimit.body.error], [400, 'limit must be a number']);
});

it('what is scraped follows the file at POST /-/reload, and keys that wait for the next start are named', async () => {
  await configure(jobs(['one', 'two']));
  assert.deepEqual([(await reload()).status, await poolsOf()], [200, ['one', 'two']]);
  await untilUp(2);
  await configure(jobs(['two'], ', flush_interval: 5s'));
  const { status, body } = await reload();
  assert.deepEqual([status, body], [200, 'count from the next start on: metrics.flush_interval\n']);
  assert.deepEqual(await poolsOf(), ['two']);
  assert.equal((await fetch(`${server.url}/-/reload`, { method: 'PUT' })).status, 200);
  assert.equal((await fetch(`${server.url}/-/reload`)).status, 405);
});

it('a file that is broken is refused with the reason, and everything goes on as before', async () => {
  await configure(jobs(['two']));
  await reload();
  for (const [yaml, reason] of [
    ['scrape_configs: [{job_name: x, scrape_intervall: 1s}]', /scrape_configs\[0\]\.scrape_intervall/],
    ['scrape_configs: [', /barograph\.yaml/],
    ['nonsense: 1', /nonsense/],
  ] as const) {
    await configure(yaml);
    const { status, body } = await reload();
    assert.equal(status, 500);
    assert.match(body, /^failed to reload config: /);
    assert.match(body, reason);
    assert.deepEqual(await poolsOf(), ['two']);
    assert.equal(await server.metric('barograph_config_last_reload_successful'), 0);
    const info = await data<{ reloadConfigSuccess: boolean }>('/api/v1/status/runtimeinfo');
    assert.equal(info.reloadConfigSuccess, false);
  }
  await configure(jobs(['two']));
  await reload();
  assert.equal(await server.metric('barograph_config_last_reload_successful'), 1);
  assert.ok((await server.metric('barograph_config_last_reload_success_timestamp_seconds')) > Date.now() / 1000 - 60);
});

it('/metrics tells scrapes by outcome, targets by state, syncs, and discoveries that fail', async () => {
  await configure(
    `${jobs(['two']).trimEnd().slice(0, -1)}, {job_name: sick, static_configs: [{targets: ['127.0.0.1:1']}], file_sd_configs: [{files: [${folder}/broken.json]}]}]\n`,
  );
  await writeFile(join(folder, 'broken.json'), '{');
  assert.equal((await reload()).status, 200);
  await untilUp(1);
  let failed = 0;
  const look = setInterval(async () => {
    failed = await server.metric('barograph_target_scrapes_total{scrape_job="sick",outcome="scrape_failed"}');
  }, 20);
  await waitUntil(() => failed > 0).finally(() => clearInterval(look));
  const values = {
    'target_scrapes_total{scrape_job="two",outcome="ok"}': (value: number) => value > 0,
    'target_scrape_samples_total{scrape_job="two"}': (value: number) => value > 0 && value % 2 === 0,
    'target_scrape_duration_seconds_count{scrape_job="two"}': (value: number) => value > 0,
    'target_interval_length_seconds_count{interval="100ms"}': (value: number) => value > 0,
    'target_scrape_pool_targets{scrape_job="sick"}': (value: number) => value === 1,
    'targets{scrape_job="two",state="up"}': (value: number) => value === 1,
    'targets{scrape_job="sick",state="down"}': (value: number) => value === 1,
    'target_scrape_pool_sync_total{scrape_job="sick"}': (value: number) => value > 0,
    'target_sync_failed_total{scrape_job="sick"}': (value: number) => value === 0,
    'sd_refresh_failures_total{mechanism="file",config="sick"}': (value: number) => value > 0,
    'sd_discovered_targets{scrape_job="sick"}': (value: number) => value === 1,
    target_scrape_pools: (value: number) => value === 2,
    'target_metadata_cache_entries{scrape_job="two"}': (value: number) => value === 2,
  };
  for (const [name, isRight] of Object.entries(values)) {
    const value = await server.metric(`barograph_${name}`);
    assert.ok(isRight(value), `${name}: ${value}`);
  }
});
