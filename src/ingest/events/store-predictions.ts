/**
 * Stores a run of prediction records, so that each request id has one current row and each row is there once.
 *
 * The steps stand in an order that makes the whole harmless to repeat after a crash at any point:
 * 1. A request id seen before is looked up. The same row again is dropped; a different one supersedes the old.
 * 2. What was superseded is noted, then rows go to `prediction_rows`, one insert a week.
 * 3. Ids go to `prediction_ids`, then truth that came before its prediction is tied to it.
 * Only `prediction_rows` is not idempotent by itself, so rows that an earlier attempt may have stored are asked for
 * first. All reading tables but that one ignore a row that is there twice.
 */
import { sameRow, takeRows } from '../../model/column-rows.js';
import { type Batch, type NumberColumn, type TimeColumn, textAt, textColumnOf } from '../../model/columns.js';
import type { PredictionColumns } from '../../model/prediction.js';
import type { Engine } from '../../storage/engine.js';
import { encodeBlock } from '../../storage/native/encode.js';
import { predictionRowTypes } from './event-columns.js';
import { eventRows, type RowColumns } from './event-rows.js';
import type { KnownPrediction } from './known-ids.js';
import { type MetIds, meetIds, type PredictionRecord } from './meet-ids.js';
import { readPredictionRows } from './read-prediction-rows.js';
import type { StoreContext } from './store-context.js';
import { ofOneWeek, storeNewRecords } from './store-new-records.js';
import { overAnyPartitions, rowsByWeek } from './weeks.js';

export type PredictionRows = Batch<PredictionColumns & RowColumns>;
type IdRows = Batch<Pick<PredictionColumns, 'request_id' | 'model' | 'version' | 'ts'> & RowColumns>;
export async function storePredictions(records: readonly PredictionRecord[], context: StoreContext): Promise<void> {
  const met = await meetIds(records, context);
  const whole = met.fresh
    .filter(({ record }) => record.sequence >= context.maybeStoredBelow)
    .map(ofOneWeek)
    .filter((fresh) => fresh !== undefined);
  const stored = new Set(whole.map(({ record }) => record.sequence));
  const rest = records.filter(({ sequence }) => !stored.has(sequence));
  const rowIdsPerhapsWithTruth = await storeNewRecords(whole, context);
  const settled = rest.length === 0 ? undefined : await storeSettled(rest, met, context);
  await tieEarlierTruth([...rowIdsPerhapsWithTruth, ...(settled?.rowIdsPerhapsWithTruth ?? [])], context);
  const newRows = whole.reduce((sum, { record }) => sum + record.rowCount, 0);
  context.counters.rowsStored('prediction', newRows + (settled?.rows.rowCount ?? 0));
  context.counters.predictionsRepeated(settled?.repeated ?? 0);
  context.counters.predictionsReplaced(settled?.replaced ?? 0);
}

/** Stores rows of which some may be repetitions or replacements of others. */
async function storeSettled(
  records: readonly PredictionRecord[],
  met: MetIds,
  context: StoreContext,
): Promise<Settled> {
  const settled = await settle(
    eventRows(records.map(({ sequence, arrivedMs, batch }) => ({ sequence, arrivedMs, batch: batch() }))),
    met,
    context,
  );
  await noteSuperseded(settled.superseded, context);
  await insertRows(settled.rows, context);
  await insertIds(settled.rows, context);
  return settled;
}

const rowColumnTypes = { row_id: 'UInt64', arrived: "DateTime64(3, 'UTC')", ...predictionRowTypes } as const;
const rowColumnNames = Object.keys(rowColumnTypes) as (keyof typeof rowColumnTypes)[];

interface Superseded extends KnownPrediction {
  readonly byRowId: number;
}

interface Settled {
  /** The rows to store, each request id once, times filled in. */
  readonly rows: PredictionRows;
  readonly superseded: readonly Superseded[];
  readonly rowIdsPerhapsWithTruth: readonly number[];
  readonly repeated: number;
  readonly replaced: number;
}

/** What does not make two rows different: the number and time of arrival, and a time of prediction that was not given. */
const serverAssigned = new Set(['row_id', 'arrived']);
const serverAssignedAndTime = new Set([...serverAssigned, 'ts']);

