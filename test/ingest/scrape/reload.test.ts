/** What becomes of targets and their series when jobs are configured anew while they are scraped. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bench, bodies, intervalMs, report, scraping, target } from './scraper-bench.js';
import { waitUntil } from './wait-until.js';

const a = 'a{instance="i",job="j"}';
const b = 'b{instance="i",job="j"}';
const up = 'up{instance="i",job="j"}';
const job = (address: string, rest = ''): string => `{job_name: j, ${target(rest)(address)}}`;

/** Lets so many intervals pass, with what the sink takes meanwhile. */
async function passIntervals({ clock, taken }: Bench, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const before = taken.length;
    await clock.pass(intervalMs);
    await waitUntil(() => taken.length > before).catch(() => {});
  }
}

describe('a job that is configured anew', () => {
  it('is not disturbed where nothing of it changed', () =>
    scraping(target(), bodies('a 1\n'), async ({ scrape, scraper, reload }, { address, connections }) => {
      await scrape();
      const before = scraper.pools[0];
      reload(job(address));
      assert.equal(scraper.pools[0], before);
      assert.deepEqual((await scrape()).own, { [a]: 1 });
      assert.equal(connections(), 1);
    }));

  it('goes on with its series where another of its keys changed', () =>
    scraping(target(), bodies('a 1\nb 1\n'), async (bench, { address }) => {
      const { scrape, scraper, reload, taken } = bench;
      await scrape();
      reload(job(address, 'scrape_timeout: 3s'));
      assert.equal(scraper.targets().activeTargets[0]?.health, 'up');
      assert.equal(scraper.targets().activeTargets[0]?.scrapeTimeout, '3s');
      const next = await scrape();
      assert.deepEqual(next.own, { [a]: 1, [b]: 1 });
      assert.deepEqual(report(next.all), [1, 2, 2, 0]);
      await passIntervals(bench, 3);
      assert.ok(taken.every(({ own, all }) => own[a] === 1 && all[up] === 1));
    }));

  it('ends the series that its new rules drop, with the next scrape', () =>
    scraping(target(), bodies('a 1\nb 1\n'), async ({ scrape, reload }, { address }) => {
      await scrape();
      reload(job(address, 'metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]'));
      assert.deepEqual((await scrape()).own, { [a]: 1, [b]: 'stale' });
    }));

  it('ends the series of a target that it lists no more, and keeps those of the others', () =>
    scraping(
      (address) =>
        `static_configs: [{targets: ['${address}'], labels: {n: 1}}, {targets: ['${address}'], labels: {n: 2}}]`,
      bodies('a 1\n'),
      async (bench, { address }) => {
        const { scrape, reload, taken } = bench;
        await scrape(2);
        reload(`{job_name: j, static_configs: [{targets: ['${address}'], labels: {n: 1}}]}`);
        await passIntervals(bench, 4);
        const ends = taken.flatMap(({ own }) => Object.entries(own)).filter(([, value]) => value === 'stale');
        assert.deepEqual(ends, [[`a{instance="${address}",job="j",n="2"}`, 'stale']]);
      },
    ));

  it('may be gone, which ends its series, and come back before they ended, which keeps them', () =>
    scraping(target(), bodies('a 1\n'), async (bench, { address }) => {
      const { scrape, scraper, reload, taken, clock } = bench;
      await scrape();
      reload();
      assert.deepEqual(scraper.targets().activeTargets, []);
      await clock.pass(intervalMs);
      reload(job(address));
      await passIntervals(bench, 4);
      assert.ok(taken.every(({ own }) => own[a] === 1));
      reload();
      await clock.pass(4 * intervalMs);
      await waitUntil(() => taken.at(-1)!.own[a] === 'stale');
      assert.equal(taken.at(-1)!.all[up], 'stale');
      assert.equal(clock.timers, 0);
    }));

  it('is scraped beside others that are added', () =>
    scraping(target(), bodies('a 1\n'), async ({ scrape, scraper, reload, taken }, { address }) => {
      await scrape();
      reload(`{job_name: k, ${target()(address)}}`, job(address));
      assert.deepEqual(
        scraper.pools.map((pool) => pool.job.jobName),
        ['j', 'k'],
      );
      await scrape(2);
      assert.ok(taken.some(({ own }) => own['a{instance="i",job="k"}'] === 1));
    }));

  it('waits for a scrape that is under way, which counts', () => {
    let answer = (): void => {};
    return scraping(
      target(),
      (_, response) => {
        answer = () => void response.setHeader('content-type', 'text/plain').end('a 1\n');
      },
      async ({ clock, reload, taken }, { address, requests }) => {
        await clock.pass(intervalMs);
        await waitUntil(() => requests.length === 1);
        reload(job(address, 'scrape_timeout: 3s'));
        answer();
        await waitUntil(() => taken.length === 1);
        assert.deepEqual(taken[0]!.own, { [a]: 1 });
      },
    );
  });
});

describe('what is counted', () => {
  it('is every scrape by its outcome, every sync, and every interval', async () => {
    const told: unknown[][] = [];
    const counters = {
      scraped: (name: string, end: string, samples: number) => void told.push(['scraped', name, end, samples]),
      intervalPassed: (interval: string, seconds: number) => void told.push(['interval', interval, seconds]),
      synced: (name: string, _seconds: number, failures: number) => void told.push(['synced', name, failures]),
      targetLimitExceeded: (name: string) => void told.push(['limit', name]),
      discovered() {},
    };
    await scraping(
      target('sample_limit: 2'),
      bodies('a 1\n', 'a 1\nb 1\nc 1\n', '{'),
      async ({ scrape, reload }, { address }) => {
        await scrape();
        await scrape();
        await scrape();
        reload(`{job_name: j, target_limit: 1, static_configs: [{targets: ['${address}', 'other:1', '']}]}`);
      },
      { counters },
    );
    assert.deepEqual(told, [
      ['synced', 'j', 0],
      ['scraped', 'j', 'ok', 1],
      ['interval', '10s', 10],
      ['scraped', 'j', 'too_many_samples', 0],
      ['interval', '10s', 10],
      ['scraped', 'j', 'invalid_exposition', 0],
      ['synced', 'j', 1],
      ['limit', 'j'],
    ]);
  });
});
