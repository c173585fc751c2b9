/** A prediction event: what a model said about one request, as columns. Field names are those of the HTTP API and of SQL. */
import { FlagBuilder, ListBuilder, MapBuilder, NumberBuilder, TextBuilder, TimeBuilder } from './column-builders.js';
import type { Batch, ListColumn, MapColumn, NumberColumn, TextColumn, TimeColumn } from './columns.js';
import { DictionaryBuilder } from './dictionary-builder.js';

/** Fields that hold one text, empty where not given. The first three are required. */
export const predictionTextFields = [
  'request_id',
  'model',
  'version',
  'endpoint',
  'region',
  'segment',
  'status',
  'experiment_id',
  'variant',
  'unit_id',
  'trace_id',
  'input_hash',
] as const;

/** Fields that hold one number, NaN where not given. */
export const predictionNumberFields = ['score', 'confidence', 'latency_ms'] as const;

export type PredictionTextField = (typeof predictionTextFields)[number];
export type PredictionNumberField = (typeof predictionNumberFields)[number];

export type PredictionColumns = { readonly [name in PredictionTextField]: TextColumn } & {
  readonly [name in PredictionNumberField]: NumberColumn;
} & {
  /** When the model predicted. Absent: the time of arrival stands in. */
  readonly ts: TimeColumn;
  /** The prediction where it was sent as text (a class), else empty. */
  readonly prediction_text: TextColumn;
  /** The prediction where it was sent as a number, else NaN. */
  readonly prediction_number: NumberColumn;
  /** Probabilities by class, for more than two classes. Map of numbers. */
  readonly scores: MapColumn;
  readonly features_number: MapColumn;
  readonly features_text: MapColumn;
  readonly features_flag: MapColumn;
  /** Names of the features sent as null. */
  readonly features_null: ListColumn;
  /** List of numbers; kept as 32-bit floats. */
  readonly embedding: ListColumn;
  /** A JSON object as text, empty where not given. */
  readonly metadata: TextColumn;
};

export type PredictionBatch = Batch<PredictionColumns>;

/** A builder for each column, in the order of the columns. */
export function predictionBuilders() {
  const text = Object.fromEntries(predictionTextFields.map((name) => [name, new TextBuilder()])) as {
    [name in PredictionTextField]: TextBuilder;
  };
  const number = Object.fromEntries(predictionNumberFields.map((name) => [name, new NumberBuilder()])) as {
    [name in PredictionNumberField]: NumberBuilder;
  };
  return {
    ...text,
    ...number,
    ts: new TimeBuilder(),
    prediction_text: new TextBuilder(),
    prediction_number: new NumberBuilder(),
    scores: new MapBuilder(new NumberBuilder(), new DictionaryBuilder()),
    features_number: new MapBuilder(new NumberBuilder(), new DictionaryBuilder()),
    features_text: new MapBuilder(new TextBuilder(), new DictionaryBuilder()),
    features_flag: new MapBuilder(new FlagBuilder(), new DictionaryBuilder()),
    features_null: new ListBuilder(new TextBuilder()),
    embedding: new ListBuilder(new NumberBuilder()),
    metadata: new TextBuilder(),
  };
}
export type PredictionBuilders = ReturnType<typeof predictionBuilders>;

/** What a row may hold. Each bound has a name, so that an error can say it. */
export const predictionLimits = {
  /** Longest request id, bytes of UTF-8. */
  requestIdBytesMax: 256,
  /** Longest model or version name, bytes of UTF-8. */
  nameBytesMax: 256,
  /** Longest text of any other field, feature name or category, bytes of UTF-8. */
  textBytesMax: 64 * 1024,
  /** Most features of a row, all types together. */
  featuresMax: 1024,
  /** Most classes in `scores`. */
  scoresMax: 1024,
  /** Most numbers in `embedding`. */
  embeddingMax: 16_384,
  /** Longest row, bytes of JSON. */
  rowBytesMax: 4 * 1024 * 1024,
} as const;
