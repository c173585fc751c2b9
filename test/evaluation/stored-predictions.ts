/** Puts predictions and truths into their tables as the appender leaves them there, for the tests of evaluation. */
import type { Engine } from '../../src/storage/engine.js';
import { migrate } from '../../src/storage/schema/migrate.js';
import { startTestEngine, type TestEngine } from '../storage/test-engine.js';

export interface StoredTruth {
  readonly label: string | number;
  readonly knownAtMs?: number;
  readonly revision?: number;
}

export interface StoredPrediction {
  readonly model: string;
  readonly version?: string;
  readonly tsMs?: number;
  readonly region?: string;
  readonly prediction?: string | number | undefined;
  readonly score?: number | null;
  readonly scores?: Readonly<Record<string, number>>;
  readonly features?: Readonly<Record<string, number | string | boolean | null>>;
  /** In the order of their arrival. */
  readonly truths?: readonly StoredTruth[];
  /** Whether a later row replaced it. */
  readonly superseded?: boolean;
}

/** A Monday. */
export const startMs = Date.UTC(2026, 0, 5);
export const dayMs = 86_400_000;

/** An engine with the tables of the real schema. */
export async function startEvaluationEngine(): Promise<TestEngine> {
  const test = await startTestEngine();
  await migrate(test.engine, { topology: { database: test.engine.database }, program: 'test' });
  return test;
}

/** Row ids must ascend over all calls of one engine; each test file has one. */
let lastRowId = 0;

export async function storePredictions(engine: Engine, predictions: readonly StoredPrediction[]): Promise<void> {
  const rows: object[] = [];
  const superseded: object[] = [];
  const outcomes: object[] = [];
  for (const prediction of predictions) {
    const rowId = ++lastRowId;
    const place = { model: prediction.model, version: prediction.version ?? '1', ts: prediction.tsMs ?? startMs };
    rows.push({ ...place, row_id: rowId, request_id: `r${rowId}`, arrived: place.ts, ...columnsOf(prediction) });
    if (prediction.superseded) superseded.push({ ...place, row_id: rowId, by_row_id: rowId + 1 });
    for (const { label, knownAtMs = place.ts + dayMs, revision = 0 } of prediction.truths ?? [])
      outcomes.push({
        ...place,
        prediction_row_id: rowId,
        truth_row_id: ++lastRowId,
        ...valueColumns('label', label),
        known_at: knownAtMs,
        revision,
      });
  }
  await insert(engine, 'prediction_rows', rows);
  await insert(engine, 'superseded_predictions', superseded);
  await insert(engine, 'prediction_outcomes', outcomes);
}

/** One prediction a row with one truth each, of `model`. */
export const storeLabelled = (
  engine: Engine,
  model: string,
  truth: readonly (string | number)[],
  rest: (i: number) => Omit<StoredPrediction, 'model' | 'truths'>,
): Promise<void> =>
  storePredictions(
    engine,
    truth.map((label, i) => ({ model, ...rest(i), truths: [{ label }] })),
  );

const valueColumns = (name: 'label' | 'prediction', value: string | number | undefined): object =>
  typeof value === 'string' ? { [`${name}_text`]: value } : { [`${name}_number`]: value ?? null };

function columnsOf({ region = '', prediction, score = null, scores = {}, features = {} }: StoredPrediction): object {
  const of = (type: string) =>
    Object.fromEntries(Object.entries(features).filter(([, value]) => value !== null && typeof value === type));
  return {
    region,
    score,
    scores,
    ...valueColumns('prediction', prediction),
    features_number: of('number'),
    features_text: of('string'),
    features_flag: of('boolean'),
    features_null: Object.entries(features).flatMap(([name, value]) => (value === null ? [name] : [])),
  };
}

/** Milliseconds since 1970 are how DateTime64(3) reads a whole number. */
async function insert(engine: Engine, table: string, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  await engine.command({ sql: `INSERT INTO ${table} FORMAT JSONEachRow\n${lines}` });
}
