import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { type CardinalityRule, parseRules } from '../../../src/ingest/cardinality/rules.js';
import { governedSeries, outcome } from './governed-series.js';

const governed = (...rules: CardinalityRule[]) => governedSeries({}, { rules });

describe('a cardinality rule', () => {
  it('keeps the listed values of a label and folds the others', () => {
    const series = governed({ metric: 'requests_total', label: 'code', action: 'keep', values: ['200', '500'] });
    assert.equal(outcome(series.send('requests_total', { code: '200', pod: 'a' })), 'stored');
    const other = 'requests_total{code="__other__",pod="a"}';
    assert.equal(outcome(series.send('requests_total', { code: '404', pod: 'a' })), other);
    assert.equal(outcome(series.send('requests_total', { code: '503', pod: 'a' })), other);
    assert.equal(outcome(series.send('errors_total', { code: '404', pod: 'a' })), 'stored');
    assert.equal(series.seriesCount, 3);
  });

  it('drops a label, also from a series that was sent without it', () => {
    const series = governed({ metric: 'requests_total', label: 'user', action: 'drop' });
    assert.equal(outcome(series.send('requests_total', { pod: 'a', user: 'x' })), 'requests_total{pod="a"}');
    // The folder is the only writer of this series, so what comes under its very labels is a source too.
    assert.equal(outcome(series.send('requests_total', { pod: 'a' })), 'requests_total{pod="a"}');
    assert.equal(outcome(series.send('requests_total', { pod: 'b' })), 'requests_total{pod="b"}');
    assert.equal(series.seriesCount, 2);
  });

  it('hashes values to so many, the same in every process', () => {
    const series = governed({ metric: 'requests_total', label: 'user', action: 'hash', buckets: 8 });
    for (let i = 0; i < 1_000; i++) series.send('requests_total', { user: `user-${i}` });
    assert.equal(series.seriesCount, 8);
    assert.equal(outcome(series.send('requests_total', { user: 'ada' })), 'requests_total{user="hash_6"}');
    assert.equal(outcome(series.send('requests_total', { user: 'grace' })), 'requests_total{user="hash_3"}');
  });

  it('refuses series, or sends them elsewhere, by metric or by label', () => {
    const series = governed(
      { metric: 'debug_.*', action: 'reject' },
      { metric: '.*', label: 'session', action: 'route' },
    );
    assert.equal(outcome(series.send('debug_heap_bytes', {})), 'rejected_by_rule');
    assert.equal(outcome(series.send('my_debug_heap_bytes', {})), 'stored');
    assert.equal(outcome(series.send('requests_total', { session: '1' })), 'routed');
    assert.equal(outcome(series.send('requests_total', { pod: '1' })), 'stored');
    const { counts, rules } = series.governor.report();
    assert.deepEqual([counts.rejectedByRule, counts.routed, counts.stored], [1, 1, 2]);
    assert.deepEqual(
      rules.map(({ hits }) => hits),
      [1, 1],
    );
  });

  it('buckets values: the first and the frequent ones keep theirs, for good', () => {
    const series = governed({ metric: 'requests_total', label: 'path', action: 'bucket', top: 10 });
    for (let i = 0; i < 5; i++)
      assert.equal(outcome(series.send('requests_total', { path: `/early/${i}`, pod: 'a' })), 'stored');
    // A path that every pod serves among paths that come once.
    for (let i = 0; i < 400; i++) {
      series.send('requests_total', { path: `/once/${i}`, pod: 'a' });
      if (i % 4 === 0) series.send('requests_total', { path: '/often', pod: `pod-${i}` });
    }
    assert.equal(outcome(series.send('requests_total', { path: '/often', pod: 'new' })), 'stored');
    assert.equal(outcome(series.send('requests_total', { path: '/early/3', pod: 'new' })), 'stored');
    assert.equal(
      outcome(series.send('requests_total', { path: '/once/7', pod: 'a' })),
      'requests_total{path="__other__",pod="a"}',
    );
    const paths = new Set([...series.stored].map((labels) => /path="([^"]*)"/.exec(labels)![1]!));
    paths.delete('__other__');
    assert.ok(paths.size <= 10, `${paths.size} paths have series`);
  });

  it('folds a sender’s own __other__ with what is folded', () => {
    const series = governed({ metric: 'm', label: 'code', action: 'keep', values: ['200'] });
    const admission = series.send('m', { code: '__other__' });
    assert.deepEqual([admission.kind, outcome(admission)], ['fold', 'm{code="__other__"}']);
  });

  it('says of a source that it had a series before the rule came', () => {
    const series = governed({ metric: 'm_total', label: 'user', action: 'drop' });
    series.send('m_total', {});
    const admission = series.send('m_total', { user: 'a' });
    assert.ok(admission.kind === 'fold' && !admission.hadSeries);
    assert.equal(admission.aggregate, 'counter');
  });

  it('of a histogram’s name governs its parts alike, and never le', () => {
    const series = governed({ metric: 'latency_seconds', label: 'user', action: 'drop' });
    assert.equal(
      outcome(series.send('latency_seconds_bucket', { le: '0.1', user: 'x' })),
      'latency_seconds_bucket{le="0.1"}',
    );
    assert.equal(outcome(series.send('latency_seconds_count', { user: 'x' })), 'latency_seconds_count{}');
    assert.equal(outcome(series.send('latency_seconds_sum', { user: 'x' })), 'latency_seconds_sum{}');
    assert.throws(
      () => governed({ metric: 'latency_seconds_bucket', label: 'le', action: 'drop' }),
      (error) => isBarographError(error, 'bad_configuration') && /le gives a series its meaning/.test(error.message),
    );
  });

  it('says how gauges are folded', () => {
    const series = governed(
      { metric: 'temp', label: 'probe', action: 'drop', aggregate: 'avg' },
      { metric: 'queue', label: 'worker', action: 'drop' },
      { metric: 'queue', action: 'aggregate', aggregate: 'max' },
      { metric: '.*', label: 'id', action: 'drop' },
    );
    const aggregate = (metric: string, labels: Record<string, string>): string => {
      const admission = series.send(metric, labels);
      assert.ok(admission.kind === 'fold');
      return admission.aggregate;
    };
    assert.equal(aggregate('temp', { probe: '1' }), 'avg');
    assert.equal(aggregate('queue', { worker: '1' }), 'max');
    assert.equal(aggregate('memory_bytes', { id: '1' }), 'sum');
    assert.equal(aggregate('build_info', { id: '1' }), 'max');
    assert.equal(aggregate('hit_ratio', { id: '1' }), 'avg');
    assert.equal(aggregate('rpc_seconds', { id: '1', quantile: '0.99' }), 'max');
    assert.equal(aggregate('rpc_seconds_sum', { id: '1' }), 'counter');
  });

  const wrong: [unknown, RegExp][] = [
    ['x', /wanted a list of rules/],
    [[1], /rule 1: wanted an object/],
    [[{ metric: 'm', action: 'fold' }], /action: got "fold", wanted one of keep, drop/],
    [[{ metric: 'm', action: 'drop' }], /label: got nothing, wanted text/],
    [[{ metric: 'm', action: 'drop', label: 'a', top: 1 }], /unknown key top; this action takes metric/],
    [[{ metric: 'm', action: 'bucket', label: 'a', top: 0 }], /top: got 0, wanted a whole number of at least 1/],
    [[{ metric: 'm', action: 'hash', label: 'a' }], /buckets: got nothing/],
    [[{ metric: 'm', action: 'keep', label: 'a', values: [1] }], /values: got \[1\], wanted a list of texts/],
    [[{ metric: 'm', action: 'aggregate', aggregate: 'mean' }], /aggregate: got "mean", wanted one of sum, avg/],
    [[{ metric: '(', action: 'reject' }], /rule 1: metric: .*missing/],
  ];
  for (const [value, message] of wrong)
    it(`is refused: ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => parseRules(value),
        (error) => isBarographError(error, 'bad_configuration') && message.test(error.message),
      );
    });

  it('is read from the configuration as it is', () => {
    const rules = [{ metric: 'm', action: 'bucket', label: 'path', top: 100, aggregate: 'max' }];
    assert.deepEqual(parseRules(rules), rules);
  });
});
