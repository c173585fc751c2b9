/**
 * PUT, POST and DELETE /metrics/job/…: the protocol of the Prometheus Pushgateway, with its query and admin paths. What is pushed goes on being
 * written until it is replaced or deleted.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodePush } from '../../ingest/push/decode-push.js';
import type { Push } from '../../ingest/push/group-changes.js';
import { groupsAnswer } from '../../ingest/push/groups-answer.js';
import type { Labels } from '../../model/labels.js';
import { parseGroupingPath } from '../../protocols/exposition/pushgateway-path.js';
import { unframedSnappy } from '../../protocols/snappy-frames.js';
import { failures } from '../contract/errors.js';
import { wholeBody } from '../whole-body.js';
import { type MetricServices, plainBodyOrNone, sourceOf } from './metric-services.js';

/** What lies in front of the grouping key. */
const prefix = '/metrics/';
const jobPaths = ['job', 'job@base64'] as const;

export function registerPush(app: FastifyInstance, services: MetricServices): void {
  for (const job of jobPaths) {
    registerPushMethod(app, services, 'PUT', job);
    registerPushMethod(app, services, 'POST', job);
    registerDelete(app, services, job);
  }
  registerGroups(app, services);
  registerWipe(app, services);
}

const pathParameter = {
  type: 'object',
  properties: {
    '*': {
      type: 'string',
      description:
        'The job, then any number of `/<label>/<value>`. Behind `job@base64` in the place of `job`, or `<label>@base64`, the value is base64 with the URL-safe alphabet; `=` is an empty one. A label’s name may be escaped as `U__…`, and then be any UTF-8.',
    },
  },
};

const answers = {
  400: {
    description:
      'The push was refused as a whole, or series that cannot be taken were left out and the rest is on disk.',
    anyOf: [{ $ref: 'Intake#' }, { $ref: 'Error#' }],
  },
  ...failures,
};

/** Methods, with what of the group they replace. */
const methods = {
  PUT: { replaces: 'group', summary: 'Push metrics in the place of a group', what: 'all metrics of the group' },
  POST: {
    replaces: 'names',
    summary: 'Push metrics into a group',
    what: 'those metrics of the group that have the same names',
  },
} as const satisfies Record<string, { replaces: Push['replaces']; summary: string; what: string }>;

function registerPushMethod(
  app: FastifyInstance,
  services: MetricServices,
  method: keyof typeof methods,
  job: (typeof jobPaths)[number],
): void {
  const { pushGroups, refusal } = services;
  const { replaces, summary, what } = methods[method];
  app.route({
    method,
    url: `${prefix}${job}/*`,
    schema: {
      hide: job !== 'job',
      tags: ['Metrics'],
      summary,
      description: `As the Prometheus Pushgateway: what is pushed takes the place of ${what}, and goes on being written until it is replaced or deleted. The text format, OpenMetrics, or delimited protobuf by its content type; gzip, zstd and framed snappy allowed. Samples have no times.`,
      params: pathParameter,
      consumes: ['text/plain', 'application/openmetrics-text', 'application/vnd.google.protobuf'],
      response: { 200: { description: 'What was pushed is on disk.', type: 'null' }, ...answers },
    },
    async handler(request, reply) {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      const labels = groupingLabels(request);
      const body = await pushedBody(request, services);
      const contentType = request.headers['content-type'];
      const { accepted, rejected, errors } = await pushGroups.push({
        labels,
        replaces,
        sender: sourceOf(request, 'push').name,
        bytes: body.length,
        decode: () => decodePush({ body, contentType, labels, nowMs: Date.now() }),
      });
      if (rejected === 0) return sendNothing(reply, 200);
      return reply.code(400).send({ accepted, rejected, errors });
    },
  });
}

function registerDelete(
  app: FastifyInstance,
  { pushGroups, refusal }: MetricServices,
  job: (typeof jobPaths)[number],
): void {
  app.delete(
    `${prefix}${job}/*`,
    {
      schema: {
        hide: job !== 'job',
        tags: ['Metrics'],
        summary: 'Delete a group of pushed metrics',
        description:
          'Ends the series of the group now; what was written of them before stays. There need not be a group.',
        params: pathParameter,
        response: { 202: { description: 'The group is gone.', type: 'null' }, ...failures },
      },
    },
    async (request, reply) => {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      await pushGroups.delete(groupingLabels(request));
      return sendNothing(reply, 202);
    },
  );
}

function registerGroups(app: FastifyInstance, { pushGroups }: MetricServices): void {
  app.get(
    '/api/v1/metrics',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Groups of pushed metrics',
        description: 'Each group with its labels, its last values and when they were pushed.',
        response: { 200: { description: 'As the Pushgateway answers.' }, ...failures },
      },
    },
    async () => ({ status: 'success', data: groupsAnswer(pushGroups.groups) }),
  );
}

function registerWipe(app: FastifyInstance, { pushGroups, refusal }: MetricServices): void {
  app.put(
    '/api/v1/admin/wipe',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Delete all groups of pushed metrics',
        response: { 202: { description: 'The groups are gone.', type: 'null' }, ...failures },
      },
    },
    async (_request, reply) => {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      await pushGroups.deleteAll();
      return sendNothing(reply, 202);
    },
  );
}

/** Snappy is framed here, as for a Pushgateway. */
async function pushedBody(request: FastifyRequest, { kernel, limits }: MetricServices): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  if (encoding !== 'snappy') return plainBodyOrNone(request, limits);
  return unframedSnappy(kernel, await wholeBody(request.raw, limits.encodedBytesMax), limits.decodedBytesMax);
}

/** The path as it was sent: what the router gives is decoded already. */
const groupingLabels = ({ raw }: FastifyRequest): Labels =>
  parseGroupingPath((raw.url ?? '').split('?', 1)[0]!.slice(prefix.length));

const sendNothing = (reply: FastifyReply, status: number): FastifyReply => reply.code(status).send();
