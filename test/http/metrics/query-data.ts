/** Samples for tests of queries, and the ways to ask for them. */
import assert from 'node:assert/strict';
import type { Answer, TestServer } from '../../server/test-server.js';

export const dataStartMs = Date.parse('2026-01-01T00:00:00Z');
export const dataStepMs = 15_000;

export interface PrometheusBody {
  readonly status: string;
  readonly data?: unknown;
  readonly errorType?: string;
  readonly error?: string;
}

/** Loads counters `requests_total{pod,zone}`: so many series with so many samples, one in 15 s, none of them equal. */
export async function loadCounters(
  server: Pick<TestServer, 'post'>,
  series: number,
  samples: number,
  firstPod = 0,
): Promise<void> {
  const timestamps = Array.from({ length: samples }, (_, i) => dataStartMs + i * dataStepMs);
  const lines = Array.from({ length: series }, (_, i) => i + firstPod).map((pod) =>
    JSON.stringify({
      metric: { __name__: 'requests_total', pod: `p${pod}`, zone: `z${pod % 3}` },
      values: timestamps.map((_, i) => ((i * (pod + 7)) % 1000) + i / 3),
      timestamps,
    }),
  );
  const { status, body } = await server.post('/api/v1/import', lines.join('\n'));
  assert.equal(status, 204, JSON.stringify(body));
}

export function pathOf(endpoint: string, parameters: Record<string, string | number>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => [name, String(value)] as [string, string]);
  return `/api/v1/${endpoint}?${new URLSearchParams(pairs)}`;
}

export const askServer = (
  server: TestServer,
  endpoint: string,
  parameters: Record<string, string | number>,
): Promise<Answer<PrometheusBody>> => server.get<PrometheusBody>(pathOf(endpoint, parameters));
