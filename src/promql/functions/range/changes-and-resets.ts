/** `changes` and `resets`: how often a sample differs from, or is below, the one before. Source: Prometheus, functions.go. */
import type { RangeExtension } from '../../ast.js';
import { setFloat } from '../../evaluate/series-builder.js';
import { areHistogramsEqual } from '../../histogram/compare-histograms.js';
import { isHistogramReset } from '../../histogram/detect-reset.js';
import type { FloatHistogram } from '../../histogram/float-histogram.js';
import { rangeOfStep } from './extended-window.js';
import type { RangeCall, RangeFunction, WindowFunction } from './range-function.js';
import { isStartTimeReset } from './start-time-reset.js';

interface Sample {
  readonly timeMs: number;
  readonly startMs: number;
  readonly value: number | FloatHistogram;
}

interface Event {
  readonly isBetweenFloats: (before: number, value: number) => boolean;
  readonly isBetweenHistograms: (before: FloatHistogram, value: FloatHistogram) => boolean;
  readonly usesStartTimes: boolean;
}

const counted = (event: Event, extensions: readonly RangeExtension[]): RangeFunction => ({
  usesStartTimes: event.usesStartTimes,
  floats(call, out) {
    const { floats, floatBounds, windows, scratch } = call;
    const { starts, ends } = floatBounds;
    // How many events there were up to each sample: a window's are the difference of two of them.
    const before = scratch.positions;
    let events = 0;
    for (let i = 0; i < floats.count; i++) {
      if (i > 0 && isEvent(call, event, i)) events++;
      before[i] = events;
    }
    for (let step = 0; step < windows.steps; step++)
      if (starts[step]! < ends[step]!) setFloat(out, step, before[ends[step]! - 1]! - before[starts[step]!]!);
  },
  histograms: countedOneByOne(event, false),
  extended: Object.fromEntries(extensions.map((extension) => [extension, countedOneByOne(event, true)])),
});

function isEvent({ floats: { timesMs, values, startTimesMs } }: RangeCall, event: Event, i: number): boolean {
  return (
    event.isBetweenFloats(values[i - 1]!, values[i]!) ||
    (startTimesMs !== undefined &&
      isStartTimeReset(startTimesMs[i - 1]!, timesMs[i - 1]!, startTimesMs[i]!, timesMs[i]!))
  );
}

/** Floats and histograms in the order of time; a change from one kind to the other is an event. */
const countedOneByOne =
  (event: Event, isAnchored: boolean): WindowFunction =>
  (call, step, out) => {
    const all = samplesOf(call, step);
    const samples = isAnchored ? fromAnchor(all, rangeOfStep(call, step).startMs) : all;
    if (samples.length === 0) return;
    let events = 0;
    for (let i = 1; i < samples.length; i++) if (isEventBetween(event, samples[i - 1]!, samples[i]!)) events++;
    setFloat(out, step, events);
  };

function isEventBetween(event: Event, before: Sample, sample: Sample): boolean {
  const isBegunAnew =
    event.usesStartTimes && isStartTimeReset(before.startMs, before.timeMs, sample.startMs, sample.timeMs);
  if (typeof before.value === 'number')
    return typeof sample.value !== 'number' || isBegunAnew || event.isBetweenFloats(before.value, sample.value);
  return typeof sample.value === 'number' || isBegunAnew || event.isBetweenHistograms(before.value, sample.value);
}

function samplesOf({ floats, floatBounds, histograms, histogramBounds }: RangeCall, step: number): Sample[] {
  const samples: Sample[] = [];
  for (let i = floatBounds.starts[step]!; i < floatBounds.ends[step]!; i++)
    samples.push({ timeMs: floats.timesMs[i]!, startMs: floats.startTimesMs?.[i] ?? 0, value: floats.values[i]! });
  for (let i = histogramBounds.starts[step]!; i < histogramBounds.ends[step]!; i++)
    samples.push({
      timeMs: histograms.timesMs[i]!,
      startMs: histograms.startTimesMs?.[i] ?? 0,
      value: histograms.values[i]!,
    });
  return samples.sort((a, b) => a.timeMs - b.timeMs);
}

/** The last sample at or before the range's start and all after it; none where none is after it. */
function fromAnchor(samples: readonly Sample[], startMs: number): readonly Sample[] {
  const after = samples.findIndex(({ timeMs }) => timeMs > startMs);
  return after < 0 ? [] : samples.slice(Math.max(after - 1, 0));
}

export const changes = counted(
  {
    isBetweenFloats: (before, value) => value !== before && !(Number.isNaN(value) && Number.isNaN(before)),
    isBetweenHistograms: (before, value) => !areHistogramsEqual(value, before),
    usesStartTimes: false,
  },
  ['anchored'],
);

export const resets = counted(
  {
    isBetweenFloats: (before, value) => value < before,
    isBetweenHistograms: (before, value) => isHistogramReset(value, before),
    usesStartTimes: true,
  },
  ['anchored'],
);
