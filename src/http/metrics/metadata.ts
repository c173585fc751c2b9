/** /api/v1/metadata: type, help and unit of metrics, as senders told them. */
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../storage/engine.js';
import { prometheusAnswers } from '../contract/prometheus.js';
import { cancelOnDisconnect } from '../disconnect.js';
import { success, truncated } from './prometheus-answer.js';
import { numberOf, parametersOf } from './prometheus-parameters.js';

interface MetadataRow {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** Most metrics of an answer. A guess: 20 MB of JSON. */
const metricsMax = 100_000;

export function registerMetadata(app: FastifyInstance, engine: Engine): void {
  app.get(
    '/api/v1/metadata',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Type, help and unit of metrics',
        description:
          'What was told last of each metric; it follows within `metrics.flush_interval`. A metric has one entry, so `limit_per_metric` takes nothing away.',
        querystring: {
          type: 'object',
          properties: {
            metric: { type: 'string', description: 'Only this one.' },
            limit: { type: 'integer', description: 'Most metrics of the answer.' },
            limit_per_metric: { type: 'integer' },
          },
        },
        response: prometheusAnswers('Lists of type, help and unit by metric.'),
      },
    },
    async (request, reply) => {
      const parameters = parametersOf(request);
      const asked = numberOf(parameters, 'limit') ?? -1;
      numberOf(parameters, 'limit_per_metric');
      const limit = asked < 0 ? metricsMax : Math.min(asked, metricsMax);
      const metric = parameters.get('metric') ?? '';
      const rows = await selectMetadata(engine, metric, limit + 1, cancelOnDisconnect(request, reply));
      const shown = rows.slice(0, limit);
      return success(Object.fromEntries(shown.map(({ metric, ...rest }) => [metric, [rest]])), {
        warnings: rows.length > limit && asked !== limit ? [truncated] : [],
      });
    },
  );
}

/** Rows in the order of metrics' names; all metrics where `metric` is empty. */
function selectMetadata(engine: Engine, metric: string, rowsMax: number, signal: AbortSignal): Promise<MetadataRow[]> {
  return engine.query<MetadataRow>({
    sql: `SELECT metric, type, help, unit
FROM metric_metadata FINAL
WHERE {metric:String} = '' OR metric = {metric:String}
ORDER BY metric
LIMIT {rowsMax:UInt32}`,
    params: { metric, rowsMax },
    signal,
  });
}
