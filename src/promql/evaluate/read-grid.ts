import type { Grid } from './grid.js';
import type { ReadTime } from './plan.js';

/** The times at which a selector reads: the grid's, less the offset; the same at all steps with `@`. */
export const readGrid = ({ atMs, offsetMs }: ReadTime, grid: Grid): Grid =>
  atMs === undefined
    ? { ...grid, startMs: grid.startMs - offsetMs }
    : { startMs: atMs - offsetMs, stepMs: 0, steps: grid.steps };
