/** What is scraped: /api/v1/targets, /api/v1/targets/metadata and /api/v1/scrape_pools, as Prometheus has them. */
import type { FastifyInstance } from 'fastify';
import type { Scraper } from '../../ingest/scrape/scraper.js';
import { labelValue } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import { parseSelector } from '../../promql/parse-selector.js';
import { prometheusAnswers } from '../contract/prometheus.js';
import { invalidParameter, success } from './prometheus-answer.js';
import { numberOf, parametersOf } from './prometheus-parameters.js';

export type TargetServices = Pick<Scraper, 'pools' | 'targets' | 'targetMetadata'>;

export function registerTargets(app: FastifyInstance, scraper: TargetServices): void {
  const tags = ['Metrics'];
  app.get(
    '/api/v1/targets',
    {
      schema: {
        tags,
        summary: 'Targets that are scraped',
        querystring: {
          type: 'object',
          properties: {
            state: { type: 'string', description: '`active`, `dropped` or `any`, which is the default.' },
            scrapePool: { type: 'string', description: 'Only the targets of this job.' },
          },
        },
        response: prometheusAnswers('Targets that are scraped, and those that relabelling dropped.'),
      },
    },
    async (request) => {
      const parameters = parametersOf(request);
      return success(
        scraper.targets({ state: parameters.get('state') ?? '', scrapePool: parameters.get('scrapePool') ?? '' }),
      );
    },
  );
  app.get(
    '/api/v1/scrape_pools',
    { schema: { tags, summary: 'Names of the jobs that are scraped', response: prometheusAnswers('Names, sorted.') } },
    async () => success({ scrapePools: scraper.pools.map(({ job }) => job.jobName) }),
  );
  registerTargetMetadata(app, scraper);
}

function registerTargetMetadata(app: FastifyInstance, scraper: TargetServices): void {
  app.get(
    '/api/v1/targets/metadata',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Type, help and unit of metrics, as each target told them last',
        querystring: {
          type: 'object',
          properties: {
            match_target: { type: 'string', description: 'Only targets whose labels this selector takes.' },
            metric: { type: 'string', description: 'Only this one.' },
            limit: { type: 'integer', description: 'Most entries of the answer; below 0 for all.' },
          },
        },
        response: prometheusAnswers('A list of target, metric, type, help and unit.'),
      },
    },
    async (request) => {
      const parameters = parametersOf(request);
      const limit = numberOf(parameters, 'limit') ?? -1;
      const matchers = targetMatchers(parameters.get('match_target') ?? '');
      return success(
        scraper.targetMetadata({
          takes: (labels) => matchers.every(({ name, matches }) => matches(labelValue(labels, name))),
          metric: parameters.get('metric') ?? '',
          limit: limit < 0 ? Number.POSITIVE_INFINITY : limit,
        }),
      );
    },
  );
}

function targetMatchers(selector: string): readonly Matcher[] {
  if (selector === '') return [];
  try {
    return parseSelector(selector);
  } catch (error) {
    throw invalidParameter('match_target', error);
  }
}
