/** `and`, `or` and `unless`. */
import type { VectorMatching } from '../../ast.js';
import { mergeSameLabels } from '../merge-series.js';
import { copyStep, createSeries } from '../series-builder.js';
import { groupKeyBy } from '../series-labels.js';
import { absent, hasValues, type VectorSeries } from '../value.js';

type Series = readonly VectorSeries[];

/** Whether any series of a group has a value, by step. */
type GroupPresence = ReadonlyMap<string, Uint8Array>;

export function applySetOperator(
  op: 'and' | 'or' | 'unless',
  left: Series,
  right: Series,
  matching: VectorMatching,
): Series {
  const keyOf = groupKeyBy(matching.labels, !matching.on);
  const keys = (series: Series): string[] => series.map(({ labels }) => keyOf(labels));
  const leftKeys = keys(left);
  const rightKeys = keys(right);
  if (op === 'or') return mergeSameLabels([...left, ...filtered(right, rightKeys, presenceOf(left, leftKeys), false)]);
  return filtered(left, leftKeys, presenceOf(right, rightKeys), op === 'and');
}

function presenceOf(series: Series, keys: readonly string[]): GroupPresence {
  const byKey = new Map<string, Uint8Array>();
  series.forEach(({ presence }, i) => {
    const group = byKey.get(keys[i]!);
    if (group === undefined) byKey.set(keys[i]!, presence.slice());
    else for (let step = 0; step < presence.length; step++) group[step]! |= presence[step]!;
  });
  return byKey;
}

/** The values of series at the steps where the other side's group has, or has not, any. */
function filtered(series: Series, keys: readonly string[], other: GroupPresence, wantsOther: boolean): VectorSeries[] {
  const results: VectorSeries[] = [];
  series.forEach((each, i) => {
    const group = other.get(keys[i]!);
    if (group === undefined) {
      if (!wantsOther) results.push(each);
      return;
    }
    const out = createSeries(each.labels, each.values.length, each.dropsName);
    for (let step = 0; step < group.length; step++)
      if ((group[step] !== absent) === wantsOther) copyStep(out, each, step);
    if (hasValues(out)) results.push(out);
  });
  return results;
}
