/** What a range of predictions and their truths holds, read before it is evaluated: extent, values, cohort columns. */

import type { CohortSpec } from './cohort-spec.js';
import { cohortSource, distinctNumbersMax, type SourceProfile } from './cohorts.js';
import type { TimeRange } from './every.js';
import { currentTruthsSql, predictionsSql } from './labelled-predictions.js';
import { type Scope, scopeParams } from './scope.js';
import { paramsOf } from './sql-fragment.js';
import type { RunStatement } from './statement-runner.js';
import { classesMax, type ValueSet } from './task.js';

export interface PredictionProfile {
  readonly count: number;
  /** From the first prediction to a millisecond after the last; undefined where there is none. */
  readonly extent: TimeRange | undefined;
  /** The versions of the predictions, or five of more. */
  readonly versions: readonly string[];
  readonly values: ValueSet;
  /** By the position of the cohort column. */
  readonly sources: readonly SourceProfile[];
}

/** So many versions may be read each by itself. More would open a part of a table too many times. */
export const separateVersionsMax = 4;

/** Distinct values that are read; one more than are allowed, so that "too many" shows. */
const valuesMax = classesMax + 1;

/** Aggregates that make up a ValueSet. `present` tells texts from "not given". */
const valueSetSql = (
  text: string,
  number: string,
): string => `groupUniqArrayIf(${valuesMax})(${text}, ${text} != '') AS texts,
  groupUniqArray(${valuesMax})(${number}) AS numbers,
  countIf(${number} != trunc(${number})) AS fractions`;

type ValueSetAnswer = { readonly texts: string[]; readonly numbers: number[]; readonly fractions: string };

const valueSetOf = ({ texts, numbers, fractions }: ValueSetAnswer): ValueSet => ({
  texts,
  numbers,
  fractions: Number(fractions),
});

type PredictionAnswer = ValueSetAnswer & {
  readonly count: string;
  readonly first_ms: string;
  readonly last_ms: string;
  readonly versions: string[];
} & Record<string, unknown>;

/** One scan of the predictions that count. */
export async function profilePredictions(
  run: RunStatement,
  scope: Scope,
  by: readonly CohortSpec[],
): Promise<PredictionProfile> {
  const sources = by.map(cohortSource);
  const columns = sources.flatMap(({ number, text, flag }, i) => [
    ...(number === undefined ? [] : [`${number} AS number${i}`]),
    ...(text === undefined ? [] : [`${text} AS text${i}`]),
    ...(flag === undefined ? [] : [`${flag} AS flag${i}`]),
  ]);
  const aggregates = sources.flatMap(({ number, text, flag }, i) => [
    `${number === undefined ? '[]' : `groupUniqArray(${distinctNumbersMax + 1})(number${i})`} AS numbers${i}`,
    `${text === undefined ? '0' : `count(text${i}) > 0`} AS has_text${i}`,
    `${flag === undefined ? '0' : `count(flag${i}) > 0`} AS has_flag${i}`,
  ]);
  const lines = [
    'count() AS count',
    'toUnixTimestamp64Milli(min(ts)) AS first_ms',
    'toUnixTimestamp64Milli(max(ts)) AS last_ms',
    `groupUniqArray(${separateVersionsMax + 1})(version) AS versions`,
    valueSetSql('prediction_text', 'prediction_number'),
    ...aggregates,
  ];
  const [answer] = await run<PredictionAnswer>(
    `SELECT ${lines.join(',\n  ')}
FROM (${predictionsSql(scope, ['ts', 'version', 'prediction_text', 'prediction_number', ...columns])})`,
    { ...scopeParams(scope), ...paramsOf(...sources.map(({ params }) => ({ sql: '', params }))) },
  );
  const count = Number(answer!.count);
  return {
    count,
    extent: count === 0 ? undefined : { fromMs: Number(answer!.first_ms), toMs: Number(answer!.last_ms) + 1 },
    versions: answer!.versions,
    values: valueSetOf(answer!),
    sources: by.map((_, i) => ({
      numbers: answer![`numbers${i}`] as number[],
      hasText: Boolean(answer![`has_text${i}`]),
      hasFlag: Boolean(answer![`has_flag${i}`]),
    })),
  };
}

/** The values of the truths that count, of predictions in `extent`. */
export async function profileTruths(run: RunStatement, scope: Scope, extent: TimeRange): Promise<ValueSet> {
  const [answer] = await run<ValueSetAnswer>(
    `SELECT ${valueSetSql('label_text', 'label_number')}
FROM (${currentTruthsSql(scope, ['label_text', 'label_number'])})`,
    scopeParams(scope),
    extent,
  );
  return valueSetOf(answer!);
}

/** Whether the model, and the version where one is asked for, has any prediction at all; replaced ones count here. */
export async function isKnown(run: RunStatement, { model, version }: Scope): Promise<boolean> {
  const rows = await run(
    `SELECT 1 FROM prediction_rows
WHERE model = {model:String}${version === undefined ? '' : ' AND version = {version:String}'}
LIMIT 1`,
    scopeParams({ model, ...(version !== undefined && { version }) }),
  );
  return rows.length > 0;
}
