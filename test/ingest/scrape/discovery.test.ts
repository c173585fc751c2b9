import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startFileDiscovery } from '../../../src/ingest/scrape/file-discovery.js';
import { startHttpDiscovery } from '../../../src/ingest/scrape/http-discovery.js';
import { parseScrapeConfigs } from '../../../src/ingest/scrape/scrape-config.js';
import type { TargetGroup } from '../../../src/ingest/scrape/target-group.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { startTestTarget, type TestTarget } from './test-target.js';
import { waitUntil } from './wait-until.js';

/** What a discovery tells, and a way to wait for it. */
function createListener() {
  const told: (readonly TargetGroup[])[] = [];
  const problems: string[] = [];
  return {
    told,
    problems,
    until: waitUntil,
    last: () => told.at(-1),
    onGroups: (groups: readonly TargetGroup[]) => void told.push(groups),
    onProblem: (problem: string) => void problems.push(problem),
    onRead: () => {},
  };
}

type Listener = ReturnType<typeof createListener>;

describe('the discovery of targets in files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barograph-scrape-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs a discovery over files of a folder of its own. */
  async function discovering(
    files: Record<string, string>,
    patterns: string[],
    run: (listener: Listener, path: (name: string) => string, clock: FakeClock) => Promise<void>,
  ): Promise<void> {
    const home = await mkdtemp(join(folder, 'files-'));
    const path = (name: string): string => join(home, name);
    for (const [name, text] of Object.entries(files)) await writeFile(path(name), text);
    const listener = createListener();
    const clock = createFakeClock();
    const config = { files: patterns.map(path), refreshIntervalMs: 60_000 };
    const discovery = startFileDiscovery(config, { clock, ...listener });
    try {
      await run(listener, path, clock);
    } finally {
      await discovery.stop();
    }
  }

  const yaml = (target: string) => `- {targets: ['${target}']}`;

  it('reads JSON and YAML, with the texts as they are written, and tells the file', () =>
    discovering(
      {
        'a.json': '[{"targets": ["a:1", "a:2"], "labels": {"env": "prod"}}]',
        'b.yml': '- targets: [b:1]\n  labels: {version: 1.10, on: yes}\n- targets: []\n',
      },
      ['a.json', 'b.yml', 'missing.yaml'],
      async ({ until, last, told }, path) => {
        await until(() => told.length > 0);
        assert.deepEqual(last(), [
          { targets: ['a:1', 'a:2'], labels: { env: 'prod', __meta_filepath: path('a.json') } },
          { targets: ['b:1'], labels: { version: '1.10', on: 'yes', __meta_filepath: path('b.yml') } },
          { targets: [], labels: { __meta_filepath: path('b.yml') } },
        ]);
      },
    ));

  it('takes every file that a pattern matches', () =>
    discovering(
      { 'web-1.yml': yaml('w:1'), 'web-2.yml': yaml('w:2'), 'db.yml': yaml('d:1'), 'web-3.json': '[]' },
      ['web-*.yml'],
      async ({ until, last, told }) => {
        await until(() => told.length > 0);
        assert.deepEqual(
          last()?.map(({ targets }) => targets),
          [['w:1'], ['w:2']],
        );
      },
    ));

  it('sees a file that is changed, added, replaced or removed, without waiting for the interval', () =>
    discovering({ 'a.yml': yaml('a:1') }, ['*.yml'], async ({ until, last, told }, path) => {
      const targets = (): string => (last() ?? []).map((group) => group.targets).join();
      await until(() => told.length > 0 && targets() === 'a:1');
      await writeFile(path('a.yml'), yaml('a:2'));
      await until(() => targets() === 'a:2');
      await writeFile(path('b.yml'), yaml('b:1'));
      await until(() => targets() === 'a:2,b:1');
      await writeFile(path('new'), yaml('b:2'));
      await rename(path('new'), path('b.yml'));
      await until(() => targets() === 'a:2,b:2');
      await rm(path('a.yml'));
      await until(() => targets() === 'b:2');
    }));

  it('sees a folder that comes later, at the interval', () =>
    discovering({}, ['later/*.yml'], async ({ until, last, told }, path, clock) => {
      await until(() => told.length > 0);
      assert.deepEqual(last(), []);
      await mkdir(path('later'));
      await writeFile(path('later/a.yml'), yaml('a:1'));
      await until(() => clock.timers === 1);
      await clock.pass(60_000);
      await until(() => last()?.length === 1);
    }));

  const wrong: [why: string, name: string, text: string, problem: RegExp][] = [
    ['is no JSON', 'a.json', '[{"targets": ', /JSON/],
    ['is no YAML', 'a.yml', '- {targets: [', /a\.yml/],
    ['holds no list', 'a.yml', 'targets: [a:1]', /got no list of target groups/],
    ['holds an unknown key', 'a.yml', '- {target: [a:1]}', /group 1: unknown key target, wanted targets and labels/],
    ['holds an empty group', 'a.json', '[{}, null]', /group 2: got no section/],
    ['holds a target that is no text', 'a.json', '[{"targets": [{}]}]', /group 1: targets is no list of addresses/],
    ['holds a label that is no text', 'a.json', '[{"labels": {"a": []}}]', /group 1: labels is no section of texts/],
  ];
  for (const [why, name, text, problem] of wrong)
    it(`tells of a file that ${why}, and goes on with the others`, () =>
      discovering(
        { [name]: text, 'good.yml': yaml('g:1') },
        ['*.yml', '*.json'],
        async ({ until, last, told, problems }) => {
          await until(() => told.length > 0);
          assert.deepEqual(
            last()?.map(({ targets }) => targets),
            [['g:1']],
          );
          assert.match(problems.join(), problem);
        },
      ));

  it('keeps the targets of a file that is broken later, until it is whole again', () =>
    discovering(
      { 'a.yml': yaml('a:1'), 'b.yml': yaml('b:1') },
      ['*.yml'],
      async ({ until, last, told, problems }, path) => {
        await until(() => told.length > 0);
        await writeFile(path('a.yml'), '- {');
        await until(() => problems.length > 0);
        await writeFile(path('b.yml'), yaml('b:2'));
        await until(() => last()?.[1]?.targets[0] === 'b:2');
        assert.deepEqual(last()?.[0]?.targets, ['a:1']);
        await writeFile(path('a.yml'), yaml('a:2'));
        await until(() => last()?.[0]?.targets[0] === 'a:2');
      },
    ));
});

