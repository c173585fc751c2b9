/** GET /api/ml/evaluations: how good a model was, as JSON or as a table. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BarographError } from '../base/errors.js';
import { evaluate } from '../evaluation/evaluate.js';
import type { Evaluation, EvaluationLimits, EvaluationRow } from '../evaluation/evaluation.js';
import { parseEvaluationRequest } from '../evaluation/parse-request.js';
import type { Engine } from '../storage/engine.js';
import { failures } from './contract/errors.js';
import {
  type EvaluationAnswer,
  type EvaluationAnswerRow,
  type EvaluationFormat,
  type EvaluationQuery,
  evaluationFormats,
  evaluationQuery,
} from './contract/evaluations.js';
import { cancelOnDisconnect } from './disconnect.js';
import { encodeTable, tabularContentTypes } from './tabular.js';
import type { TabularColumn } from './tabular-column.js';

export interface EvaluationServices {
  readonly engine: Engine;
  /** Resolves when every row acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
  readonly limits: EvaluationLimits;
}

export function registerEvaluations(app: FastifyInstance, services: EvaluationServices): void {
  const { engine, waitUntilStored, limits } = services;
  app.get<{ Querystring: EvaluationQuery }>(
    '/api/ml/evaluations',
    {
      schema: {
        tags: ['ML'],
        summary: 'How good a model was',
        description:
          'Evaluates retrospectively: joins the predictions of a model with their ground truth and computes metrics for each bucket of time and cohort. For two classes: accuracy, precision, recall, f1, roc_auc, log_loss, brier, tp, fp, fn, tn. For more: accuracy and macro averages, figures by class, and roc_auc (one against the rest, macro), log_loss and brier (summed over classes) where `scores` were given. For numbers: mae, rmse, mape, r2, bias. They equal scikit-learn’s on the same rows.',
        produces: ['application/json', ...Object.values(tabularContentTypes).map((type) => type.split(';')[0]!)],
        querystring: evaluationQuery,
        response: { 200: { description: 'The evaluation.', $ref: 'Evaluation#' }, ...failures },
      },
    },
    async (request, reply) => {
      const format = formatOf(request);
      const asked = parseEvaluationRequest(request.query);
      const gone = cancelOnDisconnect(request, reply);
      if (request.query.fresh === '1') await waitUntilStored();
      const evaluation = await evaluate(engine, asked, { limits, signal: gone });
      reply.header('vary', 'accept');
      if (format === 'json') return evaluationAnswerOf(evaluation);
      const table = await encodeTable(format, tabularColumnsOf(evaluation));
      return reply.type(tabularContentTypes[format]).send(table);
    },
  );
}

/** Media types by which Accept may name a format, the first being ours. */
const mediaTypes: Readonly<Record<EvaluationFormat, readonly string[]>> = {
  json: ['application/json'],
  csv: ['text/csv'],
  parquet: ['application/vnd.apache.parquet', 'application/x-parquet'],
  arrow: ['application/vnd.apache.arrow.stream'],
};

/** The parameter, else the best of what Accept names; `not_acceptable` where it names nothing that is offered. */
function formatOf(request: FastifyRequest<{ Querystring: EvaluationQuery }>): EvaluationFormat {
  const { accept } = request.headers;
  if (request.query.format !== undefined) return request.query.format;
  if (accept === undefined || accept.trim() === '') return 'json';
  const ranges = accept.split(',').map(parseMediaRange);
  const rated = evaluationFormats.map((format) => ({ format, quality: qualityOf(mediaTypes[format], ranges) }));
  // The first of equals is the default, so that */* means JSON.
  const best = rated.reduce((a, b) => (b.quality > a.quality ? b : a));
  if (best.quality > 0) return best.format;
  throw new BarographError('not_acceptable', `nothing here is of the type ${accept}`, {
    hint: `Offered: ${evaluationFormats.map((format) => mediaTypes[format][0]).join(', ')}; or use the parameter format.`,
  });
}

interface MediaRange {
  readonly type: string;
  /** 0 to 1; 0 is "not this". */
  readonly quality: number;
}

/** One range of an Accept header. Source: RFC 9110, section 12.5.1. */
function parseMediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

/** The quality that the most specific matching range gives. */
function qualityOf(types: readonly string[], ranges: readonly MediaRange[]): number {
  const wildcards = types.map((type) => `${type.split('/')[0]}/*`);
  for (const candidates of [types, wildcards, ['*/*']]) {
    const matching = ranges.filter(({ type }) => candidates.includes(type));
    if (matching.length > 0) return Math.max(...matching.map(({ quality }) => quality));
  }
  return 0;
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
const isoOrNull = (timeMs: number | null): string | null => (timeMs === null ? null : iso(timeMs));

export const evaluationAnswerOf = (evaluation: Evaluation): EvaluationAnswer => ({
  model: evaluation.model,
  version: evaluation.version,
  task: evaluation.task,
  task_reason: evaluation.taskReason,
  positive: evaluation.positive,
  positive_reason: evaluation.positiveReason,
  classes: [...evaluation.classes],
  from: isoOrNull(evaluation.fromMs),
  to: isoOrNull(evaluation.toMs),
  every: evaluation.every,
  as_of: isoOrNull(evaluation.asOfMs),
  rows: evaluation.rows.map(answerRowOf),
  notes: [...evaluation.notes],
});

const answerRowOf = ({
  fromMs,
  toMs,
  cohort,
  count,
  withTruth,
  metrics,
  byClass,
}: EvaluationRow): EvaluationAnswerRow => ({
  from: iso(fromMs),
  to: iso(toMs),
  cohort: { ...cohort },
  count,
  with_truth: withTruth,
  coverage: withTruth / count,
  metrics: { ...metrics } as EvaluationAnswerRow['metrics'],
  ...(byClass !== undefined && { by_class: { ...byClass } }),
});

const countMetrics: readonly string[] = ['tp', 'fp', 'fn', 'tn'];

/** The rows as flat columns: bucket, cohort, counts, metrics. Figures by class are in JSON only. */
export function tabularColumnsOf({ rows, by, metrics }: Evaluation): TabularColumn[] {
  const numbers = (name: string, type: 'time' | 'integer' | 'number', value: (row: EvaluationRow) => number | null) =>
    ({ name, type, values: rows.map(value) }) as const;
  return [
    numbers('from', 'time', ({ fromMs }) => fromMs),
    numbers('to', 'time', ({ toMs }) => toMs),
    ...by.map((name) => ({ name, type: 'text', values: rows.map(({ cohort }) => cohort[name] ?? null) }) as const),
    numbers('count', 'integer', ({ count }) => count),
    numbers('with_truth', 'integer', ({ withTruth }) => withTruth),
    numbers('coverage', 'number', ({ withTruth, count }) => withTruth / count),
    ...metrics.map((name) =>
      numbers(name, countMetrics.includes(name) ? 'integer' : 'number', (row) => row.metrics[name] ?? null),
    ),
  ];
}
