/** GET and POST /api/v1/query and /api/v1/query_range: PromQL, with Prometheus' parameters, answers and refusals. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { prometheusFailures } from '../contract/prometheus.js';
import { registerExplain } from './explain.js';
import { answerAsPrometheus } from './prometheus-answer.js';
import { parametersOf, takeForms } from './prometheus-parameters.js';
import { instantParameters, type QueryParameters, rangeParameters } from './query-parameters.js';
import { answerQuery, type QueryServices } from './query-run.js';

/** A query's text is half as long at most. */
const formBytesMax = 2 ** 20;

export function registerQueries(app: FastifyInstance, services: QueryServices): void {
  answerAsPrometheus(app);
  takeForms(app, formBytesMax);
  registerExplain(app, services);
  for (const method of ['GET', 'POST'] as const) {
    registerQuery(
      app,
      services,
      method,
      '/api/v1/query',
      'Evaluate a PromQL query at one time',
      instantOnly,
      (request) => instantParameters(parametersOf(request), Date.now()),
    );
    registerQuery(
      app,
      services,
      method,
      '/api/v1/query_range',
      'Evaluate a PromQL query over a range',
      rangeOnly,
      (request) => rangeParameters(parametersOf(request)),
    );
  }
}

const text = (description: string) => ({ type: 'string', description });
const instantOnly = { time: text('RFC 3339 or seconds since the epoch; now where absent.') };
const rangeOnly = {
  start: text('First time: RFC 3339 or seconds since the epoch.'),
  end: text('Last time, inclusive.'),
  step: text('Seconds, or a duration such as `1m`.'),
};
const bothTake = {
  query: text('PromQL.'),
  timeout: text('Seconds or a duration. At most `query.promql.time_max`.'),
  limit: text('Most series of the answer; 0 for all.'),
  lookback_delta: text('How old a sample may be to count: seconds or a duration.'),
  stats: text('Any text adds statistics to the answer.'),
  nocache: text('`1` evaluates all steps anew.'),
};

function registerQuery(
  app: FastifyInstance,
  services: QueryServices,
  method: 'GET' | 'POST',
  url: string,
  summary: string,
  own: object,
  read: (request: FastifyRequest) => QueryParameters,
): void {
  app.route({
    method,
    url,
    schema: {
      tags: ['Metrics'],
      summary,
      description:
        'As Prometheus 3 answers. With POST the parameters may also stand in a form-encoded body. The query is cancelled when the client goes away.',
      ...(method === 'POST' ? { consumes: ['application/x-www-form-urlencoded'] } : {}),
      querystring: { type: 'object', properties: { ...own, ...bothTake } },
      response: { 200: { description: 'The result.', $ref: 'PrometheusQuery#' }, ...prometheusFailures },
    },
    handler: (request, reply) => answerQuery(services, read(request), request, reply),
  });
}
