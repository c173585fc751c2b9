import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type Logger } from '../../src/server/cli/log.js';
import { loadConfiguration } from '../../src/server/configuration-loading.js';
import { heavyQueriesOf } from '../../src/server/promql-services.js';
import { rehearseQueries } from '../../src/server/rehearsal.js';

const configuration = loadConfiguration({ flags: { set: ['log.level=silent'] }, environment: {}, workingFolder: '.' });

/** What was warned of. */
function listening(): { logger: Logger; warnings: unknown[] } {
  const warnings: unknown[] = [];
  const logger = Object.assign(createLog(configuration.log), {
    warn: (...told: unknown[]) => void warnings.push(told),
  });
  return { logger, warnings };
}

test('all queries of the rehearsal are answered, on this thread and on one for heavy queries', async () => {
  const heavy = heavyQueriesOf(configuration);
  const { logger, warnings } = listening();
  let heavyRuns = 0;
  const counted = {
    ...heavy,
    run: (query: Parameters<typeof heavy.run>[0]) => heavy.run(query).finally(() => heavyRuns++),
  };
  await rehearseQueries(configuration, counted, new AbortController().signal, logger);
  await heavy.stop();
  assert.deepEqual(warnings, []);
  assert.equal(heavyRuns, 12);
});

test('a stop ends the rehearsal without a word', async () => {
  const heavy = heavyQueriesOf(configuration);
  const { logger, warnings } = listening();
  const stopping = new AbortController();
  const over = rehearseQueries(configuration, heavy, stopping.signal, logger);
  setTimeout(() => {
    stopping.abort();
    void heavy.stop();
  }, 30);
  await over;
  await heavy.stop();
  assert.deepEqual(warnings, []);
});
