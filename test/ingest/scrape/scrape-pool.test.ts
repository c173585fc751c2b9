import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseScrapeConfigs } from '../../../src/ingest/scrape/scrape-config.js';
import { startScraper } from '../../../src/ingest/scrape/scraper.js';
import { bodies, intervalMs, scraping, startMs } from './scraper-bench.js';
import { startTestTarget } from './test-target.js';
import { waitUntil } from './wait-until.js';

describe('targets that come and go', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barograph-scrape-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs a scraper whose targets are listed in a file. `list` writes the addresses, with labels. */
  async function listing(
    run: (
      parts: Parameters<Parameters<typeof scraping>[2]>[0] & { list: (labels?: object) => Promise<void> },
    ) => Promise<void>,
  ): Promise<void> {
    const file = join(await mkdtemp(join(folder, 'list-')), 'targets.json');
    await writeFile(file, '[]');
    const keys = `file_sd_configs: [{files: ['${file}']}], relabel_configs: [{target_label: instance, replacement: i}]`;
    await scraping(
      () => keys,
      bodies('a 1\n'),
      async (bench, { address }) => {
        const list = async (labels?: object): Promise<void> => {
          const isListed = labels !== undefined;
          const before = JSON.stringify(
            bench.scraper.targets().activeTargets.map(({ discoveredLabels }) => discoveredLabels),
          );
          await writeFile(file, JSON.stringify(isListed ? [{ targets: [address], labels }] : []));
          await waitUntil(
            () =>
              JSON.stringify(bench.scraper.targets().activeTargets.map(({ discoveredLabels }) => discoveredLabels)) !==
              before,
          );
        };
        await run({ ...bench, list });
      },
    );
  }

  const a = 'a{instance="i",job="j"}';
  const up = 'up{instance="i",job="j"}';

  it('are scraped from when they are found', () =>
    listing(async ({ list, scrape, clock, taken }) => {
      await clock.pass(intervalMs);
      assert.equal(taken.length, 0);
      await list({});
      assert.deepEqual((await scrape()).own, { [a]: 1 });
    }));

  it('end 2.1 intervals after the last scrape, report too, at the time of the scrape that would have followed', () =>
    listing(async ({ list, scrape, clock, taken }) => {
      await list({});
      const { timeMs } = await scrape();
      await list();
      await clock.pass(timeMs - clock.nowMs() + 2.1 * intervalMs - 1);
      assert.equal(taken.length, 1);
      await clock.pass(1);
      await waitUntil(() => taken.length === 2);
      const end = taken[1]!;
      assert.equal(end.timeMs, timeMs + intervalMs);
      assert.deepEqual([end.own[a], end.all[up]], ['stale', 'stale']);
      assert.equal(Object.keys(end.all).length, 6);
      await clock.pass(10 * intervalMs);
      assert.equal(taken.length, 2);
    }));

  it('do not end where they come back meanwhile, although other hidden labels make them other targets', () =>
    listing(async ({ list, scrape, clock, taken }) => {
      await list({ __scrape_timeout__: '5s' });
      await scrape();
      await list({ __scrape_timeout__: '6s' });
      await scrape();
      await clock.pass(5 * intervalMs);
      await waitUntil(() => taken.length >= 6);
      assert.ok(taken.every(({ own, all }) => own[a] === 1 && all[up] === 1));
    }));

  it('end and begin where other labels make other series of theirs', () =>
    listing(async ({ list, scrape, clock, taken }) => {
      await list({});
      await scrape();
      await list({ env: 'x' });
      await clock.pass(3 * intervalMs);
      await waitUntil(() => taken.some(({ own }) => own[a] === 'stale'));
      assert.ok(taken.some(({ own }) => own['a{env="x",instance="i",job="j"}'] === 1));
    }));
});

