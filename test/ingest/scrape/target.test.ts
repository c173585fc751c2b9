import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { parseScrapeConfigs } from '../../../src/ingest/scrape/scrape-config.js';
import { findTarget, scrapeOffsetMs, type Target } from '../../../src/ingest/scrape/target.js';

const jobOf = (keys: string) => parseScrapeConfigs(parse(`scrape_configs: [{job_name: node, ${keys}}]`), '/')[0]!;

function targetOf(keys: string, address = 'a:9100', labels: Record<string, string> = {}): Target {
  const found = findTarget(jobOf(keys), address, labels);
  assert.equal(found.kind, 'target');
  return found.kind === 'target' ? found.target : assert.fail();
}

function problemOf(keys: string, address = 'a:9100', labels: Record<string, string> = {}): string {
  const found = findTarget(jobOf(keys), address, labels);
  return found.kind === 'invalid' ? found.problem : assert.fail(found.kind);
}

describe('a target', () => {
  it('is found with what is known of it and how it will be scraped', () => {
    const { discoveredLabels } = targetOf('params: {module: [icmp, x]}', 'a:1', { env: 'prod', empty: '' });
    assert.deepEqual(Object.fromEntries(discoveredLabels), {
      __address__: 'a:1',
      __metrics_path__: '/metrics',
      __param_module: 'icmp',
      __scheme__: 'http',
      __scrape_interval__: '1m',
      __scrape_timeout__: '10s',
      env: 'prod',
      job: 'node',
    });
  });

  it('gives its series its labels, its job and its address as instance', () => {
    const { labels } = targetOf('', 'a:1', { env: 'prod', __meta_zone: 'z' });
    assert.deepEqual(Object.fromEntries(labels), { env: 'prod', instance: 'a:1', job: 'node' });
  });

  it('keeps an instance and a job that the group names', () => {
    const { labels } = targetOf('', 'a:1', { instance: 'box', job: 'other', __address__: 'b:2' });
    assert.deepEqual(Object.fromEntries(labels), { instance: 'box', job: 'other' });
    assert.equal(targetOf('', 'a:1', { __address__: 'b:2' }).url, 'http://a:1/metrics');
  });

  it('is scraped as relabelling says', () => {
    const rules = `relabel_configs: [
      {source_labels: [__address__], target_label: __param_target},
      {target_label: __address__, replacement: 'prober:9115'},
      {target_label: __metrics_path__, replacement: /probe},
      {target_label: __scheme__, replacement: https},
      {target_label: __scrape_interval__, replacement: 5s},
      {target_label: __scrape_timeout__, replacement: 500ms},
      {target_label: __tmp, replacement: x},
      {source_labels: [__param_target], target_label: instance}]`;
    const target = targetOf(rules, 'x.org/a b');
    assert.equal(target.url, 'https://prober:9115/probe?target=x.org%2Fa+b');
    assert.deepEqual([target.intervalMs, target.timeoutMs], [5_000, 500]);
    assert.deepEqual(Object.fromEntries(target.labels), { instance: 'x.org/a b', job: 'node' });
  });

  const urls: [does: string, keys: string, address: string, url: string][] = [
    ['keeps the port that is written', '', 'a:80', 'http://a:80/metrics'],
    ['needs no port', '', 'a', 'http://a/metrics'],
    ['takes an IPv6 address', '', '[::1]:9100', 'http://[::1]:9100/metrics'],
    ['sends every value of a parameter', 'params: {b: [x, y], a: [1]}', 'a:1', 'http://a:1/metrics?a=1&b=x&b=y'],
    ['puts what a path may not hold in its escape', "metrics_path: 'm x?y#z'", 'a:1', 'http://a:1/m%20x%3Fy%23z'],
  ];
  for (const [does, keys, address, url] of urls)
    it(does, () => {
      assert.equal(targetOf(keys, address).url, url);
    });

  it('is dropped by a rule', () => {
    const found = findTarget(jobOf('relabel_configs: [{source_labels: [env], regex: prod, action: keep}]'), 'a:1', {});
    assert.equal(found.kind, 'dropped');
    assert.ok(found.kind === 'dropped' && found.discoveredLabels.some(([name]) => name === '__address__'));
  });

  const setTo = (label: string, text: string) => `relabel_configs: [{target_label: ${label}, replacement: '${text}'}]`;
  const problems: [why: string, keys: string, address: string, problem: string][] = [
    ['an empty address', '', '', 'there is no address'],
    ['an address that is a URL', '', 'http://a/b', 'the address "http://a/b" is not of the form HOST:PORT'],
    ['an address that no URL can hold', '', 'a:99999', 'http://a:99999/metrics is no URL'],
    ['another scheme', setTo('__scheme__', 'ftp'), 'a:1', 'the scheme "ftp" is not http or https'],
    ['no interval', setTo('__scrape_interval__', '0s'), 'a:1', 'the interval "0s" is no time above 0'],
    ['a timeout that is none', setTo('__scrape_timeout__', 'x'), 'a:1', 'the timeout "x" is no time above 0'],
    ['a long timeout', setTo('__scrape_timeout__', '2m'), 'a:1', 'the timeout is longer than the interval'],
  ];
  for (const [why, keys, address, problem] of problems)
    it(`is refused for ${why}`, () => {
      assert.equal(problemOf(keys, address), problem);
    });
});

describe('the times of scrapes', () => {
  it('lie at one place of the interval, whenever the program starts', () => {
    const target = targetOf('scrape_interval: 15s');
    const place = scrapeOffsetMs(target, 0);
    for (const nowMs of [1, 14_999, 1_700_000_000_123, 1_700_000_015_000]) {
      const offsetMs = scrapeOffsetMs(target, nowMs);
      assert.ok(offsetMs >= 0 && offsetMs < 15_000);
      assert.equal((nowMs + offsetMs) % 15_000, place);
    }
  });

  it('are spread over the interval', () => {
    const job = jobOf('');
    const places = Array.from({ length: 1_000 }, (_, i) => {
      const found = findTarget(job, `host-${i}:9100`, {});
      return found.kind === 'target' ? scrapeOffsetMs(found.target, 0) : assert.fail();
    });
    const perTenth = Array.from(
      { length: 10 },
      (_, tenth) => places.filter((place) => Math.floor(place / 6_000) === tenth).length,
    );
    // A fair hash puts 100 in each tenth; 50 off has a chance of one in ten million.
    assert.ok(
      perTenth.every((count) => count > 50 && count < 150),
      perTenth.join(),
    );
  });
});
