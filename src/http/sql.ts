/** POST /api/sql: one read-only statement, its answer streamed in any of the engine's formats. */
import type { FastifyInstance } from 'fastify';
import type { Engine, QueryLimits } from '../storage/engine.js';
import { vetReaderStatement } from '../storage/sandbox.js';
import { failures } from './contract/errors.js';
import { type FreshQuery, freshQuery } from './contract/events.js';
import { type SqlRequest, sqlRequest } from './contract/sql.js';
import { cancelOnDisconnect } from './disconnect.js';
import type { QuerySlots } from './query-slots.js';

export interface SqlServices {
  readonly engine: Engine;
  readonly limits: QueryLimits;
  readonly slots: QuerySlots;
  /** Resolves when every row acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
}

export function registerSql(app: FastifyInstance, { engine, limits, slots, waitUntilStored }: SqlServices): void {
  app.post<{ Body: SqlRequest; Querystring: FreshQuery }>(
    '/api/sql',
    {
      schema: {
        tags: ['SQL'],
        summary: 'Run one read-only statement',
        description:
          'ClickHouse SQL on `predictions`, `labelled_predictions`, `ground_truth`, `metrics` and the tables below them. Values are bound as `{name:Type}`. Statements that write, read files, reach the network, change settings or look at system tables are refused. The statement is cancelled when the client goes away.',
        body: sqlRequest,
        querystring: freshQuery,
        response: { 200: { description: 'The rows, in the format asked for.', type: 'string' }, ...failures },
      },
    },
    async (request, reply) => {
      const { query, params, format = 'JSON' } = request.body;
      const gone = cancelOnDisconnect(request, reply);
      if (request.query.fresh === '1') await waitUntilStored();
      return slots.run(
        gone,
        async () => {
          const values = params === undefined ? {} : { params };
          await vetReaderStatement(engine, query, { ...values, signal: gone });
          const statement = { sql: query, user: 'reader', limits, signal: gone, ...values } as const;
          const { body, contentType } = await engine.stream(statement, format);
          return reply.type(contentType).send(body);
        },
        reply.raw,
      );
    },
  );
}