describe('a job', () => {
  const two = (address: string, rest: string) =>
    `static_configs: [{targets: ['${address}'], labels: {n: 1}}, {targets: ['${address}'], labels: {n: 2}}], ${rest}`;

  it('with more targets than its limit fails all their scrapes without asking', () =>
    scraping(
      (address) => two(address, 'target_limit: 1'),
      bodies('a 1\n'),
      async ({ scrape, scraper }, { requests }) => {
        await scrape(2);
        const { activeTargets } = scraper.targets();
        assert.deepEqual(
          activeTargets.map(({ health }) => health),
          ['down', 'down'],
        );
        assert.match(activeTargets[0]!.lastError, /2 targets, more than its limit of 1 \(target_limit\)/);
        assert.equal(requests.length, 0);
      },
    ));

  it('scrapes the same target once, however often it is listed', () =>
    scraping(
      (address) => `static_configs: [{targets: ['${address}', '${address}']}]`,
      bodies('a 1\n'),
      async ({ scrape, scraper }, { requests }) => {
        await scrape();
        assert.equal(scraper.targets().activeTargets.length, 1);
        assert.equal(requests.length, 1);
      },
    ));

  it('leaves out what is past the bound of targets, and says so', () =>
    scraping(
      (address) => two(address, ''),
      bodies('a 1\n'),
      async ({ scraper, problems }) => {
        assert.equal(scraper.targets().activeTargets.length, 1);
        assert.deepEqual(problems, ['job j: 1 targets are left out, more than 1 are not taken']);
      },
      { limits: { targetsMax: 1 } },
    ));

  it('leaves out an address that is none, and says so', () =>
    scraping(
      () => "static_configs: [{targets: ['']}]",
      bodies(''),
      async ({ scraper, problems }) => {
        assert.equal(scraper.targets().activeTargets.length, 0);
        assert.deepEqual(problems, ['job j: the target "" is left out: there is no address']);
      },
    ));

  it('scrapes no more targets at a time than there are slots', async () => {
    let open = 0;
    let openMost = 0;
    await scraping(
      (address) => `static_configs: [${[1, 2, 3, 4].map((n) => `{targets: ['${address}'], labels: {n: ${n}}}`)}]`,
      (_, response) => {
        openMost = Math.max(openMost, ++open);
        setTimeout(() => {
          open--;
          response.setHeader('content-type', 'text/plain').end('a 1\n');
        }, 20);
      },
      async ({ scrape, taken }) => {
        await scrape(4);
        assert.ok(taken.every(({ all }) => Object.values(all).length === 6));
        assert.equal(openMost, 1);
      },
      { limits: { scrapesMax: 1 } },
    );
  });

  it('scrapes over TLS, with credentials', async () => {
    const fixture = (name: string): string =>
      join(import.meta.dirname, '../../../../test/ingest/scrape/fixtures', name);
    const tls = { key: readFileSync(fixture('server-key.pem')), cert: readFileSync(fixture('server.pem')) };
    const server = await startTestTarget((request, response) => {
      const isKnown = request.headers.authorization === `Basic ${Buffer.from('me:pw').toString('base64')}`;
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'text/plain' }).end('a 1\n');
    }, tls);
    const job = {
      job_name: 'j',
      scheme: 'https',
      scrape_interval: '1s',
      tls_config: { ca_file: fixture('ca.pem') },
      basic_auth: { username: 'me', password: 'pw' },
      static_configs: [{ targets: [server.address] }],
    };
    // The system's clock for once.
    const scraper = startScraper({ configs: parseScrapeConfigs({ scrape_configs: [job] }, '/'), sink: async () => {} });
    try {
      await waitUntil(() => scraper.targets().activeTargets[0]?.health === 'up');
    } finally {
      await scraper.stop();
      await server.close();
    }
  });
});

describe('the answer on targets', () => {
  const rules = `relabel_configs: [{source_labels: [n], regex: '2', action: drop}, {target_label: instance, replacement: i}]`;
  const keys = (address: string): string =>
    `static_configs: [{targets: ['${address}'], labels: {n: 1}}, {targets: ['${address}'], labels: {n: 2}}], ${rules}`;

  it('has Prometheus’ form', () =>
    scraping(keys, bodies('a 1\n'), async ({ scraper, scrape }, { address }) => {
      const common = { __address__: address, __metrics_path__: '/metrics', __scheme__: 'http', job: 'j' };
      const discoveredLabels = { ...common, __scrape_interval__: '10s', __scrape_timeout__: '10s' };
      const first = scraper.targets();
      const { globalUrl, ...active } = first.activeTargets[0]!;
      assert.deepEqual(active, {
        discoveredLabels: { ...discoveredLabels, n: '1' },
        labels: { instance: 'i', job: 'j', n: '1' },
        scrapePool: 'j',
        scrapeUrl: `http://${address}/metrics`,
        lastError: '',
        lastScrape: '0001-01-01T00:00:00Z',
        lastScrapeDuration: 0,
        health: 'unknown',
        scrapeInterval: '10s',
        scrapeTimeout: '10s',
      });
      assert.match(globalUrl, /^http:\/\/[^/]+:\d+\/metrics$/);
      assert.equal(globalUrl.includes('127.0.0.1'), false);
      assert.deepEqual(first.droppedTargets, [{ discoveredLabels: { ...discoveredLabels, n: '2' }, scrapePool: 'j' }]);
      assert.deepEqual(first.droppedTargetCounts, { j: 1 });
      const { timeMs } = await scrape();
      await waitUntil(() => scraper.targets().activeTargets[0]?.health === 'up');
      assert.equal(scraper.targets().activeTargets[0]?.lastScrape, new Date(timeMs).toISOString());
      assert.ok(timeMs >= startMs);
    }));

  it('shows what is asked for', () =>
    scraping(keys, bodies('a 1\n'), async ({ scraper }) => {
      const counts = (query: object) => {
        const { activeTargets, droppedTargets } = scraper.targets(query);
        return [activeTargets.length, droppedTargets.length];
      };
      assert.deepEqual(counts({ state: 'active' }), [1, 0]);
      assert.deepEqual(counts({ state: 'Dropped' }), [0, 1]);
      assert.deepEqual(counts({ state: 'any', scrapePool: 'j' }), [1, 1]);
      assert.deepEqual(counts({ scrapePool: 'other' }), [0, 0]);
    }));
});
