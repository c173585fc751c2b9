/**
 * Scrapes of one target: its text becomes a batch with the target's labels, stale markers for series that went away, and the
 * report on the scrape. One scrape at a time; each ends in one batch. A scrape that fails ends all series of the last good one.
 * Source: prometheus/prometheus scrape/scrape.go, `scrapeAndReport`.
 */
import { BarographError, isBarographError, messageOf } from '../../base/errors.js';
import { joinBatches } from '../../model/join-batches.js';
import type { DecodedMetrics, MetricMetadata, SampleBatch } from '../../model/sample-batch.js';
import { type ExpositionFormat, expositionFormat } from '../../protocols/exposition/content-type.js';
import { decodeExposition, ExpositionError } from '../../protocols/exposition/decode-exposition.js';
import type { ExpositionCache } from '../../protocols/exposition/exposition-cache.js';
import type { HttpAnswer, HttpClient } from './http-client.js';
import { formatPrometheusDuration } from './prometheus-units.js';
import type { ScrapeClock } from './scrape-clock.js';
import { type ScrapeCounters, type ScrapeEnd, scrapeEndOf } from './scrape-counters.js';
import { createScrapeReport, type ScrapeOutcome } from './scrape-report.js';
import { scrapeHeaders } from './scrape-request.js';
import type { Target } from './target.js';
import { labellingOf, withExternalLabels } from './target-labelling.js';

/** What a batch comes from. */
export interface ScrapeOrigin {
  readonly target: Target;
  /** When the scrape began, epoch milliseconds: the time of samples that carry none. */
  readonly timeMs: number;
}

/**
 * Takes the batch of a scrape, once for each. May read it until its promise settles, and must not change it. What it
 * rejects with is told as the target's last error; the samples are not offered again.
 */
export type ScrapeSink = (metrics: DecodedMetrics, origin: ScrapeOrigin) => Promise<void>;

export interface TargetState {
  readonly health: 'unknown' | 'up' | 'down';
  /** '' where the last scrape went well. */
  readonly lastError: string;
  /** Undefined before the first scrape. */
  readonly lastScrapeMs: number | undefined;
  readonly lastDurationMs: number;
  /** What the last good scrape told of its metrics. */
  readonly metadata: readonly MetricMetadata[];
}

export const unscraped: TargetState = {
  health: 'unknown',
  lastError: '',
  lastScrapeMs: undefined,
  lastDurationMs: 0,
  metadata: [],
};

export interface TargetScrape {
  readonly target: Target;
  readonly cache: ExpositionCache;
  readonly state: TargetState;
  /** Scrapes, and resolves once the sink is done. Never rejects. Does nothing once `signal` is aborted. */
  scrape(timeMs: number, signal: AbortSignal): Promise<void>;
  /** Ends all series of the target, those of its report among them, where it was ever scraped. Never rejects. */
  end(timeMs: number): Promise<void>;
}

export interface TargetScrapeOptions {
  readonly target: Target;
  readonly cache: ExpositionCache;
  readonly client: HttpClient;
  readonly clock: ScrapeClock;
  readonly sink: ScrapeSink;
  readonly counters: ScrapeCounters;
  /** Of the target whose series it goes on with, if there was one. */
  readonly before: TargetState;
  /** Bound of bodies where the job has none. */
  readonly bodyBytesMax: number;
  /** Why the target must not be scraped at present, if so. */
  readonly refusal: () => BarographError | undefined;
}

/** What a scrape found, before it is reported. */
interface Scraped {
  readonly metrics: DecodedMetrics;
  readonly outcome: Omit<ScrapeOutcome, 'durationMs'>;
  readonly end: ScrapeEnd;
  readonly problem: string;
}

/** '' where the batch was stored. */
interface Stored {
  readonly end: ScrapeEnd;
  readonly problem: string;
}

