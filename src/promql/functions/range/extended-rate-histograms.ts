/** Native histograms under `rate`, `increase` and `delta` over `anchored` and `smoothed` selectors. Source: `extendedHistogramRate`. */
import type { RangeExtension } from '../../ast.js';
import { mixedSchemas, notCounter, notGauge, reconciledBuckets } from '../../evaluate/annotation-kinds.js';
import { type SeriesBuilder, setHistogram } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import { addHistograms, subtractHistograms } from '../../histogram/add-histograms.js';
import { compactHistogram } from '../../histogram/bucket-bounds.js';
import { isHistogramReset } from '../../histogram/detect-reset.js';
import {
  divideHistogram,
  type FloatHistogram,
  multiplyHistogram,
  usesCustomBounds,
  withCounterReset,
} from '../../histogram/float-histogram.js';
import { type BorderSamples, borderSamples } from './extended-window.js';
import type { GrowthKind } from './growth-kind.js';
import type { RangeCall } from './range-function.js';

type Noting = Pick<RangeCall, 'labels' | 'annotations' | 'at'>;

export function extendedHistogramGrowth(
  { isCounter, isPerSecond }: GrowthKind,
  extension: RangeExtension,
  call: RangeCall,
  step: number,
  out: SeriesBuilder,
): void {
  const { timesMs, values } = call.histograms;
  const borders = borderSamples(call, step, call.histogramBounds, timesMs, extension);
  if (borders === undefined || !areAlike(values.slice(borders.first, borders.last + 1), isCounter, call)) return;
  const { first, last, startMs, endMs, isSmoothed, lowest } = borders;
  const between = (from: number, timeMs: number): FloatHistogram | undefined =>
    interpolateHistograms(call.histograms, from, timeMs, isCounter, call);
  const left = isSmoothed && timesMs[first]! < startMs ? between(first, startMs) : values[first]!;
  const right = isSmoothed && last > lowest && timesMs[last]! > endMs ? between(last - 1, endMs) : values[last]!;
  if (left === undefined || right === undefined) return;
  if (!isCounter && (left.counterReset !== 'gauge' || right.counterReset !== 'gauge'))
    call.annotations.add(notGauge(metricNameOf(call.labels), call.at));
  let growth = subtract(right, left, call);
  const lost = isCounter ? lostBetween(borders, left, right, call) : [];
  for (const each of lost) growth = growth && add(growth, each, call);
  if (growth === undefined) return;
  if (isPerSecond) growth = divideHistogram(growth, call.windows.rangeMs / 1000);
  setHistogram(out, step, withCounterReset(compactHistogram(growth), 'gauge'));
}

function areAlike(window: readonly FloatHistogram[], isCounter: boolean, { labels, annotations, at }: Noting): boolean {
  for (const each of window) {
    if (usesCustomBounds(each) !== usesCustomBounds(window[0]!)) {
      annotations.add(mixedSchemas(metricNameOf(labels), at));
      return false;
    }
    if (isCounter && each.counterReset === 'gauge') annotations.add(notCounter(metricNameOf(labels), at));
  }
  return true;
}

/** The histograms before each reset between the borders; a reset that a border was interpolated across is in the border already. */
function lostBetween(
  { first, last, startMs, isSmoothed }: BorderSamples,
  left: FloatHistogram,
  right: FloatHistogram,
  { histograms: { timesMs, values } }: RangeCall,
): FloatHistogram[] {
  let from = first + 1;
  let previous = left;
  const spansReset =
    isSmoothed &&
    timesMs[first]! < startMs &&
    first + 1 < values.length &&
    isHistogramReset(values[first + 1]!, values[first]!);
  if (spansReset) {
    previous = values[first + 1]!;
    from++;
  }
  if (from > last) return [];
  const lost: FloatHistogram[] = [];
  for (const each of [...values.slice(from, last), right]) {
    if (isHistogramReset(each, previous)) lost.push(previous);
    previous = each;
  }
  return lost;
}

/** The histogram between sample `from` and the next; a counter that was reset between them is taken to have grown from nothing. */
export function interpolateHistograms(
  { timesMs, values }: RangeCall['histograms'],
  from: number,
  timeMs: number,
  isCounter: boolean,
  noting: Noting,
): FloatHistogram | undefined {
  const before = values[from]!;
  const after = values[from + 1]!;
  if (timeMs === timesMs[from]) return before;
  if (timeMs === timesMs[from + 1]) return after;
  const fraction = (timeMs - timesMs[from]!) / (timesMs[from + 1]! - timesMs[from]!);
  if (isCounter && isHistogramReset(after, before)) return multiplyHistogram(after, fraction);
  const difference = subtract(after, before, noting);
  return difference && add(multiplyHistogram(difference, fraction), before, noting);
}

function add(a: FloatHistogram, b: FloatHistogram, { labels, annotations, at }: Noting): FloatHistogram | undefined {
  const sum = addHistograms(a, b);
  if (sum === undefined) annotations.add(mixedSchemas(metricNameOf(labels), at));
  else if (sum.isReconciled) annotations.add(reconciledBuckets('addition', at));
  return sum?.histogram;
}

function subtract(
  a: FloatHistogram,
  b: FloatHistogram,
  { labels, annotations, at }: Noting,
): FloatHistogram | undefined {
  const difference = subtractHistograms(a, b);
  if (difference === undefined) annotations.add(mixedSchemas(metricNameOf(labels), at));
  else if (difference.isReconciled) annotations.add(reconciledBuckets('subtraction', at));
  return difference?.histogram;
}
