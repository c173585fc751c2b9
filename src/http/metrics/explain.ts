/** GET and POST /api/v1/explain: what a query would read, where it would run, and which limits it is past, without running it. */
import type { FastifyInstance } from 'fastify';
import type { Matcher } from '../../model/matcher.js';
import type { LeafEstimate } from '../../promql/explain/query-estimate.js';
import { type LimitVerdict, limitVerdicts, refusalOf } from '../../promql/explain/query-limits.js';
import { createSourceStatistics } from '../../promql/leaves/source-limits.js';
import { astJson } from '../../promql/print/ast-json.js';
import { prometheusAnswers } from '../contract/prometheus.js';
import { cancelOnDisconnect } from '../disconnect.js';
import { success } from './prometheus-answer.js';
import { parametersOf } from './prometheus-parameters.js';
import { instantParameters, rangeParameters } from './query-parameters.js';
import { lookbackOf, type PlannedQuery, parsedQuery, plannedQuery } from './query-plan.js';
import type { QueryServices } from './query-run.js';

const text = (description: string) => ({ type: 'string', description });
const querystring = {
  type: 'object',
  properties: {
    query: text('PromQL.'),
    time: text('As `query` takes it.'),
    start: text('As `query_range` takes it, with `end` and `step`: then the query is one over a range.'),
    end: text('As `query_range` takes it.'),
    step: text('As `query_range` takes it.'),
    lookback_delta: text('How old a sample may be to count: seconds or a duration.'),
  },
};

export function registerExplain(app: FastifyInstance, services: QueryServices): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/explain',
    schema: {
      tags: ['Metrics'],
      summary: 'What a PromQL query would read, and whether it would be refused',
      description:
        'The query’s tree; its leaves with their matchers, times, tier, hours in memory and missing, estimated series and samples; what the answer would hold; where it would run; and each limit. Nothing is read.',
      querystring,
      response: prometheusAnswers('The plan with its estimates.'),
    },
    async handler(request, reply) {
      const parameters = parametersOf(request);
      const isRange = ['start', 'end', 'step'].some((name) => (parameters.get(name) ?? '') !== '');
      const query = isRange ? rangeParameters(parameters) : instantParameters(parameters, Date.now());
      const client = services.clients.enter(request);
      try {
        const gone = cancelOnDisconnect(request, reply);
        const use = { statistics: createSourceStatistics(), signal: gone, checkpoint: () => {} };
        const lookbackMs = lookbackOf(query, services.limits);
        return success(
          explanation(await plannedQuery(services, parsedQuery(query), query.range, lookbackMs, use), services),
        );
      } finally {
        client.leave();
      }
    },
  });
}

function explanation({ expression, estimate }: PlannedQuery, { heavy, limits }: QueryServices): object {
  const { leaves, series, samples, points, pointsMost, answerBytes, work } = estimate;
  return {
    tree: astJson(expression),
    leaves: leaves.map(leafJson),
    estimate: {
      series,
      samples: Math.round(samples),
      points: Math.round(points),
      pointsMost: Number.isFinite(pointsMost) ? Math.round(pointsMost) : null,
      answerBytes: Math.round(answerBytes),
      work: Math.round(work),
    },
    runsIn: heavy.isHeavy(estimate) ? 'worker' : 'main',
    limits: limitVerdicts(estimate, limits).map(limitJson),
    refusal: refusalOf(estimate, limits)?.message ?? null,
  };
}

const seconds = (ms: number): number => ms / 1000;

function leafJson({ selection, tier, ...leaf }: LeafEstimate) {
  const { steps, series, samples, histogramSamples, hoursInMemory, hoursMissing, isGuess } = leaf;
  const { matchers, fromMs, toMs, hints } = selection;
  return {
    matchers: matchers.map(matcherJson),
    function: hints.functionName ?? null,
    start: seconds(fromMs),
    end: seconds(toMs),
    range: seconds(hints.rangeMs),
    steps,
    tier,
    hoursInMemory,
    hoursMissing,
    series,
    samples: Math.round(samples),
    histogramSamples: Math.round(histogramSamples),
    isGuess,
  };
}

const matcherJson = ({ name, op, value }: Matcher) => ({ name, type: op, value });

const limitJson = ({ key, limit, estimate, isPassed }: LimitVerdict) => ({
  key,
  limit,
  estimate: estimate ?? null,
  passed: isPassed,
});