export function createTargetScrape(options: TargetScrapeOptions): TargetScrape {
  const { target, cache, clock, sink, counters } = options;
  const report = createScrapeReport(target, withExternalLabels(target.labels, target.job.externalLabels));
  const read = createReader(options);
  const { jobName } = target.job;
  const interval = formatPrometheusDuration(target.intervalMs);
  let state = options.before;
  let startedBeforeMs: number | undefined;

  async function store(metrics: DecodedMetrics, added: SampleBatch, timeMs: number): Promise<Stored> {
    try {
      await sink({ ...metrics, batch: joinBatches(metrics.batch, added) }, { target, timeMs });
      return { end: 'ok', problem: '' };
    } catch (error) {
      return { end: scrapeEndOf(error), problem: `what was scraped could not be stored: ${messageOf(error)}` };
    }
  }

  return {
    target,
    cache,
    get state() {
      return state;
    },
    async scrape(timeMs, signal) {
      const startedMs = clock.steadyMs();
      if (startedBeforeMs !== undefined) counters.intervalPassed(interval, (startedMs - startedBeforeMs) / 1000);
      startedBeforeMs = startedMs;
      const { metrics, outcome, end, problem } = await read(timeMs, signal);
      if (signal.aborted) return;
      const durationMs = clock.steadyMs() - startedMs;
      const stored = await store(metrics, report.batch(timeMs, { ...outcome, durationMs }), timeMs);
      counters.scraped(
        jobName,
        end === 'ok' ? stored.end : end,
        outcome.isUp ? outcome.samplesKept : 0,
        durationMs / 1000,
      );
      state = {
        health: outcome.isUp ? 'up' : 'down',
        lastError: [problem, stored.problem].filter((text) => text !== '').join('; '),
        lastScrapeMs: timeMs,
        lastDurationMs: durationMs,
        metadata: outcome.isUp ? metrics.metadata : state.metadata,
      };
    },
    async end(timeMs) {
      if (state.lastScrapeMs === undefined) return;
      await store(withoutMetrics(cache.takeStaleMarkers(timeMs)), report.staleBatch(timeMs), timeMs);
    },
  };
}

const nothingRead = { samplesScraped: 0, samplesKept: 0, seriesAdded: 0, bodyBytes: 0 } as const;

/** Gives what asks the target and decodes its answer. Never rejects: a failure ends all series. */
function createReader(options: TargetScrapeOptions): (timeMs: number, signal: AbortSignal) => Promise<Scraped> {
  const { cache, refusal } = options;
  const ask = createRequest(options);
  const decode = createDecoder(options);
  return async (timeMs, signal) => {
    let bodyBytes = 0;
    try {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      const { contentType, body } = await ask(signal);
      bodyBytes = body.length;
      return { ...decode(body, contentType, timeMs), end: 'ok', problem: '' };
    } catch (error) {
      const counts = error instanceof ExpositionError ? countsOf(error) : {};
      if (bodyBytes === 0 && isBarographError(error, 'body_too_large')) bodyBytes = -1;
      return {
        metrics: withoutMetrics(cache.takeStaleMarkers(timeMs)),
        outcome: { ...nothingRead, isUp: false, ...counts, bodyBytes },
        end: scrapeEndOf(error),
        problem: messageOf(error),
      };
    }
  };
}

const countsOf = ({ samplesScraped, samplesKept }: ExpositionError) => ({ samplesScraped, samplesKept });

function createRequest(options: TargetScrapeOptions): (signal: AbortSignal) => Promise<HttpAnswer> {
  const { target, client, clock } = options;
  const headers = scrapeHeaders(target);
  const bodyBytesMax = Math.min(target.job.limits.bodyBytesMax, options.bodyBytesMax);
  return async (signal) => {
    const timeout = new AbortController();
    const callOff = clock.after(target.timeoutMs, () =>
      timeout.abort(
        new BarographError('scrape_timeout', `the scrape took longer than its timeout of ${target.timeoutMs / 1000} s`),
      ),
    );
    try {
      return await client.get({
        url: target.url,
        headers,
        bodyBytesMax,
        signal: AbortSignal.any([timeout.signal, signal]),
      });
    } finally {
      callOff();
    }
  };
}

function createDecoder({ target, cache }: TargetScrapeOptions) {
  const { job } = target;
  const labelling = labellingOf(target);
  const fallback = fallbackFormat(job.fallbackProtocol);
  return (body: Buffer, contentType: string | undefined, timeMs: number): Omit<Scraped, 'end' | 'problem'> => {
    // Nothing at all is no error, whatever its format, and ends all series. Source: scrape.go, `append`.
    if (body.length === 0)
      return { metrics: withoutMetrics(cache.takeStaleMarkers(timeMs)), outcome: { ...nothingRead, isUp: true } };
    const metrics = decodeExposition(body, {
      format: expositionFormat(contentType, fallback),
      nowMs: timeMs,
      mode: 'strict',
      timestamps: job.honorTimestamps ? 'honor' : 'ignore',
      labelling,
      cache,
      marksVanished: true,
      tracksTimestamped: job.trackTimestampsStaleness,
      ...(Number.isFinite(job.limits.samplesMax) ? { samplesMax: job.limits.samplesMax } : {}),
    });
    const { samplesScraped, samplesKept, seriesAdded } = metrics;
    return { metrics, outcome: { isUp: true, samplesScraped, samplesKept, seriesAdded, bodyBytes: body.length } };
  };
}

function fallbackFormat(protocol: string | undefined): ExpositionFormat | undefined {
  if (protocol === undefined) return undefined;
  return protocol.startsWith('OpenMetrics') ? 'openmetrics' : 'text';
}

const withoutMetrics = (batch: SampleBatch): DecodedMetrics => ({
  batch,
  metadata: [],
  exemplars: [],
  rejected: 0,
  rejectedByCode: new Map(),
  rejections: [],
});
