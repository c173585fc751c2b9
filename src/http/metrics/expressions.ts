/** /api/v1/format_query and /api/v1/parse_query: PromQL laid out, and as a tree. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Expression } from '../../promql/ast.js';
import { parseQuery } from '../../promql/parse/parse-query.js';
import { astJson } from '../../promql/print/ast-json.js';
import { prettify } from '../../promql/print/prettify.js';
import { prometheusAnswers } from '../contract/prometheus.js';
import { invalidParameter, success } from './prometheus-answer.js';
import { parametersOf } from './prometheus-parameters.js';

const querystring = { type: 'object', properties: { query: { type: 'string', description: 'PromQL.' } } };

export function registerExpressions(app: FastifyInstance): void {
  const method = ['GET', 'POST'];
  const tags = ['Metrics'];
  app.route({
    method,
    url: '/api/v1/format_query',
    schema: {
      tags,
      summary: 'Lay out a PromQL query',
      querystring,
      response: prometheusAnswers('The query, split into lines where it is long.'),
    },
    handler: async (request) => success(prettify(expressionOf(request))),
  });
  app.route({
    method,
    url: '/api/v1/parse_query',
    schema: {
      tags,
      summary: 'The tree of a PromQL query',
      querystring,
      response: prometheusAnswers('The tree, as Prometheus tells it.'),
    },
    handler: async (request) => success(astJson(expressionOf(request))),
  });
}

function expressionOf(request: FastifyRequest): Expression {
  try {
    return parseQuery(parametersOf(request).get('query') ?? '');
  } catch (error) {
    throw invalidParameter('query', error);
  }
}