describe('the discovery of targets by HTTP', () => {
  /** Runs a discovery at a server; its configuration may say more than the URL. */
  async function discovering(
    answer: RequestListener,
    run: (listener: Listener, server: TestTarget, clock: FakeClock) => Promise<void>,
    rest: object = {},
  ): Promise<void> {
    const server = await startTestTarget(answer);
    const listener = createListener();
    const clock = createFakeClock();
    const section = { url: `http://${server.address}/targets`, refresh_interval: '30s', ...rest };
    const [job] = parseScrapeConfigs({ scrape_configs: [{ job_name: 'a', http_sd_configs: [section] }] }, '/');
    const discovery = startHttpDiscovery(job!.httpDiscoveries[0]!, { clock, ...listener });
    try {
      await run(listener, server, clock);
    } finally {
      await discovery.stop();
      await server.close();
    }
  }

  const json = (response: ServerResponse, body: string): void => {
    response.setHeader('content-type', 'application/json; charset=utf-8').end(body);
  };

  it('takes the groups of the answer, and asks again at every interval', () => {
    let port = 0;
    return discovering(
      (_, response) => json(response, `[{"targets": ["a:${++port}"], "labels": {"zone": "z"}}]`),
      async ({ until, last, told }, server, clock) => {
        await until(() => told.length === 1);
        const labels = { zone: 'z', __meta_url: `http://${server.address}/targets` };
        assert.deepEqual(last(), [{ targets: ['a:1'], labels }]);
        const {
          accept,
          authorization,
          'x-prometheus-refresh-interval-seconds': interval,
        } = server.requests[0]!.headers;
        assert.deepEqual([accept, authorization, interval], ['application/json', 'Bearer t', '30']);
        await clock.pass(29_999);
        assert.equal(server.requests.length, 1);
        await clock.pass(1);
        await until(() => told.length === 2);
        assert.deepEqual(last(), [{ targets: ['a:2'], labels }]);
      },
      { authorization: { credentials: 't' } },
    );
  });

  const wrong: [why: string, answer: (response: ServerResponse) => void, problem: RegExp][] = [
    ['has another status', (response) => response.writeHead(500).end(), /HTTP status 500/],
    [
      'has another content type',
      (response) => response.end('[]'),
      /got the content type none, wanted application\/json/,
    ],
    ['is no JSON', (response) => json(response, '['), /JSON/],
    ['is no list of groups', (response) => json(response, '{"targets": []}'), /got no list of target groups/],
  ];
  for (const [why, answer, problem] of wrong)
    it(`tells of an answer that ${why}, and keeps what it has`, () => {
      let requests = 0;
      return discovering(
        (_, response) => (++requests === 2 ? answer(response) : json(response, `[{"targets": ["a:${requests}"]}]`)),
        async ({ until, last, told, problems }, _, clock) => {
          await until(() => told.length === 1 && clock.timers === 1);
          await clock.pass(30_000);
          await until(() => problems.length === 1 && clock.timers === 1);
          assert.match(problems[0]!, problem);
          assert.deepEqual(last()?.[0]?.targets, ['a:1']);
          await clock.pass(30_000);
          await until(() => last()?.[0]?.targets[0] === 'a:3');
        },
      );
    });

  it('gives up a server that does not answer within the interval', () =>
    discovering(
      () => {},
      async ({ until, problems }, server, clock) => {
        await until(() => clock.timers === 1);
        await clock.pass(30_000);
        await until(() => problems.length === 1);
        assert.equal(problems[0], `targets at http://${server.address}/targets: there was no answer within 30 s`);
      },
    ));

  it('ends although a server does not answer', () =>
    discovering(
      () => {},
      async ({ until, problems }, server) => {
        await until(() => server.requests.length === 1);
        assert.deepEqual(problems, []);
      },
    ));
});
