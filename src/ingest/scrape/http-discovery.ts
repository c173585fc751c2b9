/** Targets as an HTTP server lists them, in JSON. Source: prometheus/prometheus discovery/http. */
import { messageOf } from '../../base/errors.js';
import { type Discovery, type DiscoveryOptions, discoveryBytesMax } from './discovery.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import { startPoller } from './poller.js';
import type { HttpDiscoveryConfig } from './scrape-config.js';
import { type TargetGroup, targetGroupsOf } from './target-group.js';

export function startHttpDiscovery(config: HttpDiscoveryConfig, options: DiscoveryOptions): Discovery {
  const client = createHttpClient(config.http);
  let last: Buffer | undefined;
  const poller = startPoller({
    intervalMs: config.refreshIntervalMs,
    clock: options.clock,
    run: async (stopping) => {
      try {
        const body = await readList(config, client, stopping, options);
        const isKnown = last !== undefined && body.equals(last);
        if (!isKnown) options.onGroups(groupsOf(body, config.url));
        last = body;
        options.onRead(true);
      } catch (error) {
        if (stopping.aborted) return;
        options.onRead(false);
        options.onProblem(`targets at ${config.url}: ${messageOf(error)}`);
      }
    },
  });
  return {
    async stop() {
      await poller.stop();
      await client.close();
    },
  };
}

/** A server that does not answer within the interval is given up, as in Prometheus. */
async function readList(
  { url, refreshIntervalMs }: HttpDiscoveryConfig,
  client: HttpClient,
  stopping: AbortSignal,
  { clock }: DiscoveryOptions,
): Promise<Buffer> {
  const timeout = new AbortController();
  const callOff = clock.after(refreshIntervalMs, () =>
    timeout.abort(new Error(`there was no answer within ${refreshIntervalMs / 1000} s`)),
  );
  const headers = {
    accept: 'application/json',
    'x-prometheus-refresh-interval-seconds': String(refreshIntervalMs / 1000),
  };
  try {
    const signal = AbortSignal.any([timeout.signal, stopping]);
    const { contentType, body } = await client.get({ url, headers, bodyBytesMax: discoveryBytesMax, signal });
    if (/^application\/json\s*(;\s*charset="?utf-8"?)?$/i.test(contentType?.trim() ?? '')) return body;
    throw new Error(`got the content type ${contentType ?? 'none'}, wanted application/json`);
  } finally {
    callOff();
  }
}

function groupsOf(body: Buffer, url: string): readonly TargetGroup[] {
  const groups = targetGroupsOf(JSON.parse(body.toString('utf8')));
  if (typeof groups === 'string') throw new Error(groups);
  return groups.map(({ targets, labels }) => ({ targets, labels: { ...labels, __meta_url: url } }));
}
