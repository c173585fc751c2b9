/** PromQL over HTTP, put together from the configuration. */
import { availableParallelism, totalmem } from 'node:os';
import { createBoundedQueue } from '../http/bounded-queue.js';
import { createHeavyQueries, type HeavyQueries } from '../http/metrics/heavy-queries.js';
import { createQueryClients } from '../http/metrics/query-clients.js';
import type { QueryServices } from '../http/metrics/query-run.js';
import { createRecentRefusals } from '../http/metrics/recent-refusals.js';
import { createQuerySlots } from '../http/query-slots.js';
import type { OpenSource } from '../promql/leaves/stored-source.js';
import type { ResultCache } from '../promql/result-cache/result-cache.js';
import type { Configuration } from './configuration.js';

const threadsMaxDefault = 8;
const mebibyte = 2 ** 20;
/** Counts of rows at a time. Each takes a core of the engine for some milliseconds and more. A guess. */
const countingMax = 2;

/** The threads of heavy queries. None runs before one is needed. */
export function heavyQueriesOf({ query: { promql } }: Configuration): HeavyQueries {
  const { heavy } = promql;
  return createHeavyQueries({
    workMin: heavy.workMin,
    threads: heavy.threads ?? Math.min(threadsMaxDefault, Math.max(1, availableParallelism() - 1)),
    heapBytesMax: heavy.memoryBytesMax ?? Math.max(256 * mebibyte, Math.floor(totalmem() / 8)),
    waitingMax: heavy.waitingMax,
    waitMsMax: heavy.waitMaxMs,
  });
}

export function promqlServices(
  { query: { promql } }: Configuration,
  openSource: OpenSource,
  resultCache: ResultCache,
  heavyQueries: HeavyQueries,
): QueryServices {
  const { heavy, client } = promql;
  return {
    openSource,
    resultCache,
    slots: createQuerySlots(promql.concurrentMax, 'query.promql.concurrent_max'),
    heavy: heavyQueries,
    clients: createQueryClients({
      concurrentMax: client.concurrentMax,
      heavyMax: client.heavyMax,
      header: client.header,
    }),
    refusals: createRecentRefusals(),
    counting: createBoundedQueue({
      insideMax: countingMax,
      waitingMax: heavy.waitingMax,
      waitMsMax: heavy.waitMaxMs,
      what: 'counts of samples for estimates',
      waitingKey: 'query.promql.heavy.waiting_max',
      waitKey: 'query.promql.heavy.wait_max',
    }),
    limits: {
      timeMsMax: promql.timeMaxMs,
      samplesMax: promql.samplesMax,
      seriesMax: promql.seriesMax,
      pointsMax: promql.pointsMax,
      answerBytesMax: promql.answerBytesMax,
      lookbackMs: promql.lookbackMs,
    },
  };
}
