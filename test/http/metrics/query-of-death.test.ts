/** The query of death in short; `npm run torture -- query-of-death` sends it for as long as one likes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestServer } from '../../server/test-server.js';
import { type DeathOutcome, sendQueriesOfDeath } from './queries-of-death.js';
import { loadCounters } from './query-data.js';

const [series, samples] = [200, 960];
const seconds = 5;
/** A guess: far above what a server with so little data takes, far below what fifty such queries at once would. */
const memoryGrowthMax = 512 * 2 ** 20;

async function besiege(set: readonly string[]): Promise<DeathOutcome> {
  const server = await startTestServer({ set });
  try {
    await loadCounters(server, series, samples);
    return await sendQueriesOfDeath({ url: server.url, clients: 50, seconds });
  } finally {
    await server.stop();
  }
}

function assertOthersWereServed({ dashboards, writes }: DeathOutcome): void {
  assert.ok(dashboards.answered > 0 && writes.answered > 0);
  assert.deepEqual([dashboards.failures, writes.failures], [[], []]);
}

describe('fifty clients that send the query of death', () => {
  it('are refused before anything is read where it is past a limit; dashboards and writes go on', async () => {
    const before = process.memoryUsage().rss;
    const outcome = await besiege(['query.promql.samples_max=100000']);
    assertOthersWereServed(outcome);
    assert.deepEqual(Object.keys(outcome.statuses), ['422']);
    for (const reason of outcome.reasons) assert.match(reason, /an estimated \d+ of at most 100000 samples/);
    assert.ok(process.memoryUsage().rss - before < memoryGrowthMax);
  });

  it('have their turn one after the other where it is within the limits; the rest are told why not', async () => {
    const before = process.memoryUsage().rss;
    const outcome = await besiege(['query.promql.heavy.work_min=20000', 'query.promql.heavy.threads=1']);
    assertOthersWereServed(outcome);
    assert.deepEqual(Object.keys(outcome.statuses), ['200', '429']);
    for (const reason of outcome.reasons) assert.match(reason, /\(query\.promql\.(client|heavy)\.\w+\)/);
    assert.ok(process.memoryUsage().rss - before < memoryGrowthMax);
  });
});
