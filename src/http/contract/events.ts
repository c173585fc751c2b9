/** Predictions and ground truth: what goes in, row by row, and what comes back for one request id. */
import Type, { type TProperties } from 'typebox';
import { predictionLimits } from '../../model/prediction.js';

const timeForms =
  'RFC 3339 text with an offset, or a number since the epoch: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.';
const time = (description: string) =>
  Type.Optional(
    Type.Union([Type.String({ format: 'date-time' }), Type.Number()], {
      description: `${description} ${timeForms}`,
      examples: ['2026-03-01T12:00:00Z'],
    }),
  );
const text = (description: string, examples?: string[]) =>
  Type.Optional(Type.String({ description, maxLength: predictionLimits.textBytesMax, ...(examples && { examples }) }));
const number = (description: string) => Type.Optional(Type.Number({ description }));
const requestId = Type.String({
  description: 'Any text; names the prediction for its ground truth and for retries.',
  minLength: 1,
  maxLength: predictionLimits.requestIdBytesMax,
  examples: ['req-7f3a'],
});
const value = (description: string) => Type.Union([Type.String({ minLength: 1 }), Type.Number()], { description });

const predictionFields = {
  request_id: requestId,
  model: Type.String({ minLength: 1, maxLength: predictionLimits.nameBytesMax, examples: ['churn'] }),
  version: Type.String({ minLength: 1, maxLength: predictionLimits.nameBytesMax, examples: ['3'] }),
  ts: time('When the model predicted; the time of arrival where absent.'),
  endpoint: text('Which endpoint served it.', ['/v1/score']),
  region: text('Where it was served.', ['eu-west-1']),
  segment: text('A slice of the population that evaluation is asked by.', ['premium']),
  prediction: Type.Optional(value('The predicted class (text or number) or the predicted quantity.')),
  score: number('For two classes: the probability or score of the positive class.'),
  scores: Type.Optional(
    Type.Record(Type.String(), Type.Number(), {
      description: 'For more than two classes: the probability of each class.',
    }),
  ),
  confidence: number('How sure the model was of its prediction.'),
  latency_ms: Type.Optional(Type.Number({ minimum: 0, description: 'How long the prediction took, milliseconds.' })),
  status: text('How it ended.', ['success']),
  features: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]), {
      description: `What the model saw, by name: a number, a category, a boolean or null; at most ${predictionLimits.featuresMax}.`,
    }),
  ),
  embedding: Type.Optional(
    Type.Array(Type.Number(), {
      description: 'A vector, kept as 32-bit floats.',
      maxItems: predictionLimits.embeddingMax,
    }),
  ),
  experiment_id: text('The experiment that the request took part in.'),
  variant: text('The variant that served it.'),
  unit_id: text('The unit of randomization, such as a user.'),
  trace_id: text('The trace that the request belongs to.'),
  input_hash: text('A digest of the input, to find repeated ones.'),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'Any JSON object; kept as it is.' }),
  ),
} satisfies TProperties;

/** One line of a body. Each row is validated by its own decoder, so that a bad one does not fail its neighbours. */
export const predictionRow = Type.Object(predictionFields, { $id: 'PredictionRow', description: 'One prediction.' });

export const groundTruthRow = Type.Object(
  {
    request_id: requestId,
    label: value('What really happened: the true class or quantity.'),
    ts: time('When the truth became known; the time of arrival where absent.'),
    source: text('Who says so.', ['chargeback-feed']),
    revision: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'A higher revision corrects a lower one; among equals, and where absent (counted as 0), the later arrival does.',
      }),
    ),
  },
  { $id: 'GroundTruthRow', description: 'What really happened to one prediction.' },
);

export const metricLine = Type.Object(
  {
    metric: Type.Record(Type.String(), Type.String(), {
      description: 'Labels by name; `__name__` is the name of the metric.',
      examples: [{ __name__: 'up', job: 'api' }],
    }),
    values: Type.Optional(
      Type.Array(Type.Union([Type.Number(), Type.Null(), Type.String()]), {
        description: 'As many as timestamps; null and "NaN" are NaN. Required where there are no histograms.',
      }),
    ),
    histograms: Type.Optional(
      Type.Array(Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]), {
        description: 'Native histograms, as many as timestamps, in the form that export writes; null ends the series.',
      }),
    ),
    timestamps: Type.Array(Type.Integer({ description: 'Milliseconds since the epoch.' })),
  },
  { $id: 'MetricLine', description: 'Samples of one series.' },
);

export const intakeAnswer = Type.Object(
  {
    accepted: Type.Integer({ description: 'Rows that are durable now.' }),
    rejected: Type.Integer({ description: 'Rows that were not taken.' }),
    errors: Type.Array(
      Type.Object({
        line: Type.Integer({ description: 'Line of an NDJSON body, element of a JSON array, from 1.' }),
        code: Type.String(),
        message: Type.String(),
      }),
      { description: 'Why, for the first 1,000 rejected rows.' },
    ),
  },
  { $id: 'Intake', description: 'What became of a body of rows. 200 when any row was accepted, 400 when none was.' },
);
export type IntakeAnswer = Type.Static<typeof intakeAnswer>;

export const requestIdParams = Type.Object({
  request_id: Type.String({ description: 'The request id, percent-encoded.' }),
});

export const freshQuery = Type.Object(
  {
    fresh: Type.Optional(
      Type.Enum(['0', '1'], { description: '1 waits until every row acknowledged so far can be read.' }),
    ),
  },
  { additionalProperties: false },
);
export type FreshQuery = Type.Static<typeof freshQuery>;

export const requestIdQuery = Type.Object(
  { ...freshQuery.properties, request_id: Type.String({ description: 'The request id.' }) },
  { additionalProperties: false },
);

const instant = (description: string) => Type.String({ format: 'date-time', description });

const storedTruth = Type.Object({
  label: Type.Union([Type.String(), Type.Number()]),
  ts: instant('When it became known: as given, else its arrival.'),
  arrived: instant('When it arrived here.'),
  source: Type.Optional(Type.String()),
  revision: Type.Optional(Type.Integer()),
  current: Type.Boolean({ description: 'Whether this is the revision that counts.' }),
});
export type StoredTruth = Type.Static<typeof storedTruth>;

export const predictionAnswer = Type.Object(
  {
    ...predictionFields,
    ts: instant('When the model predicted.'),
    arrived: instant('When the row arrived here.'),
    ground_truth: Type.Array(storedTruth, { description: 'Every revision of its truth, oldest first.' }),
  },
  { $id: 'StoredPrediction', description: 'A prediction as it is stored, with all revisions of its truth.' },
);
export type PredictionAnswer = Type.Static<typeof predictionAnswer>;
