/** Turns a root's value into what the query gives. */
import { assert } from '../../base/assert.js';
import { type Grid, gridTime } from './grid.js';
import { duplicateLabels, mergeSameLabels } from './merge-series.js';
import type { QueryData, ResultSample, ResultSeries } from './query-result.js';
import { compareLabels, dropMetadata, labelsKey, noLabels, type SeriesLabels } from './series-labels.js';
import { hasValues, isFloat, isHistogram, type RangeSeries, type Value, type VectorSeries } from './value.js';

/** Of an instant query. Throws `query_failed` where two series are left with the same labels. */
export function instantResult(value: Value, { startMs: timeMs }: Grid): QueryData {
  switch (value.kind) {
    case 'scalar':
      return { kind: 'scalar', timeMs, value: value.values[0]! };
    case 'string':
      return { kind: 'string', timeMs, value: value.value };
    case 'vector':
      return { kind: 'vector', timeMs, samples: withFinalNames(value.series).map(sampleOf) };
    case 'matrix':
      return { kind: 'matrix', series: rangeResult(value.series) };
  }
}

/** Of a range query. */
export function gridResult(value: Value, grid: Grid): QueryData {
  assert(value.kind === 'scalar' || value.kind === 'vector', 'range queries give scalars or instant vectors');
  const series = value.kind === 'scalar' ? [scalarSeries(value.values)] : withFinalNames(value.series);
  const sorted = series.toSorted((a, b) => compareLabels(a.labels, b.labels));
  const gridTimes = Float64Array.from({ length: grid.steps }, (_, step) => gridTime(grid, step));
  return { kind: 'matrix', series: sorted.map((each) => seriesOnGrid(each, gridTimes)) };
}

const scalarSeries = (values: Float64Array): VectorSeries => ({
  labels: noLabels,
  dropsName: false,
  values,
  presence: new Uint8Array(values.length).fill(isFloat),
  histograms: undefined,
});

/** Names that no longer describe their values go. */
const withFinalNames = (series: readonly VectorSeries[]): readonly VectorSeries[] =>
  mergeSameLabels(series.filter(hasValues).map((each) => ({ ...each, labels: finalLabels(each) })));

const finalLabels = ({ labels, dropsName }: { labels: SeriesLabels; dropsName: boolean }): SeriesLabels =>
  dropsName ? dropMetadata(labels) : labels;

const sampleOf = ({ labels, presence, values, histograms }: VectorSeries): ResultSample => ({
  labels: labels.pairs,
  keyedLabels: labels,
  value: presence[0] === isHistogram ? histograms![0]! : values[0]!,
});

/** A series with a float at every step shares the grid's times and its own values with the result. */
function seriesOnGrid({ labels, values, presence, histograms }: VectorSeries, gridTimes: Float64Array): ResultSeries {
  const floats = countOf(presence, isFloat);
  const isWhole = floats === presence.length;
  const histogramCount = histograms === undefined ? 0 : countOf(presence, isHistogram);
  return {
    labels: labels.pairs,
    timesMs: isWhole ? gridTimes : pickWhere(gridTimes, presence, isFloat, floats),
    values: isWhole ? values : pickWhere(values, presence, isFloat, floats),
    histogramTimesMs: pickWhere(gridTimes, presence, isHistogram, histogramCount),
    histograms:
      histogramCount === 0 ? [] : histograms!.filter((_, step) => presence[step] === isHistogram).map((each) => each!),
  };
}

function countOf(presence: Uint8Array, kind: number): number {
  let count = 0;
  for (let step = 0; step < presence.length; step++) if (presence[step] === kind) count++;
  return count;
}

/** The numbers of the steps that hold a kind of sample. */
function pickWhere(numbers: Float64Array, presence: Uint8Array, kind: number, count: number): Float64Array {
  const picked = new Float64Array(count);
  if (count === 0) return picked;
  let next = 0;
  for (let step = 0; step < presence.length; step++) if (presence[step] === kind) picked[next++] = numbers[step]!;
  return picked;
}

function rangeResult(series: readonly RangeSeries[]): ResultSeries[] {
  const named = series.map((each) => ({ ...each, labels: finalLabels(each) }));
  const sorted = named.sort((a, b) => compareLabels(a.labels, b.labels));
  sorted.forEach(({ labels }, i) => {
    if (i > 0 && labelsKey(labels) === labelsKey(sorted[i - 1]!.labels)) throw duplicateLabels();
  });
  return sorted.map(({ labels, floats, histograms }) => ({
    labels: labels.pairs,
    timesMs: floats.timesMs.slice(0, floats.count),
    values: floats.values.slice(0, floats.count),
    histogramTimesMs: histograms?.timesMs ?? new Float64Array(0),
    histograms: histograms?.values ?? [],
  }));
}
