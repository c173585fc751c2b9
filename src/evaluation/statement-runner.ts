/** Runs the statements of one evaluation within its bounds. */
import { performance } from 'node:perf_hooks';
import { BarographError, isBarographError } from '../base/errors.js';
import type { Engine } from '../storage/engine.js';
import type { EvaluationLimits } from './evaluation.js';
import { sliceMsMax, type TimeRange } from './every.js';

/** Runs one select and gives its rows. A join says which range of time it reads. */
export type RunStatement = <Row>(
  sql: string,
  params: Readonly<Record<string, unknown>>,
  range?: TimeRange,
) => Promise<Row[]>;

/** All statements together get `timeMsMax`; each gets `memoryBytesMax`. Their failures say what would help. */
export function createStatementRunner(engine: Engine, limits: EvaluationLimits, signal?: AbortSignal): RunStatement {
  const endMs = performance.now() + limits.timeMsMax;
  return async <Row>(
    sql: string,
    params: Readonly<Record<string, unknown>>,
    range: TimeRange = { fromMs: 0, toMs: 0 },
  ): Promise<Row[]> => {
    const timeMs = Math.ceil(endMs - performance.now());
    if (timeMs <= 0) throw tooLong(limits);
    try {
      return await engine.query<Row>({
        sql,
        params,
        settings: settingsOf(limits, range),
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

/**
 * Share of a statement's memory after which grouping, and after which sorting, go on in temporary files. Merging those again
 * takes several times as much: with a quarter, statements failed that succeed with a tenth.
 */
const spillShare = 0.1;

const settingsOf = ({ memoryBytesMax }: EvaluationLimits, { fromMs, toMs }: TimeRange) => ({
  join_algorithm: 'full_sorting_merge',
  join_use_nulls: 0,
  optimize_read_in_order: 1,
  // A buffer for each part would take 10 MB a part and gains nothing measurable.
  read_in_order_use_buffering: 0,
  max_bytes_before_external_group_by: Math.floor(memoryBytesMax * spillShare),
  max_bytes_before_external_sort: Math.floor(memoryBytesMax * spillShare),
  ...(toMs - fromMs > sliceMsMax ? manyParts : {}),
});

/** A merge holds a block of each part that it reads: 2 MB, and with these settings 1 MB, at a fifth more time. Measured. */
const manyParts = { max_block_size: 8_192, max_read_buffer_size_local_fs: 32_768 };

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