const isSame = (later: PredictionRows, i: number, earlier: PredictionRows, j: number): boolean =>
  sameRow(later, i, earlier, j, Number.isNaN(later.columns.ts.values[i]!) ? serverAssignedAndTime : serverAssigned);

/** Decides for every row whether it is new, a repetition or a replacement. */
async function settle(rows: PredictionRows, { perhapsKnown, known }: MetIds, context: StoreContext): Promise<Settled> {
  const { latest, repeated, replaced } = latestOfEachId(rows);
  const earlier = await readEarlierRows(known, rows, latest, context.engine);
  const counts = { repeated, replaced };
  const superseded: Superseded[] = [];
  const keep: number[] = [];
  const rowIdsPerhapsWithTruth: number[] = [];
  const { ts, row_id, arrived } = rows.columns;
  for (const [requestId, row] of latest) {
    const old = known.get(requestId);
    const rowId = row_id.values[row]!;
    if (old !== undefined && old.rowId > rowId) continue; // stored and superseded before a crash
    if (old !== undefined && old.rowId < rowId) {
      const at = earlier.rowById.get(old.rowId);
      if (at !== undefined && isSame(rows, row, earlier.rows, at)) {
        counts.repeated++;
        continue;
      }
      counts.replaced++;
      superseded.push({ ...old, byRowId: rowId });
      if (Number.isNaN(ts.values[row]!)) ts.values[row] = old.tsMs;
    }
    if (Number.isNaN(ts.values[row]!)) ts.values[row] = arrived.values[row]!;
    keep.push(row);
    if (perhapsKnown.has(requestId)) rowIdsPerhapsWithTruth.push(rowId);
  }
  const kept = keep.length === rows.rowCount ? rows : takeRows(rows, Uint32Array.from(keep));
  return { rows: kept, superseded, rowIdsPerhapsWithTruth, ...counts };
}

/** Of rows that share a request id, the last one that differs from the one before it. */
function latestOfEachId(rows: PredictionRows) {
  const latest = new Map<string, number>();
  let repeated = 0;
  let replaced = 0;
  const times = rows.columns.ts.values;
  for (let row = 0; row < rows.rowCount; row++) {
    const requestId = textAt(rows.columns.request_id, row);
    const before = latest.get(requestId);
    if (before !== undefined && isSame(rows, row, rows, before)) {
      repeated++;
      continue;
    }
    if (before !== undefined) {
      replaced++;
      if (Number.isNaN(times[row]!))
        times[row] = Number.isNaN(times[before]!) ? rows.columns.arrived.values[before]! : times[before]!;
      latest.delete(requestId);
    }
    latest.set(requestId, row);
  }
  return { latest, repeated, replaced };
}

/** The stored rows that new rows are to be compared with. */
async function readEarlierRows(
  known: ReadonlyMap<string, KnownPrediction>,
  rows: PredictionRows,
  latest: ReadonlyMap<string, number>,
  engine: Engine,
) {
  const wanted = [...known].filter(([id, old]) => old.rowId < rows.columns.row_id.values[latest.get(id)!]!);
  const stored = await readPredictionRows(
    engine,
    wanted.map(([, old]) => old),
  );
  const rowById = new Map(Array.from(stored.columns.row_id.values, (rowId, at) => [rowId, at] as const));
  return { rows: stored, rowById };
}

async function noteSuperseded(superseded: readonly Superseded[], { engine }: StoreContext): Promise<void> {
  if (superseded.length === 0) return;
  const number = (values: number[]): NumberColumn => ({ kind: 'number', values: Float64Array.from(values) });
  const ts: TimeColumn = { kind: 'time', values: Float64Array.from(superseded, ({ tsMs }) => tsMs) };
  const columns = [
    { name: 'model', type: 'String', data: textColumnOf(superseded.map(({ model }) => model)) },
    { name: 'version', type: 'String', data: textColumnOf(superseded.map(({ version }) => version)) },
    { name: 'ts', type: "DateTime64(3, 'UTC')", data: ts },
    { name: 'row_id', type: 'UInt64', data: number(superseded.map(({ rowId }) => rowId)) },
    { name: 'by_row_id', type: 'UInt64', data: number(superseded.map(({ byRowId }) => byRowId)) },
  ] as const;
  await engine.insert({
    table: 'superseded_predictions',
    columns: columns.map(({ name }) => name),
    blocks: [encodeBlock(columns, superseded.length)],
    settings: overAnyPartitions,
  });
}

