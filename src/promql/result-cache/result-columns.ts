/**
 * Results of range queries as columns over steps, so that a part can be cut out and another one be joined on. Columns never change once made; what is
 * asked for again is printed once, and its text goes with it.
 */
import { compareLabels, type Labels } from '../../model/labels.js';
import type { ResultSeries } from '../evaluate/query-result.js';
import { labelsKey, seriesLabels } from '../evaluate/series-labels.js';
import { bytesPerPrintedPoint, cutPrinted, printedBytes } from './printed-column.js';
import type { ResultColumn, ResultColumns } from './result-column.js';
import { type StepGrid, type StepRange, timeOf, timesOf } from './step-grid.js';

/** Bytes of labels beside their texts, for each series. A guess. */
const bytesPerSeries = 200;

export const bytesOf = ({ columns, steps }: ResultColumns): number =>
  columns.reduce(
    (sum, { key, printed }) => sum + bytesPerSeries + 2 * key.length + 9 * steps + printedBytes(printed),
    0,
  );

/** About what `bytesOf` is once all columns are printed. */
export const bytesOncePrinted = ({ columns, steps }: ResultColumns): number =>
  columns.reduce((sum, { key }) => sum + bytesPerSeries + 3 * key.length + (9 + bytesPerPrintedPoint) * steps, 0);

/** Joins what is kept and what was evaluated, over `range`; steps outside it are left out. Where parts meet, the later one counts. */
export function joinColumns(
  grid: StepGrid,
  range: StepRange,
  kept: ResultColumns | undefined,
  evaluated: readonly (readonly ResultSeries[])[],
): ResultColumns {
  const byKey = new Map<string, ResultColumn>();
  const columnOf = (key: string, labels: Labels): ResultColumn => {
    let column = byKey.get(key);
    if (column === undefined) {
      const [values, presence] = [new Float64Array(range.steps), new Uint8Array(range.steps)];
      column = { labels, key, values, presence, printed: undefined };
      byKey.set(key, column);
    }
    return column;
  };
  if (kept !== undefined) copyKept(range, kept, columnOf);
  for (const { labels, timesMs, values } of evaluated.flat()) {
    const column = columnOf(labelsKey(seriesLabels(labels)), labels);
    const baseMs = timeOf(grid, range.first);
    for (let i = 0; i < timesMs.length; i++) {
      const step = (timesMs[i]! - baseMs) / grid.stepMs;
      if (step < 0 || step >= range.steps) continue;
      column.values[step] = values[i]!;
      column.presence[step] = 1;
    }
  }
  const columns = Array.from(byKey.values()).sort((a, b) => compareLabels(a.labels, b.labels));
  return { ...range, columns };
}

function copyKept(
  range: StepRange,
  kept: ResultColumns,
  columnOf: (key: string, labels: Labels) => ResultColumn,
): void {
  const first = Math.max(range.first, kept.first);
  const end = Math.min(range.first + range.steps, kept.first + kept.steps);
  if (first >= end) return;
  for (const { labels, key, values, presence } of kept.columns) {
    const from = first - kept.first;
    const to = end - kept.first;
    if (presence.indexOf(1, from) < 0) continue;
    const column = columnOf(key, labels);
    column.values.set(values.subarray(from, to), first - range.first);
    column.presence.set(presence.subarray(from, to), first - range.first);
  }
}

/** A plain loop: it runs over every point of an answer from the cache. */
function onesIn(flags: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < flags.length; i++) count += flags[i]!;
  return count;
}

/** The columns' values within `range`, which lies in theirs, as a range query gives them. */
export function cutResult(grid: StepGrid, all: ResultColumns, range: StepRange): ResultSeries[] {
  const gridTimes = timesOf(grid, range);
  const from = range.first - all.first;
  const to = from + range.steps;
  const series: ResultSeries[] = [];
  for (const { labels, values, presence, printed } of all.columns) {
    const present = presence.subarray(from, to);
    const count = onesIn(present);
    if (count === 0) continue;
    const own = values.subarray(from, to);
    const isWhole = count === range.steps;
    series.push({
      labels,
      timesMs: isWhole ? gridTimes : picked(gridTimes, present, count),
      values: isWhole ? own : picked(own, present, count),
      histogramTimesMs: noNumbers,
      histograms: [],
      ...(printed === undefined ? {} : { printed: cutPrinted(printed, from, to) }),
    });
  }
  return series;
}

const noNumbers = new Float64Array(0);

function picked(numbers: Float64Array, flags: Uint8Array, count: number): Float64Array {
  const kept = new Float64Array(count);
  let next = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i] === 1) kept[next++] = numbers[i]!;
  return kept;
}

/** Adds the native histograms of parts, in the order of time, which columns do not hold, to the result's series. */
export function withHistograms(
  result: readonly ResultSeries[],
  evaluated: readonly (readonly ResultSeries[])[],
): ResultSeries[] {
  const byKey = new Map(result.map((each) => [labelsKey(seriesLabels(each.labels)), each]));
  for (const { labels, histogramTimesMs, histograms } of evaluated.flat()) {
    if (histograms.length === 0) continue;
    const key = labelsKey(seriesLabels(labels));
    const { timesMs, values, printed: _floatsAlone, ...before } = byKey.get(key) ?? emptySeries(labels);
    byKey.set(key, {
      labels,
      timesMs,
      values,
      histogramTimesMs: Float64Array.from([...before.histogramTimesMs, ...histogramTimesMs]),
      histograms: [...before.histograms, ...histograms],
    });
  }
  return Array.from(byKey.values()).sort((a, b) => compareLabels(a.labels, b.labels));
}

const emptySeries = (labels: Labels): ResultSeries => ({
  labels,
  timesMs: new Float64Array(0),
  values: new Float64Array(0),
  histogramTimesMs: new Float64Array(0),
  histograms: [],
});
