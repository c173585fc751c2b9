/** A query's plan, with an estimate of what it would read. */
import { isBarographError } from '../../base/errors.js';
import type { Expression } from '../../promql/ast.js';
import { planQuery } from '../../promql/evaluate/evaluate-query.js';
import type { Plan } from '../../promql/evaluate/plan.js';
import type { QueryOptions } from '../../promql/evaluate/query-options.js';
import type { QueryRange } from '../../promql/evaluate/query-range.js';
import { countedEstimate, estimateQuery, type QueryEstimate } from '../../promql/explain/query-estimate.js';
import type { QueryLimits } from '../../promql/explain/query-limits.js';
import type { SourceStatistics } from '../../promql/leaves/source-limits.js';
import type { OpenSource, StoredSource } from '../../promql/leaves/stored-source.js';
import { parseQuery } from '../../promql/parse/parse-query.js';
import type { BoundedQueue } from '../bounded-queue.js';
import { evaluationOptions } from './evaluation-options.js';
import { invalidParameter } from './prometheus-answer.js';
import type { QueryParameters } from './query-parameters.js';

export interface PromqlLimits extends QueryLimits {
  readonly lookbackMs: number;
}

/** A query, or a part of its range, with its plan and what it is expected to read. */
export interface PlannedQuery {
  readonly expression: Expression;
  readonly range: QueryRange;
  readonly plan: Plan;
  readonly estimate: QueryEstimate;
  readonly source: StoredSource;
  readonly options: QueryOptions;
}

export interface PlanningServices {
  /** Fails with `engine_unavailable` as long as the series of the tables are not known. */
  readonly openSource: OpenSource;
  /** For estimates that the engine has to count for. */
  readonly counting: BoundedQueue;
  readonly limits: PromqlLimits;
}

/** What belongs to the one run of a query, whatever its parts. */
export interface QueryUse {
  /** Counted up as the query reads. */
  readonly statistics: SourceStatistics;
  readonly signal: AbortSignal;
  /** Throws where the query has to stop. */
  readonly checkpoint: () => void;
}

/** Plans a query over a range, and estimates what it would read. Throws for what cannot run at all. */
export async function plannedQuery(
  { openSource, limits, counting }: PlanningServices,
  expression: Expression,
  range: QueryRange,
  lookbackMs: number,
  { statistics, signal, checkpoint }: QueryUse,
): Promise<PlannedQuery> {
  const options = evaluationOptions(lookbackMs, limits, checkpoint);
  const plan = checkedRange(() => planQuery(expression, range, options));
  const source = openSource({ limits, statistics, signal });
  const expected = await estimateQuery(plan, range, lookbackMs, source);
  const estimate = await countedEstimate(expected, limits.samplesMax, {
    async countMissing(...selection) {
      const leave = await counting.enter(signal);
      return source.countMissing(...selection).finally(leave);
    },
  });
  return { expression, range, plan, estimate, source, options };
}

export const lookbackOf = ({ lookbackMs }: QueryParameters, limits: PromqlLimits): number =>
  lookbackMs || limits.lookbackMs;

export function parsedQuery({ query }: QueryParameters): Expression {
  try {
    return parseQuery(query);
  } catch (error) {
    throw isBarographError(error) ? invalidParameter('query', error) : error;
  }
}

function checkedRange<T>(plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    throw isBarographError(error, 'bad_request') ? invalidParameter('query', error) : error;
  }
}
