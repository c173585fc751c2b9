import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import { bodies, intervalMs, report, scraping, startMs, target } from './scraper-bench.js';
import { waitUntil } from './wait-until.js';

describe('a scrape', () => {
  it('brings the samples with the labels of the target, and a report', () =>
    scraping(target(), bodies('a{x="1"} 1\nb 2\n'), async ({ scrape, scraper }, { requests }) => {
      const { own, all } = await scrape();
      assert.deepEqual(own, { 'a{instance="i",job="j",x="1"}': 1, 'b{instance="i",job="j"}': 2 });
      assert.deepEqual(report(all), [1, 2, 2, 2]);
      assert.ok((all['scrape_duration_seconds{instance="i",job="j"}'] as number) >= 0);
      assert.equal(Object.keys(all).length, 7);
      assert.equal(
        requests[0]?.headers.accept,
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
          'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      );
      assert.equal(requests[0]?.headers['accept-encoding'], 'gzip');
      assert.equal(requests[0]?.headers['x-prometheus-scrape-timeout-seconds'], '10');
      assert.equal(scraper.targets().activeTargets[0]?.health, 'up');
    }));

  it('reads what prom-client exposes, metadata too', async () => {
    const registry = new Registry();
    new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['kind'], registers: [registry] }).inc(
      { kind: 'a' },
      3,
    );
    new Histogram({ name: 'wait', help: 'Waits.', buckets: [1, 2], registers: [registry] }).observe(1.5);
    const answer: RequestListener = (_, response) =>
      void registry.metrics().then((text) => response.setHeader('content-type', registry.contentType).end(text));
    await scraping(target(), answer, async ({ scrape }) => {
      const { own, metrics } = await scrape();
      assert.deepEqual(own, {
        'jobs_total{instance="i",job="j",kind="a"}': 3,
        'wait_bucket{instance="i",job="j",le="1.0"}': 0,
        'wait_bucket{instance="i",job="j",le="2.0"}': 1,
        'wait_bucket{instance="i",job="j",le="+Inf"}': 1,
        'wait_sum{instance="i",job="j"}': 1.5,
        'wait_count{instance="i",job="j"}': 1,
      });
      assert.deepEqual(
        metrics.metadata.map(({ metric, type, help }) => [metric, type, help]),
        [
          ['jobs_total', 'counter', 'Jobs.'],
          ['wait', 'histogram', 'Waits.'],
        ],
      );
    });
  });

  it('renames labels that the target has, or honours them', async () => {
    const answer = bodies('a{job="own",instance=""} 1\n');
    await scraping(target(), answer, async ({ scrape }) => {
      assert.deepEqual((await scrape()).own, { 'a{exported_job="own",instance="i",job="j"}': 1 });
    });
    await scraping(target('honor_labels: true'), answer, async ({ scrape }) => {
      assert.deepEqual((await scrape()).own, { 'a{job="own"}': 1 });
    });
  });

  it('relabels series, and counts those that are left', () =>
    scraping(
      target(
        'metric_relabel_configs: [{source_labels: [__name__], regex: go_.*, action: drop}, {regex: x, action: labeldrop}]',
      ),
      bodies('go_gc 1\na{x="1"} 2\n'),
      async ({ scrape }) => {
        const { own, all } = await scrape();
        assert.deepEqual(own, { 'a{instance="i",job="j"}': 2 });
        assert.deepEqual(report(all), [1, 2, 1, 1]);
      },
    ));

  it('adds external labels to series that do not carry them, and to the report', () =>
    scraping(
      target(),
      bodies('a 1\nb{site="own"} 2\n'),
      async ({ scrape }) => {
        const { all, own } = await scrape();
        assert.deepEqual(own, { 'a{instance="i",job="j",site="s"}': 1, 'b{instance="i",job="j",site="own"}': 2 });
        assert.equal(all['up{instance="i",job="j",site="s"}'], 1);
      },
      { global: 'external_labels: {site: s}' },
    ));

  it('reports its bounds and the body’s size where that is wanted', () =>
    scraping(target('extra_scrape_metrics: true, sample_limit: 9'), bodies('a 1\n'), async ({ scrape }) => {
      const { all } = await scrape();
      assert.equal(all['scrape_timeout_seconds{instance="i",job="j"}'], 10);
      assert.equal(all['scrape_sample_limit{instance="i",job="j"}'], 9);
      assert.equal(all['scrape_body_size_bytes{instance="i",job="j"}'], 4);
    }));

  it('takes the times of samples, or not', async () => {
    const answer = bodies(`a 1 ${startMs - 5_000}\n`);
    await scraping(target(), answer, async ({ scrape }) => {
      assert.deepEqual((await scrape()).own, { 'a{instance="i",job="j"}': [1, -5_000] });
    });
    await scraping(target('honor_timestamps: false'), answer, async ({ scrape }) => {
      assert.deepEqual((await scrape()).own, { 'a{instance="i",job="j"}': 1 });
    });
  });

  it('reads a body without a content type only where a fallback is named', async () => {
    const answer: RequestListener = (_, response) => response.end('a 1\n');
    await scraping(target(), answer, async ({ scrape, scraper }) => {
      assert.deepEqual((await scrape()).own, {});
      assert.match(scraper.targets().activeTargets[0]!.lastError, /no content type/);
    });
    await scraping(target('fallback_scrape_protocol: PrometheusText0.0.4'), answer, async ({ scrape }) => {
      assert.deepEqual((await scrape()).own, { 'a{instance="i",job="j"}': 1 });
    });
  });

  const failing: [why: string, keys: string, body: string, error: RegExp, counts: number[]][] = [
    ['a line is bad', '', 'a 1\nb\n', /line 2/, [0, 1, 1, 0]],
    ['there are too many samples', 'sample_limit: 1', 'a 1\nb 2\nc 3\n', /sample_limit|samples/, [0, 3, 3, 0]],
    ['a series has too many labels', 'label_limit: 3', 'a{x="1"} 1\n', /label_limit/, [0, 1, 0, 0]],
    [
      'a name is too long',
      'label_name_length_limit: 9',
      'a{xxxxxxxxxx="1"} 1\n',
      /label_name_length_limit/,
      [0, 1, 0, 0],
    ],
    ['a value is too long', 'label_value_length_limit: 2', 'a{x="123"} 1\n', /label_value_length_limit/, [0, 1, 0, 0]],
    ['the body is too large', 'body_size_limit: 3B', 'a 1\n', /body_size_limit/, [0, 0, 0, 0]],
  ];
  for (const [why, keys, body, error, counts] of failing)
    it(`fails as a whole where ${why}`, () =>
      scraping(target(keys), bodies(body), async ({ scrape, scraper }) => {
        const { own, all } = await scrape();
        assert.deepEqual(own, {});
        const [answer] = scraper.targets().activeTargets;
        assert.match(answer!.lastError, error);
        assert.equal(answer!.health, 'down');
        assert.deepEqual(report(all), counts);
      }));

  it('is given up after its timeout', () =>
    scraping(
      target('scrape_timeout: 2s'),
      () => {},
      async ({ clock, taken, scraper }, { requests }) => {
        await clock.pass(intervalMs);
        await waitUntil(() => requests.length > 0 || taken.length > 0);
        await clock.pass(2_000);
        await waitUntil(() => taken.length > 0);
        assert.deepEqual(report(taken[0]!.all), [0, 0, 0, 0]);
        const [answer] = scraper.targets().activeTargets;
        assert.equal(answer?.lastError, 'the scrape took longer than its timeout of 2 s');
      },
    ));

  it('tells of samples that could not be stored, and goes on', () => {
    let isBroken = true;
    const store = async (): Promise<void> => {
      if (isBroken) throw new Error('no room');
    };
    return scraping(
      target(),
      bodies('a 1\n'),
      async ({ scrape, scraper }) => {
        await scrape();
        const [answer] = scraper.targets().activeTargets;
        assert.equal(answer?.lastError, 'what was scraped could not be stored: no room');
        assert.equal(answer?.health, 'up');
        isBroken = false;
        await scrape();
        assert.equal(scraper.targets().activeTargets[0]?.lastError, '');
      },
      { store },
    );
  });
});

