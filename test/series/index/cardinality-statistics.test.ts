import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeLabels, sortedLabels } from '../../../src/model/labels.js';
import { createSeriesIndex, type SeriesIndex } from '../../../src/series/index/series-index.js';

function add(index: SeriesIndex, labels: Record<string, string>): number {
  const key = encodeLabels(sortedLabels(Object.entries(labels)));
  return index.add(key, 0, key.length);
}

/** `big` has 6 series of 3 pods and 6 requests, `small` 2 series of 2 pods. */
async function filled(): Promise<{ index: SeriesIndex; refs: number[]; setMs: (ms: number) => void }> {
  let nowMs = 60_000 * 1_000;
  const index = await createSeriesIndex({ clock: { nowMs: () => nowMs } });
  const refs = [0, 1, 2, 3, 4, 5].map((i) =>
    add(index, { __name__: 'big', pod: `p${i % 3}`, request: `r-${i}`, job: 'x' }),
  );
  refs.push(...[0, 1].map((i) => add(index, { __name__: 'small', pod: `p${i}`, job: 'x' })));
  return {
    index,
    refs,
    setMs: (ms) => {
      nowMs = ms;
    },
  };
}

it('metrics, label names and label pairs are told with the most first', async () => {
  const { statistics } = (await filled()).index;
  assert.equal(statistics.seriesCount, 8);
  assert.equal(statistics.metricCount(), 2);
  assert.deepEqual(statistics.topMetrics(10), [
    { name: 'big', count: 6 },
    { name: 'small', count: 2 },
  ]);
  assert.deepEqual(statistics.topMetrics(1), [{ name: 'big', count: 6 }]);
  assert.deepEqual(statistics.topLabelNames(2), [
    { name: 'request', count: 6 },
    { name: 'pod', count: 3 },
  ]);
  assert.deepEqual(statistics.topLabelPairs(2), [
    { name: 'job', value: 'x', seriesCount: 8 },
    { name: '__name__', value: 'big', seriesCount: 6 },
  ]);
  assert.equal(statistics.labelPairCount(), 2 + 1 + 3 + 6);
  assert.equal(statistics.labelNameCount(), 4);
});

it("a label's bytes are those of its values in all series, as Prometheus tells them, and those in memory", async () => {
  const { statistics } = (await filled()).index;
  const bytes = new Map(statistics.topLabelBytes(10).map(({ name, ...rest }) => [name, rest]));
  assert.deepEqual(bytes.get('request'), { labelBytes: 18, valueBytes: 18 });
  assert.deepEqual(bytes.get('pod'), { labelBytes: 16, valueBytes: 6 });
  assert.deepEqual(bytes.get('__name__'), { labelBytes: 6 * 3 + 2 * 5, valueBytes: 8 });
});

it('the labels that explode within a metric are found, and removals are seen', async () => {
  const { index, refs } = await filled();
  const { statistics } = index;
  const big = index.metricOf(refs[0]!);
  assert.deepEqual(statistics.labelsOfMetric(big), [
    { name: 'request', count: 6 },
    { name: 'pod', count: 3 },
    { name: 'job', count: 1 },
  ]);
  assert.deepEqual(statistics.topMetricLabels(3), [
    { metric: 'big', name: 'request', distinctValues: 6 },
    { metric: 'big', name: 'pod', distinctValues: 3 },
    { metric: 'small', name: 'pod', distinctValues: 2 },
  ]);
  index.remove(Uint32Array.from(refs.slice(0, 5)));
  assert.deepEqual(statistics.topMetricLabels(1), [{ metric: 'small', name: 'pod', distinctValues: 2 }]);
  assert.equal(statistics.distinctValues('request'), 1);
  assert.equal(statistics.distinctValues('unknown'), 0);
  assert.deepEqual(statistics.labelsOfMetric(999), []);
});

it('new series are told by metric and minute, and forgotten after sixteen minutes', async () => {
  const { index, refs, setMs } = await filled();
  const { statistics } = index;
  const small = index.metricOf(refs[6]!);
  const minute = (count: number): number => 60_000 * (1_000 + count);
  setMs(minute(2));
  add(index, { __name__: 'small', pod: 'new' });
  add(index, { __name__: 'small', pod: 'new' });
  assert.equal(statistics.newSeriesOfMetric(small, 1), 1);
  assert.equal(statistics.newSeriesOfMetric(small, 2), 1);
  assert.deepEqual(statistics.topGrowth(10, 3), [
    { metric: 'big', newSeries: 6 },
    { metric: 'small', newSeries: 3 },
  ]);
  setMs(minute(15));
  assert.equal(statistics.newSeriesOfMetric(small, 16), 3);
  setMs(minute(16));
  assert.equal(statistics.newSeriesOfMetric(small, 16), 1);
  setMs(minute(100));
  assert.deepEqual(statistics.topGrowth(10, 16), []);
});

it('a clock that is put back counts into the latest minute', async () => {
  const { index, setMs } = await filled();
  setMs(60_000 * 990);
  add(index, { __name__: 'late', a: '1' });
  assert.equal(index.statistics.topGrowth(10, 1).length, 3);
});
