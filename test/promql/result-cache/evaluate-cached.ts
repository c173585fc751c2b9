/** Evaluates a range query where the result cache does not have it. */
import assert from 'node:assert/strict';
import type { Expression } from '../../../src/promql/ast.js';
import { evaluateFetched, fetchQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import type { QueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryRange } from '../../../src/promql/evaluate/query-range.js';
import type { QueryResult } from '../../../src/promql/evaluate/query-result.js';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import type { ResultCache } from '../../../src/promql/result-cache/result-cache.js';

export interface CachedEvaluation {
  readonly result: QueryResult;
  /** Steps that came from the cache. */
  readonly keptSteps: number;
}

/** Throws as `evaluateQuery` does. `onFetched` is called when all samples are there, and may throw. Without a cache all steps are evaluated. */
export async function evaluateCached(
  expression: Expression,
  range: QueryRange,
  source: SampleSource,
  options: QueryOptions,
  cache: ResultCache | undefined,
  onFetched: () => void,
): Promise<CachedEvaluation> {
  const evaluate = async (ranges: readonly QueryRange[]): Promise<QueryResult[]> => {
    const parts = await Promise.all(ranges.map((part) => fetchQuery(expression, part, source, options)));
    onFetched();
    return parts.map((part) => evaluateFetched(part, options));
  };
  for (const usesKept of [true, false]) {
    const cached = cache?.open(expression, range, options.lookbackMs, usesKept);
    try {
      const results = await evaluate(cached?.missing ?? [range]);
      if (cached === undefined) return { result: results[0]!, keptSteps: 0 };
      const result = cached.complete(results);
      if (result !== undefined) return { result, keptSteps: cached.keptSteps };
    } finally {
      cached?.abandon();
    }
  }
  assert.fail('a result that uses nothing kept is whole');
}
