/** GET /api/ml/predictions/<request_id> and /api/ml/models. */
import type { FastifyInstance } from 'fastify';
import { BarographError } from '../base/errors.js';
import { listModels, type ModelSummary } from '../evaluation/models.js';
import { lookUpPrediction, readTruth, type StoredPredictionRow } from '../evaluation/prediction-lookup.js';
import type { Engine } from '../storage/engine.js';
import { failures } from './contract/errors.js';
import {
  type FreshQuery,
  freshQuery,
  type PredictionAnswer,
  predictionAnswer,
  requestIdParams,
  requestIdQuery,
} from './contract/events.js';
import { type ModelsAnswer, modelsAnswer } from './contract/models.js';
import { cancelOnDisconnect } from './disconnect.js';

export interface LookupServices {
  readonly engine: Engine;
  /** Resolves when every row acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
}

export function registerLookup(app: FastifyInstance, { engine, waitUntilStored }: LookupServices): void {
  app.get<{ Params: { request_id: string }; Querystring: FreshQuery }>(
    '/api/ml/predictions/:request_id',
    {
      schema: {
        tags: ['ML'],
        summary: 'One prediction with all revisions of its truth',
        params: requestIdParams,
        querystring: freshQuery,
        response: { 200: predictionAnswer, ...failures },
      },
    },
    async (request, reply) => {
      const gone = cancelOnDisconnect(request, reply);
      if (request.query.fresh === '1') await waitUntilStored();
      return lookUp(engine, request.params.request_id, gone);
    },
  );
  app.get<{ Querystring: FreshQuery & { request_id: string } }>(
    '/api/ml/predictions',
    {
      schema: {
        tags: ['ML'],
        summary: 'The same, for any request id',
        description:
          'For ids that no path can hold: clients take `.` and `..` in a path for something else, percent-encoded or not.',
        querystring: requestIdQuery,
        response: { 200: predictionAnswer, ...failures },
      },
    },
    async (request, reply) => {
      const gone = cancelOnDisconnect(request, reply);
      if (request.query.fresh === '1') await waitUntilStored();
      return lookUp(engine, request.query.request_id, gone);
    },
  );
  app.get<{ Querystring: FreshQuery }>(
    '/api/ml/models',
    {
      schema: {
        tags: ['ML'],
        summary: 'Models and versions that have been seen',
        querystring: freshQuery,
        response: { 200: modelsAnswer, ...failures },
      },
    },
    async (request, reply): Promise<ModelsAnswer> => {
      const gone = cancelOnDisconnect(request, reply);
      if (request.query.fresh === '1') await waitUntilStored();
      return { models: (await listModels(engine, gone)).map(modelAnswerOf) };
    },
  );
}

async function lookUp(engine: Engine, requestId: string, gone: AbortSignal): Promise<PredictionAnswer> {
  const row = await lookUpPrediction(engine, requestId, gone);
  if (row === undefined) throw await noPrediction(engine, requestId);
  return predictionAnswerOf(row);
}

async function noPrediction(engine: Engine, requestId: string): Promise<BarographError> {
  const truth = await readTruth(engine, requestId);
  const message = `no prediction with request id ${JSON.stringify(requestId)} has arrived`;
  const hint =
    truth.length === 0
      ? 'Rows acknowledged a moment ago are seen with ?fresh=1.'
      : `Its ground truth has (${truth.length} revisions) and waits for it.`;
  return new BarographError('not_found', message, { hint });
}

const iso = (ms: number): string => new Date(ms).toISOString();

const modelAnswerOf = ({ model, version, firstSeenMs, lastSeenMs, predictions, withTruth }: ModelSummary) => ({
  model,
  version,
  first_seen: iso(firstSeenMs),
  last_seen: iso(lastSeenMs),
  predictions,
  with_truth: withTruth,
  coverage: withTruth / predictions,
});

/** The row as it was sent: fields that were not given are left out. */
export function predictionAnswerOf({
  fields,
  features,
  tsMs,
  arrivedMs,
  truth,
}: StoredPredictionRow): PredictionAnswer {
  const { prediction_text, prediction_number, metadata, ...plain } = fields;
  const prediction = prediction_number ?? prediction_text;
  return {
    ...given(plain),
    ...given({ prediction }),
    ...(metadata ? { metadata: JSON.parse(String(metadata)) } : {}),
    ...given({ features }),
    ts: iso(tsMs),
    arrived: iso(arrivedMs),
    ground_truth: truth.map(({ label, tsMs, arrivedMs, source, revision, current }) => ({
      label,
      ts: iso(tsMs),
      arrived: iso(arrivedMs),
      ...(source === '' ? {} : { source }),
      ...(revision === undefined ? {} : { revision }),
      current,
    })),
  } as PredictionAnswer;
}

const isGiven = (value: unknown): boolean =>
  value !== null && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0);

const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
