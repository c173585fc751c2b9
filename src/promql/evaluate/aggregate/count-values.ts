/** `count_values`: how many series of a group have each value, which becomes a label. */
import { BarographError } from '../../../base/errors.js';
import { histogramText } from '../../histogram/histogram-text.js';
import { isLabelName } from '../label-name.js';
import { formatPlain } from '../number-text.js';
import type { SampleBudget } from '../sample-budget.js';
import { createSeries, type SeriesBuilder, setFloat } from '../series-builder.js';
import { groupKeyBy, groupLabels, setLabels } from '../series-labels.js';
import { absent, isFloat, type VectorSeries } from '../value.js';
import type { Grouping } from './series-groups.js';

/** Minus zero is a value of its own, which a map of numbers would take for zero. */
const countedFloat = (value: number): number | string => (Object.is(value, -0) ? '-0' : value);

/** Throws `query_failed` where the label's name is none. */
export function countValues(
  label: string,
  series: readonly VectorSeries[],
  { grouping, without }: Grouping,
  steps: number,
  budget: SampleBudget,
): VectorSeries[] {
  if (!isLabelName(label)) throw new BarographError('query_failed', `invalid label name ${JSON.stringify(label)}`);
  const names = without ? grouping : [...grouping, label];
  const keyOf = groupKeyBy(names, without);
  const counts = new Map<string, SeriesBuilder>();
  for (const { labels, presence, values, histograms } of series) {
    const byValue = new Map<number | string, SeriesBuilder>();
    for (let step = 0; step < steps; step++) {
      if (presence[step] === absent) continue;
      const value = presence[step] === isFloat ? countedFloat(values[step]!) : histogramText(histograms![step]!);
      let out = byValue.get(value);
      if (out === undefined) {
        const counted = setLabels(labels, [[label, typeof value === 'string' ? value : formatPlain(value)]]);
        const key = keyOf(counted);
        // Each value that is met makes a series, and there may be as many as samples.
        budget.check(counts.size * steps);
        out = counts.get(key) ?? createSeries(groupLabels(counted, names, without), steps, false);
        counts.set(key, out);
        byValue.set(value, out);
      }
      setFloat(out, step, out.values[step]! + 1);
    }
  }
  return [...counts.values()];
}
