/** Windows of native histograms under `rate`, `increase` and `delta`. Source: Prometheus, promql/functions.go, `histogramRate`. */
import {
  mixedFloatsHistograms,
  mixedSchemas,
  notCounter,
  notGauge,
  reconciledBuckets,
  startTimeOverlap,
} from '../../evaluate/annotation-kinds.js';
import type { HistogramColumn } from '../../evaluate/sample-columns.js';
import { clearStep, setHistogram } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import { addHistograms, type CombinedHistogram, subtractHistograms } from '../../histogram/add-histograms.js';
import { coarserHistogram, compactHistogram } from '../../histogram/bucket-bounds.js';
import { isHistogramReset } from '../../histogram/detect-reset.js';
import {
  emptyHistogram,
  type FloatHistogram,
  multiplyHistogram,
  usesCustomBounds,
  withCounterReset,
} from '../../histogram/float-histogram.js';
import { sampledFactor } from './extrapolation.js';
import type { GrowthKind } from './growth-kind.js';
import type { RangeCall, WindowFunction } from './range-function.js';
import { isStartTimeOverlap, isStartTimeReset } from './start-time-reset.js';
import { countsAt } from './sum-histograms-over-time.js';

/** A window's histograms: [start, last] of the column. */
interface HistogramWindow {
  readonly call: RangeCall;
  readonly start: number;
  readonly last: number;
}

export const rateOfHistograms =
  (kind: GrowthKind): WindowFunction =>
  (call, step, out) => {
    const { labels, histograms, histogramBounds, windows, annotations, at } = call;
    if (countsAt(call, step).floats > 0) {
      annotations.add(mixedFloatsHistograms(metricNameOf(labels), at));
      clearStep(out, step);
      return;
    }
    const start = histogramBounds.starts[step]!;
    const last = histogramBounds.ends[step]! - 1;
    const endMs = windows.startMs + step * windows.stepMs;
    const windowStartMs = endMs - windows.rangeMs;
    const startMs = kind.isCounter ? (histograms.startTimesMs?.[start] ?? 0) : 0;
    const begunInside = startMs !== 0 && startMs > windowStartMs && startMs < histograms.timesMs[start]!;
    if (start === last && !begunInside) return;
    const grown = start === last ? undefined : histogramGrowth({ call, start, last }, kind.isCounter);
    if (start < last && grown === undefined) return;
    const first = histograms.values[start]!;
    const growth = begunInside ? withFirst(grown, first, call) : grown;
    if (growth === undefined) return;
    const factor = sampledFactor(
      {
        firstMs: histograms.timesMs[start]!,
        lastMs: histograms.timesMs[last]!,
        intervals: last - start,
        isCounter: kind.isCounter,
        first: first.count,
        growth: growth.count,
        startMs: begunInside ? startMs : 0,
      },
      windowStartMs,
      endMs,
    );
    setHistogram(out, step, multiplyHistogram(growth, kind.isPerSecond ? factor / (windows.rangeMs / 1000) : factor));
  };

/** A counter that began inside the window was empty then: its first histogram is growth too. */
function withFirst(
  grown: FloatHistogram | undefined,
  first: FloatHistogram,
  call: RangeCall,
): FloatHistogram | undefined {
  return grown === undefined ? first : noted(addHistograms(grown, first), 'addition', call)?.histogram;
}

function noted(
  combined: CombinedHistogram | undefined,
  operation: 'addition' | 'subtraction',
  { labels, annotations, at }: RangeCall,
): CombinedHistogram | undefined {
  if (combined === undefined) annotations.add(mixedSchemas(metricNameOf(labels), at));
  else if (combined.isReconciled) annotations.add(reconciledBuckets(operation, at));
  return combined;
}

/** The last histogram less the first, plus what was lost at resets between. Undefined where their buckets do not go together. */
function histogramGrowth(window: HistogramWindow, isCounter: boolean): FloatHistogram | undefined {
  const { call, start, last } = window;
  const { values } = call.histograms;
  const name = metricNameOf(call.labels);
  const ends = [values[start]!, values[last]!];
  const isGauge = ({ counterReset }: FloatHistogram): boolean => counterReset === 'gauge';
  if (isCounter && values.slice(start, last + 1).some(isGauge)) call.annotations.add(notCounter(name, call.at));
  const first = isCounter ? firstOf(window) : values[start]!;
  const counted = isCounter ? values.slice(start + 1, last + 1) : [values[last]!];
  if (counted.some((each) => usesCustomBounds(each) !== usesCustomBounds(first))) {
    call.annotations.add(mixedSchemas(name, call.at));
    return undefined;
  }
  const schema = counted.reduce((least, each) => Math.min(least, each.schema), first.schema);
  const difference = noted(subtractHistograms(coarserHistogram(values[last]!, schema), first), 'subtraction', call);
  if (difference === undefined) return undefined;
  const growth = isCounter ? withLosses(difference.histogram, first, window) : difference.histogram;
  if (!isCounter && !ends.every(isGauge)) call.annotations.add(notGauge(name, call.at));
  return growth && withCounterReset(compactHistogram(growth), 'gauge');
}

/** The first histogram of a counter's window; an empty one in the second's layout where there was a reset between the two. */
function firstOf({ call: { histograms }, start }: HistogramWindow): FloatHistogram {
  const first = histograms.values[start]!;
  const second = histograms.values[start + 1]!;
  if (!isResetAt(histograms, start + 1, first)) return first;
  return { ...emptyHistogram, schema: second.schema, customBounds: second.customBounds };
}

function isResetAt({ values, timesMs, startTimesMs }: HistogramColumn, i: number, previous: FloatHistogram): boolean {
  return (
    (startTimesMs !== undefined &&
      isStartTimeReset(startTimesMs[i - 1]!, timesMs[i - 1]!, startTimesMs[i]!, timesMs[i]!)) ||
    isHistogramReset(values[i]!, previous)
  );
}

function withLosses(
  difference: FloatHistogram,
  first: FloatHistogram,
  { call, start, last }: HistogramWindow,
): FloatHistogram | undefined {
  const { histograms, labels, annotations, at } = call;
  const { timesMs, startTimesMs } = histograms;
  let growth = difference;
  let previous = first;
  let isOverlapping = false;
  for (let i = start + 1; i <= last; i++) {
    if (startTimesMs !== undefined)
      isOverlapping ||= isStartTimeOverlap(startTimesMs[i - 1]!, timesMs[i - 1]!, startTimesMs[i]!);
    if (isResetAt(histograms, i, previous)) {
      const sum = noted(addHistograms(growth, previous), 'addition', call);
      if (sum === undefined) return undefined;
      growth = sum.histogram;
    }
    previous = histograms.values[i]!;
  }
  if (isOverlapping) annotations.add(startTimeOverlap(metricNameOf(labels), at));
  return growth;
}