async function insertRows(rows: PredictionRows, context: StoreContext): Promise<void> {
  const missing = await withoutStored(rows, context);
  for (const [, indices] of rowsByWeek(missing.columns.ts.values)) {
    const week = indices.length === missing.rowCount ? missing : takeRows(missing, indices);
    const columns = rowColumnNames.map((name) => ({ name, type: rowColumnTypes[name], data: week.columns[name] }));
    await context.engine.insert({
      table: 'prediction_rows',
      columns: rowColumnNames,
      blocks: [encodeBlock(columns, week.rowCount)],
    });
  }
}

/** The rows that the table does not hold yet. Asks only where an earlier attempt may have stored some. */
async function withoutStored(
  rows: PredictionRows,
  { engine, maybeStoredBelow }: StoreContext,
): Promise<PredictionRows> {
  const ids = rows.columns.row_id.values;
  if (rows.rowCount === 0 || ids[0]! >= maybeStoredBelow) return rows;
  const answer = await engine.query<{ row_id: string }>({
    sql: `SELECT row_id FROM prediction_rows WHERE row_id BETWEEN {first:UInt64} AND {last:UInt64}`,
    // Rows keep the order of the log, so the first and last ids are the least and the greatest.
    params: { first: ids[0]!, last: ids.at(-1)! },
  });
  const stored = new Set(answer.map(({ row_id }) => Number(row_id)));
  const missing = Array.from(ids.keys()).filter((row) => !stored.has(ids[row]!));
  return missing.length === rows.rowCount ? rows : takeRows(rows, Uint32Array.from(missing));
}

async function insertIds(rows: IdRows, { engine }: StoreContext): Promise<void> {
  if (rows.rowCount === 0) return;
  const { request_id, row_id, model, version, ts } = rows.columns;
  const columns = [
    { name: 'request_id', type: 'String', data: request_id },
    { name: 'row_id', type: 'UInt64', data: row_id },
    { name: 'model', type: 'String', data: model },
    { name: 'version', type: 'String', data: version },
    { name: 'ts', type: "DateTime64(3, 'UTC')", data: ts },
  ] as const;
  await engine.insert({
    table: 'prediction_ids',
    columns: columns.map(({ name }) => name),
    blocks: [encodeBlock(columns, rows.rowCount)],
  });
}

/** Row ids per statement: bounds the statement's size. */
const rowIdsPerStatement = 20_000;

/** Truth may arrive before its prediction, and a replaced prediction hands its truth on. */
async function tieEarlierTruth(rowIds: readonly number[], { engine }: StoreContext): Promise<void> {
  for (let from = 0; from < rowIds.length; from += rowIdsPerStatement) {
    const some = rowIds.slice(from, from + rowIdsPerStatement);
    await engine.command({
      sql: `INSERT INTO prediction_outcomes
  (model, version, ts, prediction_row_id, truth_row_id, label_text, label_number, known_at, revision)
WITH fresh AS (
  SELECT request_hash, request_check, row_id, model, version, ts
  FROM prediction_ids
  WHERE row_id BETWEEN {first:UInt64} AND {last:UInt64} AND row_id IN {rowIds:Array(UInt64)}
)
SELECT
  fresh.model, fresh.version, fresh.ts, fresh.row_id,
  truth.row_id, truth.label_text, truth.label_number, ifNull(truth.ts, truth.arrived), ifNull(truth.revision, 0)
FROM ground_truth AS truth
GLOBAL INNER JOIN fresh ON truth.request_hash = fresh.request_hash AND truth.request_check = fresh.request_check
WHERE truth.request_hash GLOBAL IN (SELECT request_hash FROM fresh)`,
      params: { rowIds: some, first: some[0]!, last: some.at(-1)! },
      settings: overAnyPartitions,
    });
  }
}
