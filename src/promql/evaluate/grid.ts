/** The times at which an expression is evaluated: `startMs`, `startMs + stepMs`, …, `steps` of them. An instant query has one. */
export interface Grid {
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

export const gridTime = ({ startMs, stepMs }: Grid, step: number): number => startMs + step * stepMs;

/** The grid from `startMs` up to the last step not after `endMs`; without steps where that lies before the start. */
export const gridBetween = (startMs: number, endMs: number, stepMs: number): Grid => ({
  startMs,
  stepMs,
  steps: endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1,
});

/** The grid's first time alone. */
export const firstOf = ({ startMs, stepMs, steps }: Grid): Grid => ({ startMs, stepMs, steps: Math.min(steps, 1) });
