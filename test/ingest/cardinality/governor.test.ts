import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { createSeriesIndex } from '../../../src/series/index/series-index.js';
import { canonical, type GovernedSeries, governedSeries, outcome } from './governed-series.js';

/** Five labels that behave, as many of them as `i` makes differ. */
const innocent = (i: number): Record<string, string> => ({
  method: ['GET', 'POST', 'PUT'][i % 3]!,
  code: ['200', '404', '500'][Math.floor(i / 3) % 3]!,
  region: ['eu', 'us'][Math.floor(i / 9) % 2]!,
  job: 'api',
  version: ['1', '2'][Math.floor(i / 18) % 2]!,
});

/** Labels that some budget folds, by metric. */
const acting = ({ governor }: GovernedSeries): string[] =>
  governor
    .report()
    .acting.map(({ metric, label, budget }) => `${metric} ${label} ${budget}`)
    .sort();

describe('the governor', () => {
  it('folds values of a label past its budget, and keeps those that have series', () => {
    const series = governedSeries({ valuesPerLabelMax: 80 });
    for (let i = 0; i < 500; i++) series.send('requests_total', { pod: `pod-${i % 2}`, user: `user-${i}` });
    assert.equal(outcome(series.send('requests_total', { pod: 'pod-0', user: 'user-0' })), 'stored');
    assert.equal(outcome(series.send('requests_total', { pod: 'pod-2', user: 'user-0' })), 'stored');
    assert.equal(
      outcome(series.send('requests_total', { pod: 'pod-2', user: 'user-499' })),
      'requests_total{pod="pod-2",user="__other__"}',
    );
    assert.deepEqual(acting(series), ['requests_total user values_per_label']);
    assert.ok(series.seriesCount <= 80 + 4, `${series.seriesCount} series`);
  });

  it('finds the label that explodes beside five others within a few hundred series', () => {
    const series = governedSeries({ seriesPerMetricMax: 400 });
    for (let i = 0; i < 2_000; i++) series.send('requests_total', { ...innocent(i), request_id: `r-${i}` });
    assert.deepEqual(acting(series), ['requests_total request_id series_per_metric']);
    assert.ok(series.seriesCount <= 400);
    assert.equal(
      outcome(series.send('requests_total', { ...innocent(1), request_id: 'another' })),
      'requests_total{code="200",job="api",method="POST",region="eu",request_id="__other__",version="1"}',
    );
  });

  it('finds it too where it comes to a metric that is nearly full of others’ series', () => {
    const series = governedSeries({ seriesPerMetricMax: 1_000 });
    for (let i = 0; i < 870; i++) series.send('requests_total', { pod: `pod-${i}`, job: 'api' });
    series.clock.timeMs += 6 * 3_600_000;
    for (let i = 0; i < 3_000; i++)
      series.send('requests_total', { pod: `pod-${i % 870}`, job: 'api', request_id: `r-${i}` });
    assert.ok(acting(series).includes('requests_total request_id series_per_metric'), acting(series).join());
    assert.ok(series.seriesCount <= 1_000);
  });

  it('finds a label whose values meet every combination of the others', () => {
    const series = governedSeries({ seriesPerMetricMax: 1_000 });
    for (let path = 0; path < 400; path++)
      for (let i = 0; i < 9; i++) series.send('requests_total', { ...innocent(i), path: `/p/${path}` });
    assert.deepEqual(acting(series), ['requests_total path series_per_metric']);
  });

  it('holds the bound where several labels explode at once, together or each by itself', () => {
    for (const second of [(i: number) => i, (i: number) => (i * 7919) % 1_000]) {
      const series = governedSeries({ seriesPerMetricMax: 2_000 });
      for (let i = 0; i < 8_000; i++)
        series.send('requests_total', { ...innocent(i), request_id: `r-${i}`, trace_id: `t-${second(i)}` });
      assert.deepEqual(acting(series), [
        'requests_total request_id series_per_metric',
        'requests_total trace_id series_per_metric',
      ]);
      assert.ok(series.seriesCount <= 2_000);
      const last = outcome(series.send('requests_total', { ...innocent(5), request_id: 'x', trace_id: 'y' }));
      assert.match(last, /code="404".*method="PUT".*request_id="__other__",trace_id="__other__"/);
    }
  });

  it('refuses new names of metrics when names explode, and leaves the metrics that are there some room', () => {
    const series = governedSeries({ seriesMax: 1_000 });
    for (let i = 0; i < 100; i++) series.send('requests_total', { pod: `pod-${i}` });
    for (let i = 0; i < 5_000; i++) series.send(`metric_${i}`, { job: 'api' });
    assert.equal(outcome(series.send('metric_x', {})), 'over_cardinality_budget');
    assert.equal(outcome(series.send('metric_5', { job: 'api' })), 'stored');
    // After the storm the old metric has long been calm.
    series.clock.timeMs += 6 * 3_600_000;
    assert.equal(outcome(series.send('requests_total', { pod: 'new' })), 'stored');
    assert.ok(series.seriesCount <= 1_000);
    assert.ok((series.governor.report().counts.rejectedByBudget.get('series') ?? 0) > 4_000);
  });

  it('makes the metrics that grow pay for the budget of all series, not their neighbours', () => {
    const series = governedSeries({ seriesMax: 2_000 });
    for (let metric = 0; metric < 50; metric++)
      for (let pod = 0; pod < 20; pod++) series.send(`calm_${metric}`, { pod: `pod-${pod}` });
    series.clock.timeMs += 12 * 3_600_000;
    for (let i = 0; i < 5_000; i++) series.send('requests_total', { ...innocent(i), request_id: `r-${i}` });
    assert.deepEqual(acting(series), ['requests_total request_id series']);
    for (let metric = 0; metric < 50; metric++)
      assert.equal(outcome(series.send(`calm_${metric}`, { pod: 'new' })), 'stored');
    assert.ok(series.seriesCount <= 2_000);
  });

  it('holds the bound of all series whatever comes', () => {
    const series = governedSeries({ seriesMax: 500 });
    for (let i = 0; i < 5_000; i++)
      series.send(`m_${i % 7}`, { a: `${i}`, b: `${i % 50}`, [`label_${i % 300}`]: `${i * 31}` });
    assert.ok(series.seriesCount <= 500, `${series.seriesCount} series`);
  });

  it('folds what comes faster than the budget of new series, without refusing it', () => {
    const series = governedSeries({ newSeriesPerMinuteMax: 100 });
    for (let i = 0; i < 1_000; i++) series.send('requests_total', { ...innocent(i), request_id: `r-${i}` });
    assert.deepEqual(acting(series), ['requests_total request_id new_series_per_minute']);
    assert.ok(series.seriesCount < 150, `${series.seriesCount} series`);
    assert.equal(series.governor.report().counts.rejectedByBudget.size, 0);
  });

  it('folds the parts of a histogram alike, in whatever order they come', () => {
    const series = governedSeries({ seriesPerMetricMax: 2_400 });
    const kinds = (request: number): string[] => {
      const labels = { ...innocent(request), request_id: `r-${request}` };
      const parts: [string, Record<string, string>][] = [
        ['latency_seconds_count', labels],
        ...['0.1', '1', '+Inf'].map((le): [string, Record<string, string>] => [
          'latency_seconds_bucket',
          { ...labels, le },
        ]),
        ['latency_seconds_sum', labels],
      ];
      if (request % 2 === 1) parts.reverse();
      return parts.map(([metric, all]) => series.send(metric, all).kind);
    };
    const judged = Array.from({ length: 3_000 }, (_, request) => new Set(kinds(request)));
    assert.ok(judged.every((set) => set.size === 1));
    assert.ok(judged.some((set) => set.has('fold')));
    assert.equal(series.governor.report().counts.splitGroups, 0);
    assert.deepEqual(acting(series), ['latency_seconds request_id series_per_metric']);
  });

  it('merges names of labels past the bound of a metric', () => {
    const series = governedSeries();
    for (let i = 0; i < 1_000; i++) series.send('m', { [`user_${i}`]: '1', zone: 'a' });
    assert.equal(outcome(series.send('m', { Upper: '1', zone: 'a' })), 'm{__other__="__other__",zone="a"}');
    assert.ok(series.seriesCount <= 129);
  });

  it('leaves protected labels alone', () => {
    const series = governedSeries({ seriesPerMetricMax: 400 }, { protectedLabels: ['model'] });
    for (let i = 0; i < 2_000; i++) series.send('m_total', { model: `m-${i}`, pod: `p-${i % 7}` });
    assert.deepEqual(acting(series), ['m_total pod series_per_metric']);
    assert.equal(outcome(series.send('m_total', { model: 'another', pod: 'p-1' })), 'over_cardinality_budget');
  });

  it('goes on after a start where it was, once the stored series are restored', async () => {
    const before = governedSeries({ valuesPerLabelMax: 80 });
    for (let i = 0; i < 500; i++) before.send('m_total', { user: `user-${i}` });
    const after = governedSeries({ valuesPerLabelMax: 80 });
    const index = await createSeriesIndex();
    const refs = Uint32Array.from({ length: 60 }, (_, i) => {
      const labels = canonical('m_total', { user: `user-${i}` });
      return index.add(labels, 0, labels.length);
    });
    after.governor.restore(refs, index.labelPairs());
    for (let i = 60; i < 500; i++) after.send('m_total', { user: `user-${i}` });
    assert.equal(after.seriesCount, before.seriesCount - 60);
  });

  it('gives the places of removed series to others, and lifts a fold when there is room', () => {
    const series = governedSeries({ valuesPerLabelMax: 8, seriesPerMetricMax: 100 });
    for (let i = 0; i < 20; i++) series.send('m_total', { user: `user-${i}` });
    assert.equal(outcome(series.send('m_total', { user: 'late' })), 'm_total{user="__other__"}');
    for (let i = 0; i < 3; i++) series.remove('m_total', { user: `user-${i}` });
    assert.equal(outcome(series.send('m_total', { user: 'late' })), 'stored');
    for (let i = 0; i < 200; i++) series.send('n_total', { pod: `${i % 5}`, a: `${i % 7}`, b: `${i % 9}` });
    assert.ok(acting(series).some((fold) => fold.endsWith('series_per_metric')));
    for (const stored of [...series.stored].filter((labels) => labels.startsWith('n_total') && !labels.includes('__')))
      series.remove('n_total', Object.fromEntries([...stored.matchAll(/(\w+)="(\w+)"/g)].map(([, k, v]) => [k!, v!])));
    series.clock.timeMs += 3_600_000;
    assert.equal(outcome(series.send('n_total', { pod: '1', a: '1', b: '1' })), 'stored');
    assert.ok(!acting(series).some((fold) => fold.startsWith('n_total')));
  });

  it('tells budgets, what acts since when, and a rule that would help', () => {
    const series = governedSeries({ seriesPerMetricMax: 400 }, { bytesPerSeries: 1_000 });
    const startMs = series.clock.timeMs;
    for (let i = 0; i < 2_000; i++) {
      series.clock.timeMs += 10;
      series.send('requests_total', { ...innocent(i), request_id: `r-${i}` });
    }
    const { budgets, acting, suggestions } = series.governor.report();
    assert.deepEqual(budgets.slice(0, 2), [
      { budget: 'series', limit: 2_000_000, used: series.seriesCount },
      { budget: 'series_per_metric', limit: 400, used: series.seriesCount, metric: 'requests_total' },
    ]);
    const [fold] = acting;
    assert.ok(fold!.sinceMs > startMs + 3_000 && fold!.sinceMs < startMs + 4_000);
    assert.equal(fold!.lastMs, series.clock.timeMs);
    assert.equal(fold!.valuesKept + fold!.seriesFolded, 2_000);
    assert.ok(Math.abs(fold!.valuesFolded / fold!.seriesFolded - 1) < 0.2, `${fold!.valuesFolded} values`);
    assert.deepEqual(suggestions[0]!.rule, { metric: 'requests_total', label: 'request_id', action: 'drop' });
    assert.ok(suggestions[0]!.seriesSaved > 300 && suggestions[0]!.seriesSaved < 400);
    assert.equal(suggestions[0]!.bytesSaved, suggestions[0]!.seriesSaved * 1_000);
  });

  it('suggests a bucket rule for a wide label that comes with many series for each value', () => {
    const series = governedSeries();
    for (let path = 0; path < 1_000; path++)
      for (let i = 0; i < 9; i++) series.send('requests_total', { ...innocent(i), path: `/p/${path}` });
    const [suggestion] = series.governor.report().suggestions;
    assert.deepEqual(suggestion!.rule, { metric: 'requests_total', label: 'path', action: 'bucket', top: 100 });
    assert.ok(Math.abs(suggestion!.seriesSaved - 8_100) < 500, `${suggestion!.seriesSaved} saved`);
  });

  it('refuses budgets that are none', () => {
    assert.throws(
      () => governedSeries({ seriesMax: 0 }),
      (error) => isBarographError(error, 'bad_configuration'),
    );
  });
});
