/** Series held in memory, as the scripts load them; histograms come back with the hints that Prometheus' storage gives them. */
import { type Labels, labelValue, sortedLabels } from '../../../src/model/labels.js';
import type { FloatColumn, HistogramColumn } from '../../../src/promql/evaluate/sample-columns.js';
import { writeStaleMarker } from '../../../src/promql/evaluate/sample-columns.js';
import type { SampleSource, SelectedSeries } from '../../../src/promql/evaluate/sample-source.js';
import { labelsKey, seriesLabels } from '../../../src/promql/evaluate/series-labels.js';
import { haveSameBounds } from '../../../src/promql/histogram/add-histograms.js';
import { isHistogramReset } from '../../../src/promql/histogram/detect-reset.js';
import { type FloatHistogram, withCounterReset } from '../../../src/promql/histogram/float-histogram.js';
import { customBucketSeries } from './custom-bucket-series.js';
import type { LoadCommand } from './script.js';
import type { StoredSample, StoredSeries } from './stored-series.js';

/** All samples of a series as columns; a selection is a part of them. */
interface StoredColumns {
  readonly labels: Labels;
  samples: StoredSample[];
  /** Made at the first selection after a load. */
  columns: SelectedSeries | undefined;
}

export interface MemorySource extends SampleSource {
  readonly load: (command: LoadCommand) => void;
  readonly clear: () => void;
}

export function createMemorySource(): MemorySource {
  const stored = new Map<string, StoredColumns>();
  const append = ({ labels, samples }: StoredSeries): void => {
    const key = labelsKey(seriesLabels(sortedLabels(labels)));
    const series = stored.get(key) ?? { labels: sortedLabels(labels), samples: [], columns: undefined };
    stored.set(key, series);
    series.samples = [...series.samples, ...samples].sort((a, b) => a.timeMs - b.timeMs);
    series.columns = undefined;
  };
  return {
    clear: () => stored.clear(),
    load(command) {
      const loaded = seriesOf(command);
      for (const each of loaded) append(each);
      if (command.withCustomBuckets) for (const each of customBucketSeries(loaded)) append(each);
    },
    async select(matchers, fromMs, toMs) {
      return [...stored.values()]
        .filter(({ labels }) => matchers.every(({ name, matches }) => matches(labelValue(labels, name))))
        .map((series) => selected(series, fromMs, toMs));
    },
  };
}

/** What a command loads, start times left aside by stores that have none. */
export function seriesOf({ stepMs, series }: LoadCommand): StoredSeries[] {
  return series.map(({ labels, values, starts }) => ({
    labels,
    samples: values.flatMap((value, i): StoredSample[] => {
      const isOmitted = value.value === undefined && value.histogram === undefined && value.isStale !== true;
      const timeMs = i * stepMs;
      const start = starts?.[i];
      return isOmitted ? [] : [{ ...value, timeMs, startMs: start === undefined ? 0 : timeMs + start }];
    }),
  }));
}

function selected(series: StoredColumns, fromMs: number, toMs: number): SelectedSeries {
  series.columns ??= columnsOf(series);
  const { labels, floats, histograms } = series.columns;
  return {
    labels,
    floats: part(floats, fromMs, toMs),
    histograms: histograms && part(histograms, fromMs, toMs),
  };
}

function columnsOf({ labels, samples }: StoredColumns): SelectedSeries {
  const hinted = withStoredHints(samples);
  const histograms = hinted.filter(({ histogram }) => histogram !== undefined);
  return {
    labels,
    floats: floatsOf(hinted.filter(({ histogram }) => histogram === undefined)),
    histograms: histograms.length === 0 ? undefined : histogramsOf(histograms),
  };
}

/** The samples of a time range, both ends inclusive; bit for bit. */
function part<Values extends Float64Array | readonly FloatHistogram[]>(
  { timesMs, values, startTimesMs }: { timesMs: Float64Array; values: Values; startTimesMs?: Float64Array | undefined },
  fromMs: number,
  toMs: number,
): { timesMs: Float64Array; values: Values; count: number; startTimesMs: Float64Array | undefined } {
  const start = placeOf(timesMs, fromMs);
  const end = placeOf(timesMs, toMs + 1);
  const some = (values instanceof Float64Array ? values.subarray(start, end) : values.slice(start, end)) as Values;
  return {
    timesMs: timesMs.subarray(start, end),
    values: some,
    count: end - start,
    startTimesMs: startTimesMs?.subarray(start, end),
  };
}

/** The first sample not before a time. */
function placeOf(timesMs: Float64Array, timeMs: number): number {
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

const times = (samples: readonly StoredSample[]): Float64Array => Float64Array.from(samples, ({ timeMs }) => timeMs);

const startTimes = (samples: readonly StoredSample[]): Float64Array | undefined =>
  samples.some(({ startMs }) => startMs !== 0) ? Float64Array.from(samples, ({ startMs }) => startMs) : undefined;

function floatsOf(samples: readonly StoredSample[]): FloatColumn {
  const values = Float64Array.from(samples, ({ value }) => value ?? 0);
  samples.forEach(({ isStale }, i) => {
    if (isStale === true) writeStaleMarker(values, i);
  });
  return { timesMs: times(samples), values, count: samples.length, startTimesMs: startTimes(samples) };
}

const histogramsOf = (samples: readonly StoredSample[]): HistogramColumn => ({
  timesMs: times(samples),
  values: samples.map(({ histogram }) => histogram!),
  startTimesMs: startTimes(samples),
});

/**
 * Within a chunk of histograms the storage knows that there was no reset; of a chunk's first it says nothing. A chunk ends where the
 * kind of sample or the layout changes, and at a reset.
 */
function withStoredHints(samples: readonly StoredSample[]): StoredSample[] {
  let previous: FloatHistogram | undefined;
  return samples.map((sample) => {
    const { histogram } = sample;
    if (histogram === undefined) {
      previous = undefined;
      return sample;
    }
    const isContinued = previous !== undefined && continues(histogram, previous);
    previous = histogram;
    if (histogram.counterReset === 'gauge') return sample;
    return { ...sample, histogram: withCounterReset(histogram, isContinued ? 'not_reset' : 'unknown') };
  });
}

const continues = (next: FloatHistogram, previous: FloatHistogram): boolean =>
  previous.counterReset !== 'gauge' &&
  next.counterReset !== 'reset' &&
  next.schema === previous.schema &&
  next.zeroThreshold === previous.zeroThreshold &&
  haveSameBounds(next.customBounds, previous.customBounds) &&
  !isHistogramReset(withCounterReset(next, 'unknown'), previous);
