/** A group is a bucket of time and a cohort: one row of an answer. Statements name its parts `bucket`, `c0`, `c1`, … */
import { BarographError } from '../base/errors.js';
import type { Cohort } from './cohorts.js';
import type { EvaluationLimits, EvaluationRow } from './evaluation.js';
import { bucketRange, bucketSql, type Every, type TimeRange } from './every.js';
import { paramsOf, type SqlFragment } from './sql-fragment.js';

export interface Grouping {
  readonly every: Every;
  readonly cohorts: readonly Cohort[];
  /** The whole range, for the bucket that is all of it. */
  readonly range: TimeRange;
}

/** What a statement answers of a group, besides figures. */
export type GroupAnswer = { readonly bucket: number | string } & Readonly<Record<string, unknown>>;

export const groupNames = ({ cohorts }: Grouping): readonly string[] => ['bucket', ...cohorts.map((_, i) => `c${i}`)];

/** Expressions over prediction_rows that make the columns of `groupNames`. */
export function groupColumns({ every, cohorts }: Grouping): { columns: string[]; params: SqlFragment['params'] } {
  const bucket = bucketSql(every);
  return {
    columns: [`${bucket.sql} AS bucket`, ...cohorts.map(({ column }, i) => `${column.sql} AS c${i}`)],
    params: paramsOf(bucket, ...cohorts.map(({ column }) => column)),
  };
}

/** One text a group. */
export const groupKey = (grouping: Grouping, answer: GroupAnswer): string =>
  JSON.stringify(groupNames(grouping).map((name) => answer[name]));

/** Collects answers of several lines a group: the lines by group, in the order of their first. */
export function groupAnswers<Answer extends GroupAnswer>(
  grouping: Grouping,
  answers: readonly Answer[],
): Map<string, Answer[]> {
  const groups = new Map<string, Answer[]>();
  for (const answer of answers) {
    const key = groupKey(grouping, answer);
    const lines = groups.get(key);
    if (lines === undefined) groups.set(key, [answer]);
    else lines.push(answer);
  }
  return groups;
}

export type RowHead = Pick<EvaluationRow, 'fromMs' | 'toMs' | 'cohort'>;

export function rowHead({ every, cohorts, range }: Grouping, answer: GroupAnswer): RowHead {
  const cohort = Object.fromEntries(cohorts.map(({ name, decode }, i) => [name, decode(answer[`c${i}`] ?? null)]));
  return { ...bucketRange(every, Number(answer.bucket), range), cohort };
}

/** The order of an answer: by time, then by each cohort column. */
export const compareGroups =
  ({ cohorts }: Grouping) =>
  (a: GroupAnswer, b: GroupAnswer): number => {
    const byTime = Number(a.bucket) - Number(b.bucket);
    if (byTime !== 0) return byTime;
    for (const [i, { compare }] of cohorts.entries()) {
      const order = compare(a[`c${i}`] ?? null, b[`c${i}`] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  };

/** The failure of an evaluation whose groups are more than an answer may have. */
export const tooManyRows = ({ rowsMax }: EvaluationLimits): BarographError =>
  new BarographError(
    'query_too_large',
    `the evaluation has more rows (buckets times cohorts) than its limit, evaluation.rows_max (${rowsMax})`,
    { hint: 'Ask for a larger every, a shorter range, or split by columns with fewer values.' },
  );