describe('series that went away', () => {
  const a = 'a{instance="i",job="j"}';
  const b = 'b{instance="i",job="j"}';

  it('end with the scrape that lacks them, once, and begin anew', () =>
    scraping(target(), bodies('a 1\nb 2\n', 'a 1\n', 'a 1\n', 'a 1\nb 3\n'), async ({ scrape }) => {
      assert.deepEqual((await scrape()).own, { [a]: 1, [b]: 2 });
      const second = await scrape();
      assert.deepEqual(second.own, { [a]: 1, [b]: 'stale' });
      assert.deepEqual(report(second.all), [1, 1, 1, 0]);
      assert.deepEqual((await scrape()).own, { [a]: 1 });
      const fourth = await scrape();
      assert.deepEqual(fourth.own, { [a]: 1, [b]: 3 });
      assert.deepEqual(report(fourth.all), [1, 2, 2, 1]);
    }));

  it('end all with a scrape that fails, once, while the report goes on', () =>
    scraping(target(), bodies('a 1\nb 2\n', '{', '{', 'a 1\n'), async ({ scrape }) => {
      await scrape();
      const failed = await scrape();
      assert.deepEqual(failed.own, { [a]: 'stale', [b]: 'stale' });
      assert.deepEqual(report(failed.all), [0, 0, 0, 0]);
      assert.deepEqual((await scrape()).own, {});
      assert.deepEqual((await scrape()).own, { [a]: 1 });
    }));

  it('end all with an empty body, which is no failure', () =>
    scraping(target(), bodies('a 1\n', ''), async ({ scrape }) => {
      await scrape();
      const { own, all } = await scrape();
      assert.deepEqual(own, { [a]: 'stale' });
      assert.deepEqual(report(all), [1, 0, 0, 0]);
    }));

  it('do not end where their samples carried times, unless that is wanted', async () => {
    const answer = () => bodies(`a 1 ${startMs}\nb 1\n`, 'b 1\n');
    await scraping(target(), answer(), async ({ scrape }) => {
      await scrape();
      assert.deepEqual((await scrape()).own, { [b]: 1 });
    });
    await scraping(target('track_timestamps_staleness: true'), answer(), async ({ scrape }) => {
      await scrape();
      assert.deepEqual((await scrape()).own, { [a]: 'stale', [b]: 1 });
    });
  });

  it('do not end when the scraper is stopped', () =>
    scraping(target(), bodies('a 1\n'), async ({ scrape, scraper, taken, clock }) => {
      await scrape();
      await scraper.stop();
      await clock.pass(5 * intervalMs);
      assert.equal(taken.length, 1);
      assert.equal(clock.timers, 0);
    }));
});
