/**
 * Which label makes a metric explode. Two signs are weighed: without it the metric has the fewest series, and its values
 * have become more of late.
 *
 * The first sign finds a label whose values meet every combination of the others (a path among pods and methods). It is
 * blind where each series is new in several labels at once (a request id beside a trace id), or in its other labels too:
 * taking one away then merges nothing. So it only draws a short list, of those that shrink the metric at least half
 * as much as the best one does, and of these the one wins whose values grow most.
 */
import { type LabelState, type MetricState, shapeOf } from './metric-state.js';

/** Twice as far as the errors of two sketches (6.5 % each) can lie apart; a guess beyond that. */
const shortListFactor = 2;

/** How many times fewer series the metric would have had in the window without the label; 1 and above. */
export function shrinkWithout(metric: MetricState, label: LabelState): number {
  const { distinct, distinctWithout } = shapeOf(metric, label, 0);
  return Math.max(1, distinct / Math.max(1, distinctWithout));
}

/** The label to fold next among the candidates, undefined where there are none. */
export function offendingLabel(
  metric: MetricState,
  candidates: readonly LabelState[],
  nowMs: number,
): LabelState | undefined {
  const judged = candidates.map((label) => ({
    label,
    shrink: shrinkWithout(metric, label),
    growth: label.recentValues.at(nowMs),
  }));
  const best = Math.max(...judged.map(({ shrink }) => shrink));
  const shortList = judged.filter(({ shrink }) => shrink * shortListFactor >= best);
  shortList.sort(
    (a, b) =>
      b.growth - a.growth || b.label.values.size - a.label.values.size || (a.label.name < b.label.name ? -1 : 1),
  );
  return shortList[0]?.label;
}
