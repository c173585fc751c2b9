/** Retrospective evaluations: what may be asked, and the form of the answer. */
import Type from 'typebox';
import { metricNames } from '../../evaluation/metric-names.js';
import { predictionLimits } from '../../model/prediction.js';

export const evaluationFormats = ['json', 'csv', 'parquet', 'arrow'] as const;
export type EvaluationFormat = (typeof evaluationFormats)[number];

const text = (description: string, example: string) =>
  Type.Optional(
    Type.String({ description, minLength: 1, maxLength: predictionLimits.textBytesMax, examples: [example] }),
  );
const time = (description: string) =>
  text(
    `${description} RFC 3339 with an offset, a date (its beginning in UTC), or seconds or milliseconds since 1970.`,
    '2026-03-01T00:00:00Z',
  );

export const evaluationQuery = Type.Object(
  {
    model: Type.String({
      description: 'The model.',
      minLength: 1,
      maxLength: predictionLimits.nameBytesMax,
      examples: ['churn'],
    }),
    version: text('One version; absent: all together. `by=version` keeps them apart.', '3'),
    from: time('Predictions from this time on. Absent: from the first.'),
    to: time('Predictions before this time. Absent: to the last.'),
    every: text(
      'Length of a bucket: a whole number and m, h, d, w, mo or y, from 1m to 1y, or `all` (the default). Buckets lie on the calendar in UTC, weeks from Monday; those without a prediction are not listed.',
      '1d',
    ),
    by: text(
      'Splits each bucket into cohorts: columns (version, endpoint, region, segment, status, prediction, experiment_id, variant, …) and features, separated by commas. Numbers are cut at edges, `feature:age(18,30,45)`, or at quantiles, `feature:age(quantiles=4)`; without either, up to 20 distinct values stay apart and more are cut at their quartiles. A name with commas or parentheses stands in double quotes.',
      'region,feature:age(18,30,45)',
    ),
    metrics: text(`Only these metrics, separated by commas. Known: ${metricNames.join(', ')}.`, 'accuracy,roc_auc'),
    as_of: time('Evaluates with the truth known at this moment, by its own time, or by its arrival where it has none.'),
    positive: text(
      'The positive class of two. Default: 1, true, yes or positive if it is one of them, else the last in order.',
      '1',
    ),
    task: Type.Optional(
      Type.Enum(['auto', 'classification', 'regression'], {
        description:
          'Default auto: classification where predictions or truths are text, or all are whole numbers and the truths have at most 20 distinct values; else regression.',
        examples: ['auto'],
      }),
    ),
    fresh: Type.Optional(
      Type.Enum(['0', '1'], {
        description: '1 waits until every row acknowledged so far can be read.',
        examples: ['1'],
      }),
    ),
    format: Type.Optional(
      Type.Enum([...evaluationFormats], {
        description: 'Form of the answer; goes before the header Accept. Default json.',
        examples: ['csv'],
      }),
    ),
  },
  { additionalProperties: false },
);
export type EvaluationQuery = Type.Static<typeof evaluationQuery>;

const instant = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description,
    examples: ['2026-03-01T00:00:00.000Z'],
  });
const nullable = (description: string, examples: (string | number)[] = []) =>
  Type.Union([Type.String(), Type.Null()], { description, examples });
const figure = Type.Union([Type.Number(), Type.Null()]);

const evaluationRow = Type.Object(
  {
    from: Type.String({ format: 'date-time', description: 'Beginning of the bucket, inclusive.' }),
    to: Type.String({ format: 'date-time', description: 'End of the bucket, exclusive.' }),
    cohort: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
      description:
        'Value by column of `by`: the text of a category, an interval such as "[18, 30)"; null where a prediction has none.',
      examples: [{ region: 'eu-west-1', 'feature:age': '[18, 30)' }],
    }),
    count: Type.Integer({ description: 'Predictions.' }),
    with_truth: Type.Integer({ description: 'Predictions whose truth is known.' }),
    coverage: Type.Number({ description: 'Share of predictions whose truth is known, 0 to 1.' }),
    metrics: Type.Record(Type.String(), figure, {
      description: 'By name; null where a metric is undefined, which `notes` explain.',
      examples: [{ accuracy: 0.93, roc_auc: 0.97 }],
    }),
    by_class: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({
          precision: figure,
          recall: figure,
          f1: figure,
          support: Type.Integer({ description: 'Truths of this class.' }),
          roc_auc: Type.Optional(figure),
        }),
        { description: 'With three or more classes: figures of each class against the rest.' },
      ),
    ),
  },
  { $id: 'EvaluationRow', description: 'One bucket and cohort.' },
);

export const evaluationAnswer = Type.Object(
  {
    model: Type.String(),
    version: nullable('The version asked for; null for all together.', ['3']),
    task: Type.Enum(['classification', 'regression']),
    task_reason: Type.String({ description: 'Why it is that task.' }),
    positive: nullable('The positive class of two; null otherwise.', ['1']),
    positive_reason: nullable('Why it is that class.'),
    classes: Type.Array(Type.String(), {
      description: 'By number where all are numbers, else by text. A number and its shortest text are one class.',
    }),
    from: instant('As asked for, else the first prediction; null where there is none.'),
    to: instant('As asked for, else just after the last prediction; null where there is none.'),
    every: Type.String({ examples: ['1d'] }),
    as_of: instant('The moment whose knowledge counts; null for now.'),
    rows: Type.Array(Type.Unsafe<EvaluationAnswerRow>({ $ref: 'EvaluationRow#' }), {
      description: 'By time, then by cohort.',
    }),
    notes: Type.Array(Type.String(), { description: 'What is null or was left out, and why.' }),
  },
  { $id: 'Evaluation', description: 'How good a model was.' },
);
export type EvaluationAnswerRow = Type.Static<typeof evaluationRow>;
export type EvaluationAnswer = Type.Static<typeof evaluationAnswer>;

/** Schemas that others refer to by name. */
export const evaluationSchemas = [evaluationRow, evaluationAnswer];
