/** What one query may read, and what it did read. */
import { BarographError } from '../../base/errors.js';

export interface SourceLimits {
  /** Most samples that a query may read. */
  readonly samplesMax: number;
  /** Most series that a query may read. */
  readonly seriesMax: number;
}

/** What a query's reads were, counted as they go. */
export interface SourceStatistics {
  series: number;
  samples: number;
  /** Of `samples`, those that were read straight from the engine and not kept. */
  samplesFromRows: number;
  /** Hours of a metric that were in memory when they were asked for, and those that were not. */
  hourHits: number;
  hourMisses: number;
  /** Loads of rows into memory that the query waited for, begun by it or by another. */
  loads: number;
  /** Rows and bytes that statements of this query brought from the engine. */
  rows: number;
  bytes: number;
  /** Milliseconds by phase, of all selectors together. */
  selectMs: number;
  engineMs: number;
  decodeMs: number;
}

export const createSourceStatistics = (): SourceStatistics => ({
  series: 0,
  samples: 0,
  samplesFromRows: 0,
  hourHits: 0,
  hourMisses: 0,
  loads: 0,
  rows: 0,
  bytes: 0,
  selectMs: 0,
  engineMs: 0,
  decodeMs: 0,
});

/** Throws `query_too_large` past the limit of series. */
export function checkSeries(series: number, { seriesMax }: SourceLimits): void {
  if (series <= seriesMax) return;
  throw new BarographError(
    'query_too_large',
    `the query would read ${series} series, the limit is ${seriesMax} (query.promql.series_max); name more labels in its selectors, or ask for a shorter time`,
  );
}

/** Throws `query_too_large` where what is expected, or was read, is past the limit of samples. */
export function checkSamples(samples: number, { samplesMax }: SourceLimits, isEstimate: boolean): void {
  if (samples <= samplesMax) return;
  throw new BarographError(
    'query_too_large',
    `query processing would load too many samples into memory in query execution: ${isEstimate ? `an estimated ${Math.round(samples)}` : 'more than the limit of'} ${isEstimate ? `of at most ${samplesMax}` : samplesMax} samples (query.promql.samples_max); ask for a shorter time, or name more labels in the selectors`,
  );
}
