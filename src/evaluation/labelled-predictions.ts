/**
 * The join that every evaluation stands on: the predictions of a model in a range of time, each with the truth that counts.
 *
 * Both tables are sorted by model, version, time and row id. So the join is a merge of two streams that the engine reads in
 * order, and its memory does not grow with the rows: measured at 20 million predictions and 19 million truths, 0.2 GB,
 * against 7.6 GB for a hash join, at about the same speed. Two things keep it so: the truth that counts is the first of its
 * prediction in the order of the stream (`LIMIT 1 BY`; an aggregation would be 4 times slower and sorted anew), and nothing
 * is buffered between the parts' readers and the merge (`statement-runner.ts` has the settings).
 */
import { type Scope, type ScopePart, scopeParts, wholeScope } from './scope.js';

/** A select of the given columns and expressions of each prediction that counts. */
export const predictionsSql = (scope: Scope, columns: readonly string[]): string =>
  predictionsOf(wholeScope(scope), columns);

const predictionsOf = ({ condition }: ScopePart, columns: readonly string[]): string => `SELECT ${columns.join(', ')}
FROM prediction_rows
WHERE ${condition} AND row_id GLOBAL NOT IN (${supersededOf(condition)})`;

const supersededOf = (condition: string): string => `SELECT row_id FROM superseded_predictions WHERE ${condition}`;

/**
 * A select of the given columns and expressions of each truth that counts: of a prediction's truths that were known at
 * `asOfMs`, the one with the highest revision, among equals the last to arrive.
 */
function truthsOf({ asOfMs }: Scope, { condition, key }: ScopePart, columns: readonly string[]): string {
  const order = [...key, 'prediction_row_id'].join(', ');
  const known = asOfMs === undefined ? '' : " AND known_at <= fromUnixTimestamp64Milli({asOfMs:Int64}, 'UTC')";
  return `SELECT ${columns.join(', ')}
FROM prediction_outcomes
WHERE ${condition}${known}
ORDER BY ${order}, revision DESC, truth_row_id DESC
LIMIT 1 BY ${order}`;
}

/** Truths that count, of predictions that count. */
export const currentTruthsSql = (scope: Scope, columns: readonly string[]): string =>
  scopeParts(scope)
    .map(
      (part) => `SELECT ${columns.join(', ')}
FROM (${truthsOf(scope, part, [...columns, 'prediction_row_id'])})
WHERE prediction_row_id GLOBAL NOT IN (${supersededOf(part.condition)})`,
    )
    .join('\nUNION ALL\n');

/**
 * What stands behind FROM: every prediction that counts with its columns and, where `known`, those of its truth. A truth's
 * columns that are not Nullable hold their type's default where there is none.
 */
export function labelledPredictionsSql(
  scope: Scope,
  predictionColumns: readonly string[],
  truthColumns: readonly string[],
): string {
  const joins = scopeParts(scope).map((part) => joinOf(scope, part, predictionColumns, truthColumns));
  return joins.length === 1 ? joins[0]! : `(\n${joins.map((join) => `SELECT * FROM ${join}`).join('\nUNION ALL\n')}\n)`;
}

function joinOf(
  scope: Scope,
  part: ScopePart,
  predictionColumns: readonly string[],
  truthColumns: readonly string[],
): string {
  const on = [...part.key.map((column) => `p.${column} = t.${column}`), 'p.row_id = t.prediction_row_id'];
  return `(
${predictionsOf(part, [...part.key, 'row_id', ...predictionColumns])}
) AS p
GLOBAL LEFT JOIN (
${truthsOf(scope, part, [...part.key, 'prediction_row_id', 'true AS known', ...truthColumns])}
) AS t ON ${on.join(' AND ')}`;
}
