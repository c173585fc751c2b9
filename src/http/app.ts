/**
 * The HTTP server: one Fastify instance, with the forms that every answer shares. Each API family registers itself from
 * a file of its own. The schemas that validate requests are the ones that OpenAPI shows.
 */
import swagger from '@fastify/swagger';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify';
import { BarographError } from '../base/errors.js';
import { answerClientError } from './client-error.js';
import { registerConsole } from './console.js';
import { errorAnswer, errorAnswerOf, errorContentType } from './contract/errors.js';
import { evaluationSchemas } from './contract/evaluations.js';
import * as events from './contract/events.js';
import { modelsAnswer } from './contract/models.js';
import { healthAnswer, readinessAnswer } from './contract/operations.js';
import { prometheusError, prometheusQueryAnswer, prometheusSuccess } from './contract/prometheus.js';
import { sqlRequest } from './contract/sql.js';
import { type EvaluationServices, registerEvaluations } from './evaluations.js';
import { type IngestServices, registerIngest } from './ingest.js';
import { type LookupServices, registerLookup } from './lookup.js';
import type { MetricServices } from './metrics/metric-services.js';
import { registerMetricWrites } from './metrics/metric-writes.js';
import { type PrometheusServices, registerPrometheusApi } from './metrics/prometheus-api.js';
import { registerQueries } from './metrics/queries.js';
import type { QueryServices } from './metrics/query-run.js';
import { registerSeriesAdmin, type SeriesServices } from './metrics/series-admin.js';
import { registerStatus, type StatusServices } from './metrics/status.js';
import { type OperationsServices, registerOperations } from './operations.js';
import { toBarographError } from './request-failure.js';
import { registerSql, type SqlServices } from './sql.js';
import { answerBeforeClosing } from './unread-body.js';

export interface AppServices {
  readonly version: string;
  readonly ingest: IngestServices;
  readonly metrics: MetricServices;
  readonly series: SeriesServices;
  readonly queries: QueryServices;
  readonly status: StatusServices;
  readonly prometheus: PrometheusServices;
  readonly lookup: LookupServices;
  readonly evaluation: EvaluationServices;
  readonly sql: SqlServices;
  readonly operations: OperationsServices;
}

export interface AppOptions {
  readonly logger?: FastifyBaseLogger;
}

const idBytesMax = 2048;

export async function buildApp(services: AppServices, { logger }: AppOptions = {}): Promise<FastifyInstance> {
  const app = fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing but failures is logged of a request, and nobody is told its number.
    childLoggerFactory: (parent) => parent,
    // A request id of 256 bytes is up to 768 characters once percent-encoded.
    routerOptions: { maxParamLength: idBytesMax },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false, verbose: true, strict: false },
    },
  });
  // Response schemas describe; they neither add to an answer nor take from it.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  answerBeforeClosing(app);
  const methods = rememberMethods(app);
  app.setErrorHandler((error, _request, reply) => sendError(reply, toBarographError(error as FastifyError)));
  app.setNotFoundHandler((request, reply) => sendError(reply, methods.explainMissing(request.method, request.url)));
  for (const schema of [
    errorAnswer,
    events.predictionRow,
    events.groundTruthRow,
    events.metricLine,
    events.intakeAnswer,
    events.predictionAnswer,
    modelsAnswer,
    prometheusError,
    prometheusQueryAnswer,
    sqlRequest,
    healthAnswer,
    readinessAnswer,
    prometheusSuccess,
    ...evaluationSchemas,
  ])
    app.addSchema(schema);
  await app.register(swagger, {
    openapi: openApiHead(services.version),
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, i) => String($id ?? `def-${i}`) },
  });
  await app.register(async (scope) => registerIngest(scope, services.ingest));
  await app.register(async (scope) => registerMetricWrites(scope, services.metrics));
  await app.register(async (scope) => registerSeriesAdmin(scope, services.series));
  await app.register(async (scope) => registerQueries(scope, services.queries));
  await app.register(async (scope) => registerStatus(scope, services.status));
  await app.register(async (scope) => registerPrometheusApi(scope, services.prometheus));
  await app.register(async (scope) => registerLookup(scope, services.lookup));
  await app.register(async (scope) => registerEvaluations(scope, services.evaluation));
  await app.register(async (scope) => registerSql(scope, services.sql));
  await app.register(async (scope) => registerOperations(scope, services.operations));
  await app.register(async (scope) => registerConsole(scope));
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}

const openApiHead = (version: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'Barograph',
    version,
    description: 'One store for everything a machine-learning system emits.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: 'http://127.0.0.1:4800' }],
  tags: [
    { name: 'ML', description: 'Predictions, ground truth and what follows from them.' },
    { name: 'Metrics', description: 'Samples of series.' },
    { name: 'SQL', description: 'Read-only SQL on the same tables.' },
    { name: 'Operations', description: 'Health, metrics and this document.' },
  ],
});

/** Sends a failure in the one form that all have. */
export function sendError(reply: FastifyReply, error: BarographError): FastifyReply {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  if (error.kind.status >= 500 && !error.kind.retryable) reply.log.error({ err: error.cause ?? error }, error.message);
  return reply.code(error.kind.status).type(errorContentType).send(errorAnswerOf(error));
}

/** Knows every path, so that a wrong method can be told from a wrong path. */
function rememberMethods(app: FastifyInstance) {
  const routes: { method: string; path: RegExp; url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    const path = new RegExp(
      `^${url
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replace(/:[a-z_]+/g, '[^/]+')
        .replace(/\\\*$/, '.+')}$`,
    );
    for (const each of [method].flat()) routes.push({ method: each, path, url });
  });
  return {
    explainMissing(method: string, url: string): BarographError {
      const path = url.split('?')[0] ?? url;
      const allowed = routes.filter((route) => route.path.test(path)).map((route) => route.method);
      if (allowed.length > 0)
        return new BarographError(
          'method_not_allowed',
          `${path} takes ${[...new Set(allowed)].join(', ')}, not ${method}`,
        );
      return new BarographError('not_found', `there is nothing at ${path}`, {
        hint: 'GET /openapi.json lists every path.',
      });
    },
  };
}
