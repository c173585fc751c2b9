/**
 * The write path of events, put together: log, rows in memory, and the appender, which begins once the engine's schema
 * stands. While a configured engine is away the log already takes writes; they are stored when it comes.
 */
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { BarographError, isBarographError, messageOf } from '../base/errors.js';
import { type Appender, startAppender } from '../ingest/appender.js';
import type { IngestCounters } from '../ingest/counters.js';
import { createEventIntake, type EventIntake } from '../ingest/events/event-intake.js';
import { decodeEventRecord, type EventRecord } from '../ingest/events/event-record.js';
import { openKnownIds } from '../ingest/events/known-ids.js';
import { storeEvents } from '../ingest/events/store-events.js';
import { createLogTail, type LogTail } from '../ingest/log-tail.js';
import { migrate } from '../storage/schema/migrate.js';
import { type Log, openLog } from '../wal/log.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';
import type { ServerEngine } from './engine.js';

export interface EventPipeline {
  readonly intake: EventIntake;
  readonly log: Log;
  readonly waitingRows: () => number;
  readonly appenderState: () => string;
  /** What is wrong, in words; undefined when all is well. */
  readonly problem: () => string | undefined;
  /** Resolves when every row acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface PipelineOptions {
  readonly configuration: Configuration;
  readonly serverEngine: ServerEngine;
  readonly counters: IngestCounters;
  readonly program: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Rows of one flush hold at most so many bytes: about what 200,000 rows with 16 features take. */
const flushBytesMax = 64 * 1024 * 1024;
const preparePauseMs = 1_000;

/** Fails where the log, or the schema of an engine that answers, cannot be opened. An engine that is away is waited for. */
export async function startEventPipeline(options: PipelineOptions): Promise<EventPipeline> {
  const { configuration, logger, clock = systemClock } = options;
  const { ingest, wal } = configuration;
  const log = await openLog({
    folder: join(configuration.data, 'wal', 'events'),
    segmentBytesMax: wal.segmentBytes,
    totalBytesMax: wal.bytesMax,
    groupCommitDelayMs: wal.groupCommitDelayMs,
    clock,
    onDamage: (damage) => logger[damage.rowsMayBeLost ? 'error' : 'info']({ ...damage }, damage.message),
  });
  const tail = createLogTail(log, ingest.memoryBytesMax, decodeEventRecord);
  const stopping = new AbortController();
  const storing = startStoring({ ...options, log, tail, stopping: stopping.signal });
  await storing.attempted.catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  const limits = {
    encodedBytesMax: ingest.bodyBytesMax,
    decodedBytesMax: ingest.decodedBytesMax,
    inflightBytesMax: ingest.inflightBytesMax,
    aheadMsMax: Number.isFinite(ingest.accept.aheadMs) ? ingest.accept.aheadMs : 'off',
  } as const;
  const onAppended = (): void => storing.appender()?.notify();
  return {
    log,
    intake: createEventIntake({ log, tail, counters: options.counters, clock, limits, onAppended }),
    waitingRows: () => tail.waitingRows,
    appenderState: () => storing.appender()?.state ?? 'waiting for the engine',
    problem: () => storing.problem() ?? storing.appender()?.problem,
    async waitUntilStored() {
      const appender = storing.appender();
      if (appender === undefined)
        throw new BarographError('engine_unavailable', storing.problem() ?? 'the engine is not ready', {
          retryAfterSeconds: 1,
        });
      await appender.waitUntilStored(log.durableSequence);
    },
    async stop(graceMs) {
      stopping.abort();
      await storing.appender()?.stop(graceMs);
      await log.close();
    },
  };
}

interface StoringOptions extends PipelineOptions {
  readonly log: Log;
  readonly tail: LogTail<EventRecord>;
  readonly stopping: AbortSignal;
}

/** Prepares the engine, again and again while it is away, and then starts the appender. */
function startStoring(options: StoringOptions) {
  const { logger, stopping } = options;
  let appender: Appender | undefined;
  let problem: string | undefined;

  async function attempt(): Promise<boolean> {
    try {
      appender = await prepare(options);
      problem = undefined;
      return true;
    } catch (error) {
      if (!isBarographError(error) || !error.kind.retryable) throw error;
      if (problem === undefined)
        logger.warn({ reason: error.message }, 'the engine is away; the log takes writes meanwhile');
      problem = error.message;
      return false;
    }
  }

  async function keepTrying(): Promise<void> {
    while (!stopping.aborted) {
      await new Promise((resolve) => setTimeout(resolve, preparePauseMs).unref());
      if (!stopping.aborted && (await attempt())) return logger.info('the engine is there');
    }
  }

  const attempted = attempt().then((ready) => {
    if (!ready)
      void keepTrying().catch((error: unknown) => {
        problem = messageOf(error);
        logger.fatal({ err: error }, 'the engine cannot be used');
      });
  });
  return { attempted, appender: () => appender, problem: () => problem };
}

async function prepare(options: StoringOptions): Promise<Appender> {
  const { serverEngine, configuration, counters, logger, program, log, tail } = options;
  const { engine, topology } = serverEngine;
  await serverEngine.prepare();
  await migrate(engine, {
    topology,
    program,
    onApplied: ({ number, name }) => logger.info({ number, name }, 'schema migration applied'),
  });
  const knownIds = await openKnownIds(engine, configuration.ingest.idFilterBytesMax);
  knownIds.loaded.catch((error: unknown) =>
    logger.warn({ err: error }, 'the filter of request ids could not be filled; look-ups take its place'),
  );
  const appender = startAppender({
    log,
    tail,
    store: (records, attempt) => storeEvents(records, { ...attempt, engine, knownIds, counters }),
    counters,
    flushIntervalMs: configuration.ingest.flushIntervalMs,
    flushRowsMax: configuration.ingest.flushRowsMax,
    flushBytesMax,
    onProblem: (problem) => logger.error({ problem }, 'rows wait in the log'),
  });
  appender.notify();
  return appender;
}
