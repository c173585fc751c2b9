/** Compares what a query gave with what a script expects. Source: Prometheus, promql/promqltest/test.go, `compareResult`. */
import type { Labels } from '../../../src/model/labels.js';
import type { QueryData } from '../../../src/promql/evaluate/query-result.js';
import { compareLabels, labelsKey, labelsText, seriesLabels } from '../../../src/promql/evaluate/series-labels.js';
import { haveSameBounds } from '../../../src/promql/histogram/add-histograms.js';
import { compactHistogram } from '../../../src/promql/histogram/bucket-bounds.js';
import type { Buckets, FloatHistogram } from '../../../src/promql/histogram/float-histogram.js';
import type { EvalCommand } from './script.js';
import type { SequenceValue } from './series-line.js';

const relativeErrorMax = 1e-6;
const smallestNormal = 2 ** -1022;

const show = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'number' && !Number.isFinite(each) ? String(each) : each));

const textOf = (labels: Labels): string => labelsText(seriesLabels(labels));
const keyOf = (labels: Labels): string => labelsKey(seriesLabels(labels));

/** What is wrong, if anything is. */
export function differenceOf(command: EvalCommand, data: QueryData): string | undefined {
  switch (data.kind) {
    case 'string':
      return data.value === (command.string ?? '') ? undefined : `got the string ${show(data.value)}`;
    case 'scalar':
      if (command.scalar === undefined) return `got the scalar ${data.value}, wanted a vector`;
      return isAlmostEqual(command.scalar.value!, data.value) ? undefined : `got ${data.value}`;
    case 'vector':
      return vectorDifference(command, data.samples);
    case 'matrix':
      return matrixDifference(command, data.series);
  }
}

function vectorDifference(
  command: EvalCommand,
  samples: Extract<QueryData, { kind: 'vector' }>['samples'],
): string | undefined {
  if (command.scalar !== undefined) return 'got a vector, wanted a scalar';
  const isOrdered = command.expectations.has('ordered');
  const expected = new Map(command.series.map((series, i) => [keyOf(series.labels), { ...series, place: i }]));
  const seen = new Set<string>();
  for (const [place, { labels, value }] of samples.entries()) {
    const key = keyOf(labels);
    const wanted = expected.get(key);
    if (wanted === undefined) return `got ${textOf(labels)} ${show(value)}, which is not expected`;
    if (isOrdered && wanted.place !== place)
      return `got ${textOf(labels)} at place ${place}, wanted it at ${wanted.place}`;
    const difference = sampleDifference(wanted.values[0]!, value);
    if (difference !== undefined) return `${textOf(labels)}: ${difference}`;
    seen.add(key);
  }
  const missing = command.series.find(({ labels }) => !seen.has(keyOf(labels)));
  return missing && `${textOf(missing.labels)} is missing`;
}

function sampleDifference(wanted: SequenceValue, got: number | FloatHistogram): string | undefined {
  const isRight =
    typeof got === 'number'
      ? wanted.histogram === undefined && isAlmostEqual(wanted.value!, got)
      : wanted.histogram !== undefined && areAlmostEqual(wanted.histogram, got, wanted.hasHint === true);
  return isRight ? undefined : `got ${show(got)}, wanted ${show(wanted)}`;
}

function matrixDifference(
  command: EvalCommand,
  series: Extract<QueryData, { kind: 'matrix' }>['series'],
): string | undefined {
  if (command.expectations.has('ordered')) return 'got a matrix, wanted an ordered result';
  if (command.scalar !== undefined) return 'got a matrix, wanted a scalar';
  for (const [i, each] of series.entries())
    if (i > 0 && compareLabels(seriesLabels(series[i - 1]!.labels), seriesLabels(each.labels)) > 0)
      return `${textOf(each.labels)} is out of order`;
  const expected = new Map(command.series.map((each) => [keyOf(each.labels), each.values]));
  const seen = new Set<string>();
  for (const { labels, timesMs, values, histogramTimesMs, histograms } of series) {
    const wanted = expected.get(keyOf(labels));
    const got = [
      ...Array.from(timesMs, (timeMs, i) => ({ timeMs, value: values[i]! as number | FloatHistogram })),
      ...Array.from(histogramTimesMs, (timeMs, i) => ({ timeMs, value: histograms[i]! })),
    ].sort((a, b) => a.timeMs - b.timeMs);
    if (wanted === undefined) return `got ${textOf(labels)} ${show(got)}, which is not expected`;
    const points = wanted
      .map((value, i) => ({ timeMs: command.startMs + i * command.stepMs, value }))
      .filter(({ value }) => value.value !== undefined || value.histogram !== undefined);
    if (points.length !== got.length) return `${textOf(labels)}: got ${show(got)}, wanted ${show(points)}`;
    for (const [i, point] of points.entries()) {
      const difference =
        point.timeMs === got[i]!.timeMs ? sampleDifference(point.value, got[i]!.value) : `got time ${got[i]!.timeMs}`;
      if (difference !== undefined) return `${textOf(labels)} at ${point.timeMs}: ${difference}`;
    }
    seen.add(keyOf(labels));
  }
  const missing = command.series.find(({ labels }) => !seen.has(keyOf(labels)));
  return missing && `${textOf(missing.labels)} is missing`;
}

/** Source: Prometheus, util/almost. */
export function isAlmostEqual(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < relativeErrorMax * smallestNormal;
  return difference / Math.min(sum, Number.MAX_VALUE) < relativeErrorMax;
}

function areAlmostEqual(a: FloatHistogram, b: FloatHistogram, comparesHint: boolean): boolean {
  const [left, right] = [compactHistogram(a), compactHistogram(b)];
  return (
    left.schema === right.schema &&
    isAlmostEqual(left.count, right.count) &&
    isAlmostEqual(left.sum, right.sum) &&
    haveSameBounds(left.customBounds, right.customBounds) &&
    left.zeroThreshold === right.zeroThreshold &&
    isAlmostEqual(left.zeroCount, right.zeroCount) &&
    areBucketsAlmostEqual(left.positive, right.positive) &&
    areBucketsAlmostEqual(left.negative, right.negative) &&
    (!comparesHint || left.counterReset === right.counterReset)
  );
}

const areBucketsAlmostEqual = (a: Buckets, b: Buckets): boolean =>
  a.indexes.length === b.indexes.length &&
  a.indexes.every((index, i) => index === b.indexes[i] && isAlmostEqual(a.counts[i]!, b.counts[i]!));
