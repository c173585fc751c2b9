/** How many series there may be. */
import { BarographError } from '../../base/errors.js';

export interface CardinalityBudgets {
  /** Series in all. This bound holds whatever comes. */
  readonly seriesMax: number;
  /** Series of one metric; those of a histogram or summary (`_bucket`, `_sum`, `_count`) are of one metric. */
  readonly seriesPerMetricMax: number;
  /** Distinct values of one label within one metric. */
  readonly valuesPerLabelMax: number;
  /** Series met for the first time within a minute; infinite where there is no such budget. */
  readonly newSeriesPerMinuteMax: number;
}

/**
 * Guesses, for a machine that gives the index and the open chunks of two million series room. A first start sends all
 * series within a minute, so the pace is not bounded unless somebody asks for it.
 */
export const defaultBudgets: CardinalityBudgets = {
  seriesMax: 2_000_000,
  seriesPerMetricMax: 200_000,
  valuesPerLabelMax: 20_000,
  newSeriesPerMinuteMax: Number.POSITIVE_INFINITY,
};

/** Which budget asked for something to be done. */
export type BudgetName =
  | 'series'
  | 'series_per_metric'
  | 'values_per_label'
  | 'new_series_per_minute'
  | 'labels_per_metric';

/** Throws `bad_configuration` where a budget is no whole number above 0; infinity means no bound. */
export function checkBudgets(budgets: CardinalityBudgets): void {
  for (const [name, value] of Object.entries(budgets))
    if (!(value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 1)))
      throw new BarographError('bad_configuration', `${name} is ${value}, wanted a whole number of at least 1`);
}

/**
 * How near a use is to its budget.
 * - 0: new series are stored as they are.
 * - 1, from 7/8: values of the offending label that no series carries are folded.
 * - 2, from 15/16: the offending label is folded whatever its value. What is left is room for the folded series themselves.
 * - 3: full. Nothing new is stored.
 */
export type PressureLevel = 0 | 1 | 2 | 3;

export function levelOf(used: number, budget: number): PressureLevel {
  if (used >= budget) return 3;
  if (used >= budget * (15 / 16)) return 2;
  return used >= budget * (7 / 8) ? 1 : 0;
}
