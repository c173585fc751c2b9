/** The steps of range queries, numbered alike in all queries that can share results. */

/** Steps are counted from a query's phase, so that equal numbers are equal times in all queries with the same step and phase. */
export interface StepGrid {
  readonly stepMs: number;
  /** Time of step 0, in [0, stepMs). */
  readonly phaseMs: number;
}

/** Steps [first, first + steps). */
export interface StepRange {
  readonly first: number;
  readonly steps: number;
}

export const timeOf = ({ stepMs, phaseMs }: StepGrid, step: number): number => step * stepMs + phaseMs;

export function timesOf(grid: StepGrid, { first, steps }: StepRange): Float64Array {
  const timesMs = new Float64Array(steps);
  for (let i = 0; i < steps; i++) timesMs[i] = timeOf(grid, first + i);
  return timesMs;
}
