/** What a query is expected to read and to give, told from its plan before anything is read. */
import type { Plan, Selection } from '../evaluate/plan.js';
import type { QueryRange } from '../evaluate/query-range.js';
import type { SelectionEstimate } from '../leaves/estimate-selection.js';
import type { StoredSource } from '../leaves/stored-source.js';
import { answerSeries } from './answer-series.js';

/** A selection of the plan with its estimate. */
export interface LeafEstimate extends SelectionEstimate {
  readonly selection: Selection;
  /** Times at which it is evaluated. */
  readonly steps: number;
  /** Samples come at the resolution in which they were stored: there is no other yet. */
  readonly tier: 'raw';
}

export interface QueryEstimate {
  readonly leaves: readonly LeafEstimate[];
  readonly series: number;
  readonly samples: number;
  /** Points of the answer, as few as the query's form allows. */
  readonly points: number;
  /** Points of the answer at most; Infinity where nothing tells. */
  readonly pointsMost: number;
  /** Bytes of the answer as JSON, of `points`. */
  readonly answerBytes: number;
  /** Samples to decode and points to compute: what decides where a query runs. */
  readonly work: number;
}

/** `[1795341120,"0.123456"],` and thereabouts. Measured on answers of benchmarks: 22 to 33. */
const bytesPerPoint = 28;

export async function estimateQuery(
  plan: Plan,
  query: QueryRange,
  lookbackMs: number,
  source: Pick<StoredSource, 'estimate'>,
): Promise<QueryEstimate> {
  const leaves: LeafEstimate[] = [];
  for (const selection of plan.selections) {
    const estimate = await source.estimate(selection.matchers, selection.fromMs, selection.toMs);
    leaves.push({ ...estimate, selection, steps: stepsOf(selection, lookbackMs), tier: 'raw' });
  }
  const sum = (of: (leaf: LeafEstimate) => number): number => leaves.reduce((total, leaf) => total + of(leaf), 0);
  const samples = sum((leaf) => leaf.samples);
  const steps = query.stepMs === 0 ? 1 : Math.floor((query.endMs - query.startMs) / query.stepMs) + 1;
  const { least, most } = answerSeries(plan.root, (selection) => leaves[selection]!.series);
  const isMatrix = query.stepMs === 0 && plan.root.kind === 'range_selector';
  const points = isMatrix ? samples : least * steps;
  return {
    leaves,
    series: sum((leaf) => leaf.series),
    samples,
    points,
    pointsMost: isMatrix ? samples : most * steps,
    answerBytes: points * bytesPerPoint,
    work: sum(({ decoded, series, steps }) => decoded + series * steps),
  };
}

/** Samples are fetched from a range, or the look-back, before the first step on. */
function stepsOf({ fromMs, toMs, hints: { stepMs, rangeMs } }: Selection, lookbackMs: number): number {
  if (stepMs === 0) return 1;
  return Math.max(1, Math.floor((toMs - fromMs + 1 - (rangeMs || lookbackMs)) / stepMs) + 1);
}

/** From so many times a limit on, an estimate by the density of what is in memory needs no counting. */
const certainFactor = 4;

/** The estimate, with the samples that are not in memory counted by the engine where they may decide about the limit. */
export async function countedEstimate(
  estimate: QueryEstimate,
  samplesMax: number,
  source: Pick<StoredSource, 'countMissing'>,
): Promise<QueryEstimate> {
  if (!isDoubtful(estimate, samplesMax)) return estimate;
  let samples = 0;
  for (const leaf of estimate.leaves) {
    const { matchers, fromMs, toMs } = leaf.selection;
    const here = leaf.hoursInMemory / Math.max(1, leaf.hoursInMemory + leaf.hoursMissing);
    samples += leaf.histogramSamples + (leaf.samples - leaf.histogramSamples) * here;
    if (leaf.hoursMissing > 0) samples += await source.countMissing(matchers, fromMs, toMs);
  }
  return { ...estimate, samples };
}

function isDoubtful({ leaves, samples }: QueryEstimate, samplesMax: number): boolean {
  if (samples * certainFactor < samplesMax || leaves.every(({ hoursMissing }) => hoursMissing === 0)) return false;
  return samples <= samplesMax * certainFactor || leaves.some(({ isGuess }) => isGuess);
}
