import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import { knownDifferences } from './known-differences.js';
import { createMemorySource, type MemorySource } from './memory-source.js';
import { type PipelineStore, startPipelineStore } from './pipeline-store.js';
import { problemOf } from './run-eval.js';
import { readScript } from './script.js';

// Beside the project's folder, not in it. The compiled test lies under dist.
const folder = fileURLToPath(new URL('../../../../../shared/promqltest/', import.meta.url));
const skip = existsSync(folder) ? false : 'the scripts are not beside the project, in ../shared/promqltest';
const files = skip === false ? readdirSync(folder).filter((file) => file.endsWith('.test')) : [];

/** Evals that read start times of counters, which are not stored. */
const leftOutCount = 26;

/** Tells whether a query reads what the store does not take. */
function watched(source: MemorySource): { source: SampleSource; readsMore: boolean } {
  const self = {
    readsMore: false,
    source: {
      select: async (...args: Parameters<SampleSource['select']>) => {
        const selected = await source.select(...args);
        self.readsMore ||= selected.some(
          ({ floats, histograms }) => floats.startTimesMs !== undefined || histograms?.startTimesMs !== undefined,
        );
        return selected;
      },
    },
  };
  return self;
}

describe("Prometheus' own PromQL scripts, on the real store", { skip }, () => {
  let store: PipelineStore;
  let leftOut = 0;
  before(async () => {
    store = await startPipelineStore();
  });
  after(() => store.stop());

  for (const file of files) {
    it(`${file} gives what Prometheus gives`, async () => {
      const memory = createMemorySource();
      await store.clear();
      const problems: string[] = [];
      let loads = 0;
      let readsPast = false;
      for (const command of readScript(readFileSync(folder + file, 'utf8'))) {
        if (command.kind === 'clear') {
          memory.clear();
          await store.clear();
        } else if (command.kind === 'load') {
          memory.load(command);
          await store.load(command);
          // Of some loads the first eval reads past memory; then their hours are loaded.
          readsPast = loads++ % 8 === 0;
        } else {
          const place = `${file}:${command.line}`;
          const watch = watched(memory);
          await problemOf(command, watch.source, 'as written');
          if (watch.readsMore) leftOut++;
          else {
            // Other times are asked for where the scripts run in memory: here it is reading that is tried.
            const problem = await problemOf(command, readsPast ? store.past : store.loading, 'as written');
            readsPast = false;
            if (problem !== undefined && knownDifferences[place] === undefined)
              problems.push(`${place} ${command.query}\n    ${problem}`);
          }
        }
      }
      assert.equal(problems.length, 0, problems.join('\n'));
    });
  }

  it('are all there but for those that read what is not stored', () => {
    assert.equal(leftOut, leftOutCount);
  });
});
