/**
 * The series of a vector sorted into histograms, once for the whole grid: classic ones from series that differ in `le` only, and
 * native ones. Source: Prometheus, promql/engine.go, `resetHistograms`.
 */
import { badBucketLabel, mixedClassicNative } from '../evaluate/annotation-kinds.js';
import { dropLabels, labelOf, labelsKey, metricNameOf, type SeriesLabels } from '../evaluate/series-labels.js';
import { absent, isFloat, isHistogram, type VectorSeries } from '../evaluate/value.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { ClassicBuckets } from './classic-buckets.js';
import type { FunctionCall } from './function-call.js';
import { parseGoFloat } from './parse-go-float.js';

const boundLabel = 'le';

/** One classic histogram: its bucket series, ordered by bound. */
export interface BucketGroup {
  readonly labels: SeriesLabels;
  readonly bounds: Float64Array;
  /** By bucket, then by step. */
  readonly counts: readonly Float64Array[];
  readonly presences: readonly Uint8Array[];
  /** Steps at which a native histogram of the same name and labels is too: neither is evaluated there. */
  readonly isConflicting: Uint8Array | undefined;
}

export interface NativeSeries {
  readonly labels: SeriesLabels;
  readonly histogramAt: (step: number) => FloatHistogram | undefined;
}

export interface HistogramGroups {
  readonly classic: readonly BucketGroup[];
  readonly native: readonly NativeSeries[];
}

export function groupHistograms(
  call: FunctionCall,
  series: readonly VectorSeries[],
  argument: number,
): HistogramGroups {
  const { annotations } = call.evaluation;
  const at = call.node.args[argument]!.range;
  const groups = new Map<string, { labels: SeriesLabels; buckets: { bound: number; series: VectorSeries }[] }>();
  for (const each of series) {
    if (!each.presence.includes(isFloat)) continue;
    const text = labelOf(each.labels, boundLabel);
    const bound = parseGoFloat(text);
    if (bound === undefined) {
      annotations.add(badBucketLabel(metricNameOf(each.labels), text, at));
      continue;
    }
    const labels = dropLabels(each.labels, [boundLabel]);
    const key = labelsKey(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, buckets: [{ bound, series: each }] });
    else group.buckets.push({ bound, series: each });
  }
  const conflicts = new Map<string, Uint8Array>();
  const native = series
    .filter(({ histograms }) => histograms !== undefined)
    .map((each) =>
      nativeSeries(each, groups, conflicts, () => annotations.add(mixedClassicNative(metricNameOf(each.labels), at))),
    );
  const classic = [...groups].map(([key, { labels, buckets }]) => {
    buckets.sort((a, b) => a.bound - b.bound);
    return {
      labels,
      bounds: Float64Array.from(buckets, ({ bound }) => bound),
      counts: buckets.map((bucket) => bucket.series.values),
      presences: buckets.map((bucket) => bucket.series.presence),
      isConflicting: conflicts.get(key),
    };
  });
  return { classic, native };
}

function nativeSeries(
  series: VectorSeries,
  groups: ReadonlyMap<string, { buckets: readonly { series: VectorSeries }[] }>,
  conflicts: Map<string, Uint8Array>,
  note: () => void,
): NativeSeries {
  const { labels, presence, histograms } = series;
  const key = labelsKey(labels);
  const group = groups.get(key);
  const isConflict = new Uint8Array(presence.length);
  if (group !== undefined) {
    for (let step = 0; step < presence.length; step++) {
      if (presence[step] !== isHistogram) continue;
      if (!group.buckets.some((bucket) => bucket.series.presence[step] === isFloat)) continue;
      isConflict[step] = 1;
      note();
    }
    conflicts.set(key, isConflict);
  }
  return {
    labels,
    histogramAt: (step) =>
      presence[step] === isHistogram && isConflict[step] === absent ? histograms![step] : undefined,
  };
}

/** The buckets of a group that have a value at a step, in `into`, which is as long as the group. False where there is none. */
export function bucketsAt(group: BucketGroup, step: number, into: ClassicBuckets): boolean {
  const { bounds, counts, presences, isConflicting } = group;
  into.count = 0;
  if (isConflicting !== undefined && isConflicting[step] === 1) return false;
  let count = 0;
  for (let i = 0; i < bounds.length; i++) {
    if (presences[i]![step] !== isFloat) continue;
    into.bounds[count] = bounds[i]!;
    into.counts[count++] = counts[i]![step]!;
  }
  into.count = count;
  return count > 0;
}

export const createBuckets = ({ bounds }: BucketGroup): ClassicBuckets => ({
  bounds: new Float64Array(bounds.length),
  counts: new Float64Array(bounds.length),
  count: 0,
});
