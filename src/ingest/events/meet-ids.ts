/** What is known of the request ids of a run of records, before they are stored. */
import type { Precedence } from '../../base/precedence.js';
import { textAt } from '../../model/columns.js';
import type { RecordOf } from './event-record.js';
import type { KnownIds, KnownPrediction } from './known-ids.js';

export type PredictionRecord = RecordOf<'prediction'>;

/** A record whose ids come nowhere else in the run and have no prediction yet. */
export interface NewRecord {
  readonly record: PredictionRecord;
  /** Rows whose ids may have been seen before: as ground truth. */
  readonly rowsPerhapsKnown: readonly number[];
}

export interface MetIds {
  readonly fresh: readonly NewRecord[];
  /** The other records: each has a row that may repeat or replace another. */
  readonly others: readonly PredictionRecord[];
  /** Ids that may have been seen before. */
  readonly perhapsKnown: ReadonlySet<string>;
  /** Of them, the ones that have a prediction. */
  readonly known: ReadonlyMap<string, KnownPrediction>;
}

export async function meetIds(
  records: readonly PredictionRecord[],
  { knownIds, precedence }: { readonly knownIds: KnownIds; readonly precedence: Precedence },
): Promise<MetIds> {
  const ids = records.reduce((sum, { rowCount }) => sum + rowCount, 0);
  knownIds.beginRecords(records.length, ids);
  const perhapsKnown = new Map<string, number>();
  const rowsPerhapsKnown: number[][] = [];
  for (const [i, { requestIds }] of records.entries()) {
    await precedence.giveWay();
    const perhaps = knownIds.meet(requestIds, i);
    for (const row of perhaps) perhapsKnown.set(textAt(requestIds, row), i);
    rowsPerhapsKnown.push(perhaps);
  }
  const known = await knownIds.predictionsOf(Array.from(perhapsKnown.keys()));
  const isRest = records.map((_, i) => knownIds.hasRepeats(i));
  for (const requestId of known.keys()) isRest[perhapsKnown.get(requestId)!] = true;
  const fresh = records.map((record, i) => ({ record, rowsPerhapsKnown: rowsPerhapsKnown[i]! }));
  return {
    fresh: fresh.filter((_, i) => !isRest[i]),
    others: records.filter((_, i) => isRest[i]),
    perhapsKnown: new Set(perhapsKnown.keys()),
    known,
  };
}
