/**
 * Counters whose label a rule buckets. The first values that come have series of their own, all others are folded into one series a shard. A
 * client has sources that last, which are reset now and then, and one with each step that never comes again. Afterwards the folded
 * totals never went down, and are the sums of what their sources increased by.
 */
import { compressSync } from 'snappy';
import { sample, writeRequest } from '../protocols/remote-write/remote-write-encoder.js';
import type { Connection } from './connection.js';
import { type ExportedSample, exportedSamples } from './exported-samples.js';
import type { Load } from './load.js';
import { seededRandom } from './seeded-random.js';

const metric = 'torture_folded_total';
const shards = 2;
const lastingSources = 5;
const resetShare = 0.05;
const other = '__other__';

interface Source {
  readonly path: string;
  readonly shard: string;
  value: number;
  lastMs: number;
  /** All that was sent, and so acknowledged. */
  readonly values: Map<number, number>;
}

export function createFoldedLoad(connection: Connection, seed: number): Load {
  const sources: Source[] = [];
  const lasting = new Map<number, Source[]>();
  const random = seededRandom(seed + 7);
  let steps = 0;

  function createSource(client: number, name: string): Source {
    const source = { path: `/${client}/${name}`, shard: `${client % shards}`, value: 0, lastMs: 0, values: new Map() };
    sources.push(source);
    return source;
  }
  function advance(source: Source): void {
    source.value = (random() < resetShare ? 0 : source.value) + Math.ceil(random() * 9);
    source.lastMs = Math.max(source.lastMs + 1, Date.now());
    source.values.set(source.lastMs, source.value);
  }

  return {
    async step(client, step) {
      const own =
        lasting.get(client) ?? Array.from({ length: lastingSources }, (_, i) => createSource(client, `lasting-${i}`));
      lasting.set(client, own);
      const present = [...own, createSource(client, `once-${step}`)];
      for (const source of present) advance(source);
      const series = present.map(({ path, shard, lastMs, value }) => ({
        labels: [
          ['__name__', metric],
          ['path', path],
          ['shard', shard],
        ] as const,
        samples: [sample(lastMs, value)],
      }));
      await connection.sendUntilAcknowledged({
        path: '/api/v1/write',
        body: compressSync(writeRequest(series)),
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
        isAcknowledged: (status) => status === 204,
      });
      steps++;
    },
    sent: () => `${sources.length} counters to fold in ${steps} bodies`,
    problems: async (url) => problemsOf(sources, await exportedSamples(url, metric)),
  };
}

function problemsOf(sources: readonly Source[], samples: readonly ExportedSample[]): string[] {
  const problems: string[] = [];
  const stored = new Map<string, Map<number, number>>();
  const lastOfShard = new Map<string, number>();
  for (const { labels, timeMs, value } of samples) {
    const { path, shard } = labels as { path: string; shard: string };
    if (path === other) {
      const last = lastOfShard.get(shard) ?? 0;
      if (value < last) problems.push(`the total of shard ${shard} falls from ${last} to ${value} at ${timeMs}`);
      lastOfShard.set(shard, value);
      continue;
    }
    const own = stored.get(path) ?? new Map<number, number>();
    stored.set(path, own.set(timeMs, value));
  }
  const wanted = new Map<string, number>();
  for (const source of sources) {
    const own = stored.get(source.path);
    if (own === undefined)
      wanted.set(source.shard, (wanted.get(source.shard) ?? 0) + increaseOf(source.values.values()));
    else if (JSON.stringify([...own]) !== JSON.stringify([...source.values]))
      problems.push(`${source.path} has a series with ${own.size} samples of ${source.values.size}`);
  }
  for (const [shard, total] of wanted) {
    const found = lastOfShard.get(shard);
    if (found !== total) problems.push(`the total of shard ${shard} is ${found}, wanted ${total}`);
  }
  return problems;
}

/** What a counter that began at zero increased by, as rate() sees it: a value below the one before it began at zero. */
function increaseOf(values: Iterable<number>): number {
  let [increase, last] = [0, 0];
  for (const value of values) {
    increase += value < last ? value : value - last;
    last = value;
  }
  return increase;
}
