/** The load of `npm run bench -- metrics`, read with the decoder that the server reads it with. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uncompressSync } from 'snappy';
import { type LoadShape, type MetricLoad, makeLoad, scrapeMs, seriesKey } from '../../bench/load/metric-load.js';
import { Kernel } from '../../src/kernel/kernel.js';
import { createLabelWriter } from '../../src/model/label-writer.js';
import { decodeLabels } from '../../src/model/labels.js';
import { canonicalLabels } from '../../src/protocols/remote-write/label-section.js';
import { createRemoteWrite1Decoder } from '../../src/protocols/remote-write/version-1.js';

const endMs = Date.UTC(2026, 0, 1);
const shape: LoadShape = { seed: 7, series: 250, ticks: 20, endMs, groups: 3 };

interface Decoded {
  readonly timesMs: number[];
  readonly values: number[];
}

/** The samples of each series as they come, and the order of series in each body. */
function decoded(load: MetricLoad) {
  const decoder = createRemoteWrite1Decoder(new Kernel());
  const writer = createLabelWriter();
  const series = new Map<string, Decoded>();
  const orders: string[][] = [];
  for (const [i, body] of load.bodies.entries()) {
    const { batch, rejected } = decoder.decode(uncompressSync(body, { asBuffer: true }) as Buffer);
    assert.deepEqual([batch.runCount, batch.sampleCount, rejected], Array(2).fill(load.samplesPerBody[i]).concat(0));
    const order: string[] = [];
    for (let run = 0; run < batch.runCount; run++) {
      const labels = canonicalLabels(batch.keys, batch.keyStarts[run]!, batch.keyEnds[run]!, writer);
      assert.ok(labels instanceof Uint8Array);
      const key = seriesKey(decodeLabels(labels));
      const samples = series.get(key) ?? { timesMs: [], values: [] };
      samples.timesMs.push(batch.timesMs[run]!);
      samples.values.push(batch.values[run]!);
      series.set(key, samples);
      order.push(key);
    }
    orders.push(order);
  }
  return { series, orders };
}

test('every series has a sample a tick, in the order of time, and the last tick is before the end', async () => {
  const load = await makeLoad(shape);
  const { series } = decoded(load);
  assert.equal(series.size, 250);
  assert.equal(load.sampleCount, 5_000);
  for (const { timesMs } of series.values()) {
    assert.equal(timesMs.length, 20);
    timesMs.forEach((timeMs, i) => {
      const tickMs = endMs - (20 - i) * scrapeMs;
      assert.ok(timeMs >= tickMs && timeMs < tickMs + scrapeMs);
    });
  }
});

test('what is watched is what is sent', async () => {
  const load = await makeLoad({ ...shape, jitterMs: 50, hourlyReplacedOneIn: 2, ticks: 300 });
  const { series } = decoded(load);
  const watched = Array.from(load.watched.values()).flat();
  assert.equal(watched.length, 200 + 100);
  for (const { labels, timesMs, values } of watched)
    assert.deepEqual(series.get(seriesKey(labels)), { timesMs, values });
});

test('the same seed makes the same bodies, another seed others', async () => {
  const [first, again, other] = await Promise.all([makeLoad(shape), makeLoad(shape), makeLoad({ ...shape, seed: 8 })]);
  assert.deepEqual(first.bodies, again.bodies);
  assert.notDeepEqual(first.bodies, other.bodies);
});

test('shuffled requests hold the same samples, their series in another order each time', async () => {
  const { series, orders } = decoded(await makeLoad({ ...shape, shuffled: true }));
  assert.equal(series.size, 250);
  const texts = orders.filter((_, i) => i % 3 === 0).map((order) => order.join());
  assert.equal(new Set(texts).size, texts.length);
});

test('jitter moves times by less than it says', async () => {
  const { series } = decoded(await makeLoad({ ...shape, jitterMs: 50 }));
  const gaps = Array.from(series.values()).flatMap(({ timesMs }) =>
    timesMs.slice(1).map((timeMs, i) => timeMs - timesMs[i]! - scrapeMs),
  );
  assert.ok(gaps.every((gap) => Math.abs(gap) < 50));
  assert.ok(gaps.some((gap) => gap !== 0));
});

test('every hour one pod in five is replaced by one with series of its own, whose counters begin again', async () => {
  const load = await makeLoad({ ...shape, series: 1_000, ticks: 500, hourlyReplacedOneIn: 5 });
  assert.equal(load.seriesCount, 1_000 + 2 * 200);
  const { series } = decoded(load);
  assert.equal(series.size, 1_400);
  const lengths = Array.from(series.values(), ({ timesMs }) => timesMs.length);
  assert.deepEqual(
    [...new Set(lengths)].sort((a, b) => a - b),
    [20, 240, 260, 480, 500],
  );
});

test('histograms count cumulatively: a bucket is never above the next, nor below itself a tick before', async () => {
  // The first pod does not restart.
  const load = await makeLoad({ ...shape, series: 100 });
  const buckets = Array.from(load.watched.values())
    .flat()
    .filter(({ labels }) => labels.some(([name]) => name === 'le'));
  assert.ok(buckets.length > 0);
  for (const [i, { labels, values }] of buckets.entries()) {
    values.slice(1).forEach((value, tick) => void assert.ok(value >= values[tick]!));
    if (labels.some(([, value]) => value === '+Inf')) continue;
    values.forEach((value, tick) => void assert.ok(value <= buckets[i + 1]!.values[tick]!));
  }
});
