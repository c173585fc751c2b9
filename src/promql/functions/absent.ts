/** `absent` and `absent_over_time`: 1 where a vector has nothing, with the labels that its selector fixes. */
import { metricNameLabel } from '../../model/labels.js';
import type { Grid } from '../evaluate/grid.js';
import type { PlanNode } from '../evaluate/plan.js';
import { noLabels, type SeriesLabels, setLabels } from '../evaluate/series-labels.js';
import { absent, hasValues, isFloat, type VectorSeries } from '../evaluate/value.js';

export function absentSeries(
  present: readonly VectorSeries[],
  argument: PlanNode,
  grid: Grid,
  dropsName: boolean,
): VectorSeries[] {
  const presence = new Uint8Array(grid.steps).fill(isFloat);
  for (const series of present)
    for (let step = 0; step < grid.steps; step++) if (series.presence[step] !== absent) presence[step] = absent;
  const values = new Float64Array(grid.steps).fill(1);
  const series = { labels: fixedLabels(argument), dropsName, values, presence, histograms: undefined };
  return hasValues(series) ? [series] : [];
}

/** Labels that a selector wants to be equal to something. A name with a further condition behind that is left out. */
function fixedLabels(argument: PlanNode): SeriesLabels {
  const inside = argument.kind === 'invariant' ? argument.expression : argument;
  if (inside.kind !== 'selector' && inside.kind !== 'range_selector') return noLabels;
  const fixed = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, op, value } of inside.matchers) {
    if (name === metricNameLabel) continue;
    if (op !== '=' || seen.has(name)) {
      fixed.delete(name);
      continue;
    }
    fixed.set(name, value);
    seen.add(name);
  }
  return setLabels(noLabels, [...fixed]);
}
