/**
 * Stores records whose rows are all new, which nearly all are: their columns go to the tables as they lie in the log, and nothing is
 * decoded.
 */
import { assert } from '../../base/assert.js';
import type { FramedBlock } from '../../storage/native/encode.js';
import { encodeBlockStart } from '../../storage/native/encode.js';
import { predictionLogTypes, predictionRowTypes } from './event-columns.js';
import type { NewRecord, PredictionRecord } from './meet-ids.js';
import type { StoreContext } from './store-context.js';
import { mondayOf, weekMs } from './weeks.js';

export interface NewRecordOfWeek extends NewRecord {
  readonly record: PredictionRecord & { readonly block: FramedBlock };
  /** Partition of all its rows, days since 1970-01-01. */
  readonly monday: number;
}

/** A record whose columns can be inserted as they are: each row has its own time, and all are of one week. */
export function ofOneWeek({ record, rowsPerhapsKnown }: NewRecord): NewRecordOfWeek | undefined {
  const { block, ts } = record;
  const monday = mondayOf(ts.values[0]!);
  if (block === undefined || !areWithin(ts.values, weekMs(monday), weekMs(monday + 7))) return undefined;
  return { record: { ...record, block }, rowsPerhapsKnown, monday };
}

/** Whether all times are in [startMs, endMs); a time that is not given is not. */
function areWithin(timesMs: Float64Array, startMs: number, endMs: number): boolean {
  for (let i = 0; i < timesMs.length; i++) if (!(timesMs[i]! >= startMs && timesMs[i]! < endMs)) return false;
  return true;
}

/** Answers the ids of the rows that may have truth already. */
export async function storeNewRecords(records: readonly NewRecordOfWeek[], context: StoreContext): Promise<number[]> {
  const weeks = new Map<number, NewRecordOfWeek['record'][]>();
  for (const { record, monday } of records) {
    const week = weeks.get(monday);
    if (week === undefined) weeks.set(monday, [record]);
    else week.push(record);
  }
  for (const week of weeks.values()) await insertRows(week, context);
  if (records.length > 0)
    await context.engine.insert({
      table: 'prediction_ids',
      columns: ['row_id', ...idNames],
      blocks: blocksOf(
        records.map(({ record }) => record),
        (record) => blockOf(record, ['row_id'], idNames.length),
        context,
      ),
    });
  return records.flatMap(({ record, rowsPerhapsKnown }) => rowsPerhapsKnown.map((row) => record.sequence + row));
}

const rowNames = ['row_id', 'arrived', ...Object.keys(predictionRowTypes)];
const addedTypes = { row_id: 'UInt64', arrived: "DateTime64(3, 'UTC')" } as const;

/** By which a row is found: the first columns of a record, which all of its rows have here. */
const idNames = ['request_id', 'model', 'version', 'ts'] as const;
assert(
  Object.keys(predictionLogTypes).slice(0, idNames.length).join() === idNames.join(),
  'a record begins with the columns by which its rows are found',
);

async function insertRows(week: readonly NewRecordOfWeek['record'][], context: StoreContext): Promise<void> {
  await context.engine.insert({
    table: 'prediction_rows',
    columns: rowNames,
    blocks: blocksOf(week, (record) => blockOf(record, ['row_id', 'arrived'], record.block.columnEnds.length), context),
  });
}

/** The blocks of records, made and sent one after the other, so that requests go between. */
async function* blocksOf(
  records: readonly NewRecordOfWeek['record'][],
  blockOfRecord: (record: NewRecordOfWeek['record']) => Uint8Array[],
  { precedence }: StoreContext,
): AsyncGenerator<Uint8Array> {
  for (const record of records) {
    await precedence.giveWay();
    yield* blockOfRecord(record);
  }
}

/** A block of a table, in two parts: the columns that storing adds, and the first `columnCount` of the record. */
function blockOf(
  { sequence, rowCount, arrivedMs, block }: NewRecordOfWeek['record'],
  added: readonly (keyof typeof addedTypes)[],
  columnCount: number,
): Uint8Array[] {
  const data = {
    row_id: { kind: 'run', first: sequence },
    arrived: { kind: 'time', values: new Float64Array(rowCount).fill(arrivedMs) },
  } as const;
  const columns = added.map((name) => ({ name, type: addedTypes[name], data: data[name] }));
  const { bytes, columnEnds, headBytes } = block;
  return [
    encodeBlockStart(added.length + columnCount, columns, rowCount),
    bytes.subarray(headBytes, columnEnds[columnCount - 1]),
  ];
}
