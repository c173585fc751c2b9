/** The times a query asks for. An instant query has one time, and a step of 0. */
export interface QueryRange {
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}
