/** Series sorted into groups by their labels, once for the whole grid. */
import { groupKeyBy, groupLabels, type SeriesLabels } from '../series-labels.js';
import type { VectorSeries } from '../value.js';

export interface SeriesGroup {
  readonly labels: SeriesLabels;
  readonly members: readonly VectorSeries[];
}

export interface Grouping {
  readonly grouping: readonly string[];
  readonly without: boolean;
}

/** In the order of each group's first series. */
export function groupSeries(series: readonly VectorSeries[], { grouping, without }: Grouping): SeriesGroup[] {
  const keyOf = groupKeyBy(grouping, without);
  const groups = new Map<string, { labels: SeriesLabels; members: VectorSeries[] }>();
  for (const each of series) {
    const key = keyOf(each.labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels: groupLabels(each.labels, grouping, without), members: [each] });
    else group.members.push(each);
  }
  return [...groups.values()];
}
