/** The ClickHouse type of each event column, in the log and in the tables. */

const text = 'String';
const textMap = (value: string) => `Map(String, ${value})`;
const nullableTime = "Nullable(DateTime64(3, 'UTC'))";

/** As in the log: times may be absent there, and are filled in when the row is stored. */
export const predictionLogTypes = {
  request_id: text,
  model: text,
  version: text,
  ts: nullableTime,
  endpoint: text,
  region: text,
  segment: text,
  status: text,
  prediction_text: text,
  prediction_number: 'Nullable(Float64)',
  score: 'Nullable(Float64)',
  scores: textMap('Float64'),
  confidence: 'Nullable(Float64)',
  latency_ms: 'Nullable(Float64)',
  features_number: textMap('Float64'),
  features_text: textMap(text),
  features_flag: textMap('Bool'),
  features_null: `Array(${text})`,
  embedding: 'Array(Float32)',
  experiment_id: text,
  variant: text,
  unit_id: text,
  trace_id: text,
  input_hash: text,
  metadata: text,
} as const;

export const groundTruthLogTypes = {
  request_id: text,
  label_text: text,
  label_number: 'Nullable(Float64)',
  ts: nullableTime,
  source: text,
  revision: 'Nullable(UInt32)',
} as const;

/** As in `prediction_rows`, but for row_id and arrived, which storing adds. */
export const predictionRowTypes = { ...predictionLogTypes, ts: "DateTime64(3, 'UTC')" } as const;
