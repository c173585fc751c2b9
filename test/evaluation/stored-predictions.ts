/** Puts predictions and truths into their tables as the appender leaves them there, for the tests of evaluation. */
import {
  type ColumnBuilder,
  FlagBuilder,
  ListBuilder,
  MapBuilder,
  NumberBuilder,
  TextBuilder,
  TimeBuilder,
} from '../../src/model/column-builders.js';
import type { Engine } from '../../src/storage/engine.js';
import { encodeBlock } from '../../src/storage/native/encode.js';
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
  const rows = predictionTable();
  const superseded = supersededTable();
  const outcomes = outcomeTable();
  for (const prediction of predictions) {
    const rowId = ++lastRowId;
    const { model, version = '1', tsMs = startMs, truths = [] } = prediction;
    addPlace(rows, model, version, tsMs);
    addPrediction(rows, rowId, tsMs, prediction);
    if (prediction.superseded) {
      addPlace(superseded, model, version, tsMs);
      superseded.row_id.data.add(rowId);
      superseded.by_row_id.data.add(rowId + 1);
    }
    for (const truth of truths) {
      addPlace(outcomes, model, version, tsMs);
      addOutcome(outcomes, rowId, tsMs, truth);
    }
  }
  await insert(engine, 'prediction_rows', rows);
  await insert(engine, 'superseded_predictions', superseded);
  await insert(engine, 'prediction_outcomes', outcomes);
}

/** One prediction a truth, each of `model` and with what `rest` gives it. */
export const labelled = (
  model: string,
  truth: readonly (string | number)[],
  rest: (i: number) => Omit<StoredPrediction, 'model' | 'truths'>,
): StoredPrediction[] => truth.map((label, i) => ({ model, ...rest(i), truths: [{ label }] }));

interface Typed<Builder extends ColumnBuilder> {
  readonly type: string;
  readonly data: Builder;
}

const typed = <Builder extends ColumnBuilder>(type: string, data: Builder): Typed<Builder> => ({ type, data });
const text = () => typed('String', new TextBuilder());
const number = () => typed('Nullable(Float64)', new NumberBuilder());
const id = () => typed('UInt64', new NumberBuilder());
const time = () => typed("DateTime64(3, 'UTC')", new TimeBuilder());

const place = () => ({ model: text(), version: text(), ts: time() });
const supersededTable = () => ({ ...place(), row_id: id(), by_row_id: id() });
const outcomeTable = () => ({
  ...place(),
  prediction_row_id: id(),
  truth_row_id: id(),
  label_text: text(),
  label_number: number(),
  known_at: time(),
  revision: typed('UInt32', new NumberBuilder()),
});
const predictionTable = () => ({
  ...place(),
  row_id: id(),
  request_id: text(),
  arrived: time(),
  region: text(),
  prediction_text: text(),
  prediction_number: number(),
  score: number(),
  scores: typed('Map(String, Float64)', new MapBuilder(new NumberBuilder())),
  features_number: typed('Map(String, Float64)', new MapBuilder(new NumberBuilder())),
  features_text: typed('Map(String, String)', new MapBuilder(new TextBuilder())),
  features_flag: typed('Map(String, Bool)', new MapBuilder(new FlagBuilder())),
  features_null: typed('Array(String)', new ListBuilder(new TextBuilder())),
});

function addPlace(table: ReturnType<typeof place>, model: string, version: string, tsMs: number): void {
  table.model.data.addText(model);
  table.version.data.addText(version);
  table.ts.data.add(tsMs);
}

function addPrediction(
  table: ReturnType<typeof predictionTable>,
  rowId: number,
  tsMs: number,
  { region = '', prediction, score, scores = {}, features = {} }: StoredPrediction,
): void {
  table.row_id.data.add(rowId);
  table.request_id.data.addText(`r${rowId}`);
  table.arrived.data.add(tsMs);
  table.region.data.addText(region);
  table.prediction_text.data.addText(typeof prediction === 'string' ? prediction : '');
  table.prediction_number.data.add(typeof prediction === 'number' ? prediction : Number.NaN);
  table.score.data.add(score ?? Number.NaN);
  for (const [name, value] of Object.entries(scores)) {
    table.scores.data.names.addText(name);
    table.scores.data.values.add(value);
  }
  table.scores.data.endRow();
  for (const [name, value] of Object.entries(features)) addFeature(table, name, value);
  for (const map of [table.features_number, table.features_text, table.features_flag]) map.data.endRow();
  table.features_null.data.endRow();
}

function addFeature(
  table: ReturnType<typeof predictionTable>,
  name: string,
  value: number | string | boolean | null,
): void {
  if (value === null) table.features_null.data.items.addText(name);
  else if (typeof value === 'number') {
    table.features_number.data.names.addText(name);
    table.features_number.data.values.add(value);
  } else if (typeof value === 'string') {
    table.features_text.data.names.addText(name);
    table.features_text.data.values.addText(value);
  } else {
    table.features_flag.data.names.addText(name);
    table.features_flag.data.values.add(Number(value));
  }
}

function addOutcome(
  table: ReturnType<typeof outcomeTable>,
  rowId: number,
  tsMs: number,
  { label, knownAtMs = tsMs + dayMs, revision = 0 }: StoredTruth,
): void {
  table.prediction_row_id.data.add(rowId);
  table.truth_row_id.data.add(++lastRowId);
  table.label_text.data.addText(typeof label === 'string' ? label : '');
  table.label_number.data.add(typeof label === 'number' ? label : Number.NaN);
  table.known_at.data.add(knownAtMs);
  table.revision.data.add(revision);
}

async function insert(engine: Engine, table: string, columns: Record<string, Typed<ColumnBuilder>>): Promise<void> {
  const rowCount = columns.model!.data.length;
  if (rowCount === 0) return;
  const finished = Object.entries(columns).map(([name, { type, data }]) => ({ name, type, data: data.finish() }));
  await engine.insert({ table, columns: Object.keys(columns), blocks: [encodeBlock(finished, rowCount)] });
}
