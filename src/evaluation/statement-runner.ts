/** Runs the statements of one evaluation within its bounds. */
import { performance } from 'node:perf_hooks';
import { BarographError, isBarographError } from '../base/errors.js';
import type { Engine } from '../storage/engine.js';
import type { EvaluationLimits } from './evaluation.js';
import { joinSettings } from './labelled-predictions.js';

/** Runs one select and gives its rows. */
export type RunStatement = <Row>(sql: string, params: Readonly<Record<string, unknown>>) => Promise<Row[]>;

/** All statements together get `timeMsMax`; each gets `memoryBytesMax`. Their failures say what would help. */
export function createStatementRunner(engine: Engine, limits: EvaluationLimits, signal?: AbortSignal): RunStatement {
  const endMs = performance.now() + limits.timeMsMax;
  const settings = joinSettings(limits);
  return async <Row>(sql: string, params: Readonly<Record<string, unknown>>): Promise<Row[]> => {
    const timeMs = Math.ceil(endMs - performance.now());
    if (timeMs <= 0) throw tooLong(limits);
    try {
      return await engine.query<Row>({
        sql,
        params,
        settings,
        limits: { timeMs, memoryBytes: limits.memoryBytesMax },
        ...(signal && { signal }),
      });
    } catch (error) {
      if (isBarographError(error, 'query_timeout')) throw tooLong(limits, error);
      if (isBarographError(error, 'query_memory')) throw tooMuchMemory(limits, error);
      throw error;
    }
  };
}

const smaller = 'Ask for a shorter range, a single version or fewer metrics';

const tooLong = ({ timeMsMax }: EvaluationLimits, cause?: unknown): BarographError =>
  new BarographError(
    'query_timeout',
    `the evaluation ran longer than its limit, evaluation.time_max (${timeMsMax} ms)`,
    {
      hint: `${smaller}, or raise evaluation.time_max.`,
      cause,
    },
  );

const tooMuchMemory = ({ memoryBytesMax }: EvaluationLimits, cause?: unknown): BarographError =>
  new BarographError('query_memory', `the evaluation needed more memory than its limit (${memoryBytesMax} bytes)`, {
    hint: `${smaller}, a larger every, or raise query.memory_bytes_max.`,
    cause,
  });
