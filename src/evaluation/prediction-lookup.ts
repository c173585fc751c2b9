/** One prediction by its request id, with every revision of its truth. Three point look-ups, each in milliseconds. */
import type { Engine } from '../storage/engine.js';

export type FeatureValue = number | string | boolean | null;

export interface StoredTruthRow {
  readonly label: string | number;
  /** When it became known, epoch ms: as given, else its arrival. */
  readonly tsMs: number;
  readonly arrivedMs: number;
  readonly source: string;
  readonly revision: number | undefined;
  /** Whether this is the revision that counts. */
  readonly current: boolean;
}

/** A prediction as it is stored; texts are empty and numbers null where nothing was given. */
export interface StoredPredictionRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly tsMs: number;
  readonly arrivedMs: number;
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly truth: readonly StoredTruthRow[];
}

const keyOf = (id: string) =>
  `request_hash = xxHash64(${id}) AND request_check = toUInt32(bitAnd(sipHash64(${id}), 4294967295))`;

/** The current prediction of a request id, or undefined where none has arrived. */
export async function lookUpPrediction(
  engine: Engine,
  requestId: string,
  signal?: AbortSignal,
): Promise<StoredPredictionRow | undefined> {
  const [row, truth] = await Promise.all([
    readPrediction(engine, requestId, signal),
    readTruth(engine, requestId, signal),
  ]);
  return row === undefined ? undefined : { ...row, truth };
}

type Maps = {
  readonly features_number: Record<string, number>;
  readonly features_text: Record<string, string>;
  readonly features_flag: Record<string, boolean>;
  readonly features_null: readonly string[];
};
type Times = { readonly ts_ms: string; readonly arrived_ms: string };

async function readPrediction(
  engine: Engine,
  requestId: string,
  signal?: AbortSignal,
): Promise<Omit<StoredPredictionRow, 'truth'> | undefined> {
  const [found] = await engine.query<Record<string, unknown> & Maps & Times>({
    sql: `SELECT
  request_id, model, version, endpoint, region, segment, prediction_text, prediction_number, score, scores, confidence,
  latency_ms, status, embedding, experiment_id, variant, unit_id, trace_id, input_hash, metadata,
  features_number, features_text, features_flag, features_null,
  toUnixTimestamp64Milli(ts) AS ts_ms, toUnixTimestamp64Milli(arrived) AS arrived_ms
FROM prediction_rows
WHERE (model, version, ts, row_id) IN (
  SELECT model, version, ts, row_id
  FROM prediction_ids
  WHERE ${keyOf('{requestId:String}')}
  ORDER BY row_id DESC
  LIMIT 1
)
LIMIT 1`,
    params: { requestId },
    ...(signal && { signal }),
  });
  if (found === undefined) return undefined;
  const { features_number, features_text, features_flag, features_null, ts_ms, arrived_ms, ...fields } = found;
  const nulls = Object.fromEntries(features_null.map((name) => [name, null]));
  const features = { ...features_number, ...features_text, ...features_flag, ...nulls };
  return { fields, features, tsMs: Number(ts_ms), arrivedMs: Number(arrived_ms) };
}

interface TruthAnswer {
  readonly row_id: string;
  readonly label_text: string;
  readonly label_number: number | null;
  readonly known_ms: string;
  readonly arrived_ms: string;
  readonly source: string;
  readonly revision: number | null;
}

/** Revisions of one truth that are read at most; the newest are kept. */
export const truthRevisionsMax = 1_000;

/** Every revision, oldest arrival first. A repetition of the one before it is a client's retry and not a revision. */
export async function readTruth(engine: Engine, requestId: string, signal?: AbortSignal): Promise<StoredTruthRow[]> {
  const newestFirst = await engine.query<TruthAnswer>({
    sql: `SELECT
  row_id, label_text, label_number, source, revision,
  toUnixTimestamp64Milli(known_at) AS known_ms, toUnixTimestamp64Milli(arrived) AS arrived_ms
FROM ground_truth
WHERE ${keyOf('{requestId:String}')}
ORDER BY row_id DESC
LIMIT 1 BY row_id
LIMIT {revisionsMax:UInt32}`,
    params: { requestId, revisionsMax: truthRevisionsMax },
    ...(signal && { signal }),
  });
  const rows = newestFirst.reverse().filter((row, i, all) => i === 0 || !isRepetition(row, all[i - 1]!));
  const rank = (row: TruthAnswer): number => row.revision ?? 0;
  // Among equal revisions the later arrival counts, which stands further back.
  const current = rows.reduce((best, row, i) => (rank(row) >= rank(rows[best]!) ? i : best), 0);
  return rows.map((row, i) => ({
    label: row.label_number ?? row.label_text,
    tsMs: Number(row.known_ms),
    arrivedMs: Number(row.arrived_ms),
    source: row.source,
    revision: row.revision ?? undefined,
    current: i === current,
  }));
}

/** Times are not compared where none was given: each arrival then stands for its own. */
function isRepetition(row: TruthAnswer, before: TruthAnswer): boolean {
  const timeGiven = row.known_ms !== row.arrived_ms || before.known_ms !== before.arrived_ms;
  return (
    row.label_text === before.label_text &&
    row.label_number === before.label_number &&
    row.source === before.source &&
    row.revision === before.revision &&
    (!timeGiven || row.known_ms === before.known_ms)
  );
}
