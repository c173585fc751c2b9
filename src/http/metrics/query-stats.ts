/**
 * What a query cost. The first two parts are Prometheus' own; of its timings only those are told that there are here. The others are ours:
 * how many steps came from the result cache, from where samples were read, and how long each phase took. Source of the form: Prometheus, util/stats.
 */
import type { QueryResult } from '../../promql/evaluate/query-result.js';
import type { SourceStatistics } from '../../promql/leaves/source-limits.js';

export interface QueryTimes {
  readonly parseMs: number;
  readonly queueMs: number;
  readonly fetchMs: number;
  readonly evaluateMs: number;
}

const seconds = (ms: number): number => Number((ms / 1000).toFixed(9));

export function queryStats(
  { parseMs, queueMs, fetchMs, evaluateMs }: QueryTimes,
  { samplesRead, samplesPeak }: Pick<QueryResult, 'samplesRead' | 'samplesPeak'>,
  source: SourceStatistics,
  ranIn: 'main' | 'worker',
  cachedSteps: number,
): object {
  return {
    timings: {
      evalTotalTime: seconds(parseMs + fetchMs + evaluateMs),
      resultSortTime: 0,
      queryPreparationTime: seconds(fetchMs),
      innerEvalTime: seconds(evaluateMs),
      execQueueTime: seconds(queueMs),
      execTotalTime: seconds(queueMs + parseMs + fetchMs + evaluateMs),
    },
    samples: { totalQueryableSamples: samplesRead, peakSamples: samplesPeak },
    resultCache: { steps: cachedSteps },
    storage: {
      ranIn,
      tier: 'raw',
      series: source.series,
      samples: source.samples,
      samplesFromRows: source.samplesFromRows,
      hourHits: source.hourHits,
      hourMisses: source.hourMisses,
      loads: source.loads,
      rows: source.rows,
      bytes: source.bytes,
      selectTime: seconds(source.selectMs),
      engineTime: seconds(source.engineMs),
      decodeTime: seconds(source.decodeMs),
    },
  };
}
