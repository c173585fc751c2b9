/** `irate` and `idelta`: from a window's last two samples. Source: Prometheus, promql/functions.go, `instantValue`. */
import {
  mixedFloatsHistograms,
  mixedSchemas,
  notCounter,
  notGauge,
  reconciledBuckets,
} from '../../evaluate/annotation-kinds.js';
import { clearStep, type SeriesBuilder, setFloat, setHistogram } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import { subtractHistograms } from '../../histogram/add-histograms.js';
import { compactHistogram } from '../../histogram/bucket-bounds.js';
import { isHistogramReset } from '../../histogram/detect-reset.js';
import { divideHistogram, type FloatHistogram, withCounterReset } from '../../histogram/float-histogram.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { isStartTimeReset } from './start-time-reset.js';

interface Sample {
  readonly timeMs: number;
  readonly startMs: number;
  readonly value: number | FloatHistogram;
}

const instantFunction = (isRate: boolean): RangeFunction => ({
  usesStartTimes: isRate,
  floats(call, out) {
    const { timesMs, values, startTimesMs } = call.floats;
    const { starts, ends } = call.floatBounds;
    for (let step = 0; step < call.windows.steps; step++) {
      const last = ends[step]! - 1;
      if (last - starts[step]! < 1) continue;
      const isReset =
        isRate &&
        (values[last]! < values[last - 1]! ||
          (startTimesMs !== undefined &&
            isStartTimeReset(startTimesMs[last - 1]!, timesMs[last - 1]!, startTimesMs[last]!, timesMs[last]!)));
      const growth = isReset ? values[last]! : values[last]! - values[last - 1]!;
      setFloat(out, step, isRate ? growth / ((timesMs[last]! - timesMs[last - 1]!) / 1000) : growth);
    }
  },
  histograms: (call, step, out) => fillLastTwo(call, step, out, isRate),
});

function fillLastTwo(call: RangeCall, step: number, out: SeriesBuilder, isRate: boolean): void {
  clearStep(out, step);
  const [before, last] = lastTwo(call, step);
  if (before === undefined || last === undefined || before.timeMs === last.timeMs) return;
  const { labels, annotations, at } = call;
  const seconds = (last.timeMs - before.timeMs) / 1000;
  const isReset = isRate && isStartTimeReset(before.startMs, before.timeMs, last.startMs, last.timeMs);
  if (typeof last.value === 'number' && typeof before.value === 'number') {
    const growth = isRate && (isReset || last.value < before.value) ? last.value : last.value - before.value;
    setFloat(out, step, isRate ? growth / seconds : growth);
    return;
  }
  if (typeof last.value === 'number' || typeof before.value === 'number') {
    annotations.add(mixedFloatsHistograms(metricNameOf(labels), at));
    return;
  }
  const growth = histogramGrowth(before.value, last.value, isReset, isRate, call);
  if (growth !== undefined) setHistogram(out, step, isRate ? divideHistogram(growth, seconds) : growth);
}

function histogramGrowth(
  before: FloatHistogram,
  last: FloatHistogram,
  isReset: boolean,
  isRate: boolean,
  { labels, annotations, at }: RangeCall,
): FloatHistogram | undefined {
  const gauges = [before, last].filter(({ counterReset }) => counterReset === 'gauge').length;
  if (isRate && gauges > 0) annotations.add(notCounter(metricNameOf(labels), at));
  if (!isRate && gauges < 2) annotations.add(notGauge(metricNameOf(labels), at));
  let growth = last;
  if (!isRate || !(isReset || isHistogramReset(last, before))) {
    const difference = subtractHistograms(last, before);
    if (difference === undefined) {
      annotations.add(mixedSchemas(metricNameOf(labels), at));
      return undefined;
    }
    if (difference.isReconciled) annotations.add(reconciledBuckets('subtraction', at));
    growth = difference.histogram;
  }
  return withCounterReset(compactHistogram(growth), 'gauge');
}

/** A window's last two samples, floats and histograms together, the older one first. */
function lastTwo({ floats, floatBounds, histograms, histogramBounds }: RangeCall, step: number): readonly Sample[] {
  const samples: Sample[] = [];
  for (let i = Math.max(floatBounds.starts[step]!, floatBounds.ends[step]! - 2); i < floatBounds.ends[step]!; i++)
    samples.push({ timeMs: floats.timesMs[i]!, startMs: floats.startTimesMs?.[i] ?? 0, value: floats.values[i]! });
  const end = histogramBounds.ends[step]!;
  for (let i = Math.max(histogramBounds.starts[step]!, end - 2); i < end; i++)
    samples.push({
      timeMs: histograms.timesMs[i]!,
      startMs: histograms.startTimesMs?.[i] ?? 0,
      value: histograms.values[i]!,
    });
  return samples.sort((a, b) => a.timeMs - b.timeMs).slice(-2);
}

export const irate = instantFunction(true);
export const idelta = instantFunction(false);
