/**
 * Samples by remote write, each with a number of its own as its value, of series that are there from the start and of ones that come with every
 * step. Some come out of order, some bodies again, some samples again with another value, and some bodies are given up while
 * nothing is known of them: what those hold may be there or not.
 */
import { compressSync } from 'snappy';
import { sample, writeRequest } from '../protocols/remote-write/remote-write-encoder.js';
import { type Body, type Connection, sqlRows } from './connection.js';
import { exportedSamples } from './exported-samples.js';
import type { Load } from './load.js';
import { seededRandom } from './seeded-random.js';

const metric = 'torture_samples';
const lastingSeries = 20;
const samplesPerBody = 100;
const dayMs = 86_400_000;
/** Samples lie in so many partitions. */
const days = 3;
const shares = { givenUp: 0.2, again: 0.15, changed: 0.1, late: 0.1 } as const;

interface Write {
  readonly series: string;
  readonly timeMs: number;
  readonly value: number;
}

/** What a sample may be: the value acknowledged last, and those sent after it whose fate is not known. */
interface Expected {
  acknowledged: number | undefined;
  perhaps: number[];
}

/** By series, then by time. */
type Ledger = Map<string, Map<number, Expected>>;

export function createSampleLoad(connection: Connection, seed: number): Load {
  const startMs = Date.now() - days * dayMs;
  const ledger: Ledger = new Map();
  const senders = new Map<number, Sender>();
  let acknowledged = 0;

  async function send(sender: Sender, writes: readonly Write[]): Promise<void> {
    const body = bodyOf(writes);
    for (;;) {
      const isAcknowledged = await connection.send(body);
      for (const write of writes) note(ledger, write, isAcknowledged);
      if (isAcknowledged) acknowledged += writes.length;
      if (isAcknowledged || sender.random() < shares.givenUp) return;
    }
  }

  return {
    async step(client, step) {
      const sender = senders.get(client) ?? { client, random: seededRandom(seed * 1000 + client), next: 0, before: [] };
      senders.set(client, sender);
      const writes = nextWrites(sender, step, startMs);
      await send(sender, writes);
      if (sender.random() < shares.again) await send(sender, sender.before);
      sender.before = writes;
    },
    sent: () => `${acknowledged} samples of ${ledger.size} series`,
    problems: (url) => problemsOf(url, ledger),
  };
}

interface Sender {
  readonly client: number;
  readonly random: () => number;
  /** The number that the next sample has as its value. */
  next: number;
  before: readonly Write[];
}

/** Numbers of clients do not meet, so that a sample in the wrong series shows. */
const numberedValue = (client: number, number: number): number => client * 1e9 + number;

function nextWrites(sender: Sender, step: number, startMs: number): Write[] {
  const { client, random } = sender;
  const writes: Write[] = [];
  for (let i = 0; i < samplesPerBody; i++) {
    const number = sender.next++;
    const isChanged = random() < shares.changed && sender.before.length > 0;
    const place = isChanged ? sender.before[Math.floor(random() * sender.before.length)]! : undefined;
    const isLate = random() < shares.late;
    writes.push({
      series: place?.series ?? seriesOf(client, step, number),
      timeMs: place?.timeMs ?? startMs + (number % days) * dayMs + (isLate ? 0 : 40_000_000) + number,
      value: numberedValue(client, number),
    });
  }
  return writes;
}

/** One in ten belongs to a series that came with this step. */
const seriesOf = (client: number, step: number, number: number): string =>
  number % 10 === 0 ? `${client}-step-${step}` : `${client}-${number % lastingSeries}`;

function bodyOf(writes: readonly Write[]): Body {
  const bySeries = new Map<string, Write[]>();
  for (const write of writes) bySeries.set(write.series, [...(bySeries.get(write.series) ?? []), write]);
  const series = Array.from(bySeries, ([name, own]) => ({
    labels: [
      ['__name__', metric],
      ['series', name],
    ] as const,
    samples: own.map(({ timeMs, value }) => sample(timeMs, value)),
  }));
  return {
    path: '/api/v1/write',
    body: compressSync(writeRequest(series)),
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    isAcknowledged: (status) => status === 204,
  };
}

function note(ledger: Ledger, { series, timeMs, value }: Write, isAcknowledged: boolean): void {
  let times = ledger.get(series);
  if (times === undefined) {
    times = new Map();
    ledger.set(series, times);
  }
  const expected = times.get(timeMs) ?? { acknowledged: undefined, perhaps: [] };
  times.set(timeMs, expected);
  if (!isAcknowledged) expected.perhaps.push(value);
  else {
    expected.acknowledged = value;
    expected.perhaps = [];
  }
}

async function problemsOf(url: string, ledger: Ledger): Promise<string[]> {
  const problems: string[] = [];
  let [rows, sum] = [0, 0];
  const seen = new Set<string>();
  for (const { labels, timeMs, value } of await exportedSamples(url, metric)) {
    const series = labels.series!;
    const key = `${series} at ${timeMs}`;
    if (seen.has(key)) problems.push(`${key} is there twice`);
    seen.add(key);
    rows++;
    sum += value;
    const expected = ledger.get(series)?.get(timeMs);
    if (expected === undefined) problems.push(`${key} was never sent`);
    else if (value !== expected.acknowledged && !expected.perhaps.includes(value))
      problems.push(`${key} is ${value}, wanted ${expected.acknowledged} or one of ${expected.perhaps}`);
  }
  for (const [series, times] of ledger)
    for (const [timeMs, { acknowledged }] of times)
      if (acknowledged !== undefined && !seen.has(`${series} at ${timeMs}`))
        problems.push(`${series} at ${timeMs} is lost`);
  const [found] = await sqlRows<Record<'row_count' | 'keys' | 'total', string>>(
    url,
    `SELECT count() AS row_count, uniqExact(series, ts) AS keys, sum(value) AS total FROM metric_samples FINAL WHERE metric = '${metric}'`,
  );
  const { row_count, keys, total } = found!;
  if (Number(row_count) !== rows || Number(keys) !== rows || Number(total) !== sum)
    problems.push(`samples: SQL finds ${JSON.stringify(found)}, export ${rows} rows with the sum ${sum}`);
  return problems;
}
