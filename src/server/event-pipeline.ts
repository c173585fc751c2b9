/** The write path of events, put together: log, rows in memory, and the appender, which begins once the engine's schema stands. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { BarographError } from '../base/errors.js';
import { createPrecedence } from '../base/precedence.js';
import { type Appender, startAppender } from '../ingest/appender.js';
import type { IngestCounters } from '../ingest/counters.js';
import { createEventIntake, type EventIntake } from '../ingest/events/event-intake.js';
import { decodeEventRecord } from '../ingest/events/event-record.js';
import { openKnownIds } from '../ingest/events/known-ids.js';
import { storeEvents } from '../ingest/events/store-events.js';
import { createLogTail } from '../ingest/log-tail.js';
import type { Engine } from '../storage/engine.js';
import { type Log, openLog } from '../wal/log.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';

export interface EventPipeline {
  readonly intake: EventIntake;
  readonly log: Log;
  readonly waitingRows: () => number;
  readonly appenderState: () => string;
  /** Every row below this number is in its table. */
  readonly storedBelow: () => number;
  /** What is wrong, in words; undefined when all is well. */
  readonly problem: () => string | undefined;
  /** Begins to store what the log holds; the engine's schema must stand. */
  readonly beginStoring: (engine: Engine) => Promise<void>;
  /** Resolves when every row acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface PipelineOptions {
  readonly configuration: Configuration;
  readonly counters: IngestCounters;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Rows of one flush hold at most so many bytes: about what 200,000 rows with 16 features take. */
const flushBytesMax = 64 * 1024 * 1024;

/** Fails where the log cannot be opened. */
export async function startEventPipeline(options: PipelineOptions): Promise<EventPipeline> {
  const { configuration, counters, logger, clock = systemClock } = options;
  const { ingest } = configuration;
  const log = await openPlaneLog('events', options);
  const tail = createLogTail(log, ingest.memoryBytesMax, decodeEventRecord);
  const precedence = createPrecedence();
  let appender: Appender | undefined;
  const limits = {
    encodedBytesMax: ingest.bodyBytesMax,
    decodedBytesMax: ingest.decodedBytesMax,
    inflightBytesMax: ingest.inflightBytesMax,
    aheadMsMax: Number.isFinite(ingest.accept.aheadMs) ? ingest.accept.aheadMs : 'off',
  } as const;
  return {
    log,
    intake: createEventIntake({ log, tail, counters, precedence, clock, limits, onAppended: () => appender?.notify() }),
    waitingRows: () => tail.waitingRows,
    storedBelow: () => tail.position,
    appenderState: () => appender?.state ?? waiting,
    problem: () => appender?.problem,
    async beginStoring(engine) {
      const knownIds = await openKnownIds(engine, ingest.idFilterBytesMax);
      knownIds.loaded.catch((error: unknown) =>
        logger.warn({ err: error }, 'the filter of request ids could not be filled; look-ups take its place'),
      );
      appender = startAppender({
        log,
        tail,
        store: (records, attempt) => storeEvents(records, { ...attempt, engine, knownIds, precedence, counters }),
        counters,
        flushIntervalMs: ingest.flushIntervalMs,
        flushRowsMax: ingest.flushRowsMax,
        flushBytesMax,
        onProblem: (problem) => logger.error({ problem }, 'rows wait in the log'),
      });
      appender.notify();
    },
    async waitUntilStored() {
      await started(appender).waitUntilStored(log.durableSequence);
    },
    async stop(graceMs) {
      await appender?.stop(graceMs);
      await log.close();
    },
  };
}

/** What a pipeline's appender is doing before it is there. */
export const waiting = 'waiting for the engine';

/** The appender, or `engine_unavailable` while there is none. */
export function started(appender: Appender | undefined): Appender {
  if (appender !== undefined) return appender;
  throw new BarographError('engine_unavailable', 'the engine is not ready', { retryAfterSeconds: 1 });
}

/** Opens the log of a plane in its folder below the data folder. */
export function openPlaneLog(plane: 'events' | 'metrics', options: Omit<PipelineOptions, 'counters'>): Promise<Log> {
  const { configuration, logger, clock = systemClock } = options;
  const { wal } = configuration;
  return openLog({
    folder: join(configuration.data, 'wal', plane),
    segmentBytesMax: wal.segmentBytes,
    totalBytesMax: wal.bytesMax,
    groupCommitDelayMs: wal.groupCommitDelayMs,
    clock,
    onDamage: (damage) => logger[damage.rowsMayBeLost ? 'error' : 'info']({ ...damage }, damage.message),
  });
}
