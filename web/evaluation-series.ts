/** Rows of an evaluation as what a chart draws: a line for each cohort, and the coverage of each bucket. */
import type { EvaluationAnswerRow } from '../src/http/contract/evaluations.js';

/** From inclusive, to exclusive, epoch milliseconds. */
export interface Bucket {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ChartPoint extends Bucket {
  /** Null where the metric is undefined. */
  readonly value: number | null;
  readonly withTruth: number;
}

export interface ChartSeries {
  readonly name: string;
  /** Predictions of the cohort over all buckets. */
  readonly count: number;
  /** By time, one for each bucket that has predictions. */
  readonly points: readonly ChartPoint[];
}

export interface CoveragePoint extends Bucket {
  readonly count: number;
  readonly withTruth: number;
}

/** One series for each cohort, in the order of the rows. */
export function seriesOf(rows: readonly EvaluationAnswerRow[], metric: string): readonly ChartSeries[] {
  return grouped(rows, ({ cohort }) => JSON.stringify(cohort)).map((members) => ({
    name: cohortWords(members[0]?.cohort ?? {}),
    count: members.reduce((sum, { count }) => sum + count, 0),
    points: members.map((row) => ({
      ...bucketOf(row),
      value: row.metrics[metric] ?? null,
      withTruth: row.with_truth,
    })),
  }));
}

/** The largest so many, by predictions, in their order. */
export function largestOf(series: readonly ChartSeries[], most: number): readonly ChartSeries[] {
  const kept = new Set([...series].sort((a, b) => b.count - a.count).slice(0, most));
  return series.filter((each) => kept.has(each));
}

/** Points that a line may join: neither a missing bucket nor an undefined value lies between them. */
export function runsOf(points: readonly ChartPoint[]): readonly (readonly ChartPoint[])[] {
  const runs: ChartPoint[][] = [];
  let previous: ChartPoint | undefined;
  for (const point of points) {
    const joins = previous !== undefined && previous.value !== null && previous.toMs === point.fromMs;
    if (point.value !== null && joins) runs.at(-1)?.push(point);
    else if (point.value !== null) runs.push([point]);
    previous = point;
  }
  return runs;
}

/** Predictions and known truths of each bucket over all cohorts, by time. */
export function coverageOf(rows: readonly EvaluationAnswerRow[]): readonly CoveragePoint[] {
  return grouped(rows, ({ from, to }) => `${from} ${to}`)
    .map((members) => ({
      ...bucketOf(members[0]!),
      count: members.reduce((sum, { count }) => sum + count, 0),
      withTruth: members.reduce((sum, { with_truth }) => sum + with_truth, 0),
    }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** "SEX 1 · region eu"; the whole where there is no split. */
export function cohortWords(cohort: Readonly<Record<string, string | null>>): string {
  const parts = Object.entries(cohort).map(([name, value]) => `${cohortHead(name)} ${cohortValue(value)}`);
  return parts.length === 0 ? 'All predictions' : parts.join(' · ');
}

export const cohortHead = (name: string): string => name.replace(/^feature:/, '');

export function cohortValue(value: string | null | undefined): string {
  if (value === null || value === undefined) return '(none)';
  return value === '' ? '(empty)' : value;
}

const bucketOf = ({ from, to }: EvaluationAnswerRow): Bucket => ({ fromMs: Date.parse(from), toMs: Date.parse(to) });

/** The rows by key, groups and members in the order of their first appearance. */
function grouped(
  rows: readonly EvaluationAnswerRow[],
  keyOf: (row: EvaluationAnswerRow) => string,
): EvaluationAnswerRow[][] {
  const groups = new Map<string, EvaluationAnswerRow[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
