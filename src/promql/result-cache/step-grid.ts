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

/** How many steps two ranges share. */
export const overlapOf = (a: StepRange, b: StepRange): number =>
  Math.max(0, Math.min(a.first + a.steps, b.first + b.steps) - Math.max(a.first, b.first));

export const isWithin = (inner: StepRange, outer: StepRange): boolean =>
  inner.first >= outer.first && inner.first + inner.steps <= outer.first + outer.steps;

/** The steps of `asked` that are not kept, in the order of time. */
export function missingParts(asked: StepRange, kept: StepRange | undefined): StepRange[] {
  if (kept === undefined || overlapOf(asked, kept) === 0) return [asked];
  const askedEnd = asked.first + asked.steps;
  const keptEnd = kept.first + kept.steps;
  const parts: StepRange[] = [];
  if (kept.first > asked.first) parts.push({ first: asked.first, steps: kept.first - asked.first });
  if (keptEnd < askedEnd) parts.push({ first: keptEnd, steps: askedEnd - keptEnd });
  return parts;
}

/** What was asked for, with what is kept on both its sides, of which so much stays as was asked for: a range that moves on leaves its past behind. */
export function joinedRange({ first, steps }: StepRange, kept: StepRange | undefined): StepRange {
  if (kept === undefined) return { first, steps };
  const from = Math.max(Math.min(first, kept.first), first - steps);
  const end = Math.min(Math.max(first + steps, kept.first + kept.steps), first + 2 * steps);
  return { first: from, steps: end - from };
}
