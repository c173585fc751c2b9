/** A scraper of one job over a test's target, with a clock that stands still, and what it took. */
import type { RequestListener } from 'node:http';
import { parse } from 'yaml';
import { parseScrapeConfigs } from '../../../src/ingest/scrape/scrape-config.js';
import { type ScrapeCounters, uncountedScrapes } from '../../../src/ingest/scrape/scrape-counters.js';
import { type Scraper, type ScraperLimits, startScraper } from '../../../src/ingest/scrape/scraper.js';
import { decodeLabels } from '../../../src/model/labels.js';
import type { DecodedMetrics, SampleBatch } from '../../../src/model/sample-batch.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../../src/model/sample-batch.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { startTestTarget, type TestTarget } from './test-target.js';
import { waitUntil } from './wait-until.js';

export const startMs = 1_700_000_000_000;
export type Samples = Record<string, number | 'stale' | readonly [value: number | 'stale', timeMs: number]>;

/** A batch as `name{label="value"}` with its value; with its time, too, where that is not the scrape's. */
function samplesOf(batch: SampleBatch, timeMs: number): Samples {
  const samples: Samples = {};
  const words = valueWords(batch.values);
  for (let run = 0, i = 0; run < batch.runCount; run++)
    for (; i < batch.sampleEnds[run]!; i++) {
      const labels = decodeLabels(batch.keys.subarray(batch.keyStarts[run], batch.keyEnds[run]));
      const name = labels.find(([label]) => label === '__name__')?.[1];
      const rest = labels.filter(([label]) => label !== '__name__').map(([label, text]) => `${label}="${text}"`);
      const isStale = words[2 * i] === staleMarkerLow && words[2 * i + 1] === staleMarkerHigh;
      const value = isStale ? 'stale' : batch.values[i]!;
      samples[`${name}{${rest.join()}}`] = batch.timesMs[i] === timeMs ? value : [value, batch.timesMs[i]! - startMs];
    }
  return samples;
}

export interface Taken {
  readonly instance: string;
  readonly timeMs: number;
  readonly metrics: DecodedMetrics;
  /** All samples, and those that are not of the report. */
  readonly all: Samples;
  readonly own: Samples;
}

export interface Bench {
  readonly clock: FakeClock;
  readonly scraper: Scraper;
  readonly taken: Taken[];
  readonly problems: string[];
  /** Lets time pass until so many more batches were taken, and gives the last. */
  scrape(count?: number): Promise<Taken>;
  /** Goes on with these jobs, each in YAML. */
  reload(...jobs: string[]): void;
}

export const intervalMs = 10_000;
const isReport = (series: string): boolean => /^(up|scrape_\w+)\{/.test(series);

/** Runs a scraper with one job, `keys` in YAML, over a target that answers so. */
export async function scraping(
  keys: (address: string) => string,
  answer: RequestListener,
  run: (bench: Bench, target: TestTarget) => Promise<void>,
  {
    limits = {},
    global = '',
    store = async () => {},
    counters = uncountedScrapes,
  }: {
    limits?: Partial<ScraperLimits>;
    global?: string;
    store?: () => Promise<void>;
    counters?: ScrapeCounters;
  } = {},
): Promise<void> {
  const target = await startTestTarget(answer);
  const clock = createFakeClock(startMs);
  const taken: Taken[] = [];
  const problems: string[] = [];
  const configsOf = (...jobs: string[]) =>
    parseScrapeConfigs(parse(`{global: {scrape_interval: 10s, ${global}}, scrape_configs: [${jobs}]}`), '/');
  const scraper = startScraper({
    configs: configsOf(`{job_name: j, ${keys(target.address)}}`),
    clock,
    limits,
    counters,
    onProblem: (problem) => problems.push(problem),
    sink: async (metrics, origin) => {
      const all = samplesOf(metrics.batch, origin.timeMs);
      const own = Object.fromEntries(Object.entries(all).filter(([series]) => !isReport(series)));
      const instance = origin.target.labels.find(([name]) => name === 'instance')?.[1] ?? '';
      taken.push({ instance, timeMs: origin.timeMs, metrics, all, own });
      await store();
    },
  });
  const scrape = async (count = 1): Promise<Taken> => {
    const wanted = taken.length + count;
    await clock.pass(intervalMs);
    await waitUntil(() => taken.length >= wanted);
    return taken.at(-1)!;
  };
  try {
    const reload = (...jobs: string[]): void => scraper.reload(configsOf(...jobs));
    await run({ clock, scraper, taken, problems, scrape, reload }, target);
  } finally {
    await scraper.stop();
    await target.close();
  }
}

export const ofAddress = (rest: string) => (address: string) => `static_configs: [{targets: ['${address}']}], ${rest}`;

/** A target that answers with these bodies in turn, the last one again and again. */
export function bodies(...texts: string[]): RequestListener {
  let request = 0;
  return (_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(texts[Math.min(request++, texts.length - 1)]);
  };
}

/** The labels of a target at 127.0.0.1 fixed for comparison. */
const fixedInstance = 'relabel_configs: [{target_label: instance, replacement: i}]';
export const target = (rest = '') => ofAddress(`${fixedInstance}, ${rest}`);
export const report = (all: Samples): (number | undefined)[] =>
  ['up', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling', 'scrape_series_added'].map(
    (metric) => all[`${metric}{instance="i",job="j"}`] as number | undefined,
  );
