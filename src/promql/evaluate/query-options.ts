/** Settings and limits of a query's evaluation. */
export interface QueryOptions {
  /** How old a sample may be to count as a series' value, milliseconds. */
  readonly lookbackMs: number;
  /** Step of a subquery that names none, milliseconds. */
  readonly subqueryStepMs: number;
  /** Most samples held at once. */
  readonly samplesMax: number;
  /** Most steps of a range query. */
  readonly stepsMax: number;
  /** Whether samples' start times tell counter resets, where the source has them. */
  readonly usesStartTimes: boolean;
  /** Called often; throws to stop a query that ran too long or that nobody waits for any more. */
  readonly checkpoint: () => void;
}

/** Prometheus' own defaults: its look-back, evaluation interval, `query.max-samples`, and points per series of a range query. */
export const defaultQueryOptions: QueryOptions = {
  lookbackMs: 5 * 60_000,
  subqueryStepMs: 60_000,
  samplesMax: 50_000_000,
  stepsMax: 11_000,
  usesStartTimes: false,
  checkpoint: () => {},
};
