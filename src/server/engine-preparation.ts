/**
 * Brings the engine to where rows can be stored: the database, its schema, and then what each pipeline needs of it. An engine
 * that is away is asked again and again; meanwhile the logs take writes.
 */
import { isBarographError, messageOf } from '../base/errors.js';
import { migrate } from '../storage/schema/migrate.js';
import type { Logger } from './cli/log.js';
import type { ServerEngine } from './engine.js';

export interface EnginePreparation {
  /** What is wrong, in words; undefined when all is well. */
  readonly problem: () => string | undefined;
}

export interface PreparationOptions {
  readonly serverEngine: ServerEngine;
  readonly program: string;
  readonly logger: Logger;
  /** Ends the asking. */
  readonly stopping: AbortSignal;
  /** Called once the schema stands, and again where it failed in a way that may pass. */
  readonly onSchema: () => Promise<void>;
}

const pauseMs = 1_000;

/** Resolves after the first attempt. Rejects where the engine answers and cannot be used. */
export async function prepareEngine(options: PreparationOptions): Promise<EnginePreparation> {
  const { logger, stopping } = options;
  let problem: string | undefined;

  async function attempt(): Promise<boolean> {
    try {
      await prepare(options);
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
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
      if (!stopping.aborted && (await attempt())) return logger.info('the engine is there');
    }
  }

  if (!(await attempt()))
    void keepTrying().catch((error: unknown) => {
      problem = messageOf(error);
      logger.fatal({ err: error }, 'the engine cannot be used');
    });
  return { problem: () => problem };
}

async function prepare({ serverEngine, program, logger, onSchema }: PreparationOptions): Promise<void> {
  const { engine, topology } = serverEngine;
  await serverEngine.prepare();
  await migrate(engine, {
    topology,
    program,
    onApplied: ({ number, name }) => logger.info({ number, name }, 'schema migration applied'),
  });
  await onSchema();
}
