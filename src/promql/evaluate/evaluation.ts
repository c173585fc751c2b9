/** What all parts of one query's evaluation share. */
import type { Annotations } from './annotations.js';
import type { Grid } from './grid.js';
import type { PlanNode } from './plan.js';
import type { SampleBudget } from './sample-budget.js';
import type { FloatColumn, HistogramColumn } from './sample-columns.js';
import type { SeriesLabels } from './series-labels.js';
import type { Value } from './value.js';

/** A fetched series; its labels' keys are made once for all nodes that read it. */
export interface FetchedSeries {
  readonly labels: SeriesLabels;
  /** With stale markers. */
  readonly floats: FloatColumn;
  readonly histograms: HistogramColumn | undefined;
}

export interface Evaluation {
  /** By the plan's selections. */
  readonly fetched: readonly (readonly FetchedSeries[])[];
  readonly annotations: Annotations;
  readonly budget: SampleBudget;
  /** How old a sample may be to count as a series' value, milliseconds. */
  readonly lookbackMs: number;
  /** Whether samples' start times tell counter resets. */
  readonly usesStartTimes: boolean;
  /** Called between series; throws to stop a query that ran too long or that nobody waits for any more. */
  readonly checkpoint: () => void;
  readonly evaluate: (node: PlanNode, grid: Grid) => Value;
}
