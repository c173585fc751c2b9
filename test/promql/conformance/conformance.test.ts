import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { knownDifferences } from './known-differences.js';
import { createMemorySource } from './memory-source.js';
import { problemOf } from './run-eval.js';
import { readScript } from './script.js';

// Beside the project's folder, not in it. The compiled test lies under dist.
const folder = fileURLToPath(new URL('../../../../../shared/promqltest/', import.meta.url));
const skip = existsSync(folder) ? false : 'the scripts are not beside the project, in ../shared/promqltest';
const files = skip === false ? readdirSync(folder).filter((file) => file.endsWith('.test')) : [];

/** Evals in all scripts together, so that none is lost unseen. */
const evalCount = 2_214;

describe("Prometheus' own PromQL scripts", { skip }, () => {
  let evals = 0;
  for (const file of files) {
    it(`${file} gives what Prometheus gives, but for the differences that are known`, async () => {
      const source = createMemorySource();
      const problems: string[] = [];
      for (const command of readScript(readFileSync(folder + file, 'utf8'))) {
        if (command.kind === 'clear') source.clear();
        else if (command.kind === 'load') source.load(command);
        else {
          evals++;
          const place = `${file}:${command.line}`;
          const problem = await problemOf(command, source);
          const reason = knownDifferences[place];
          if (problem !== undefined && reason === undefined) problems.push(`${place} ${command.query}\n    ${problem}`);
          if (problem === undefined && reason !== undefined) problems.push(`${place} passes, but is listed: ${reason}`);
        }
      }
      assert.equal(problems.length, 0, problems.join('\n'));
    });
  }

  it('are all there', () => {
    assert.equal(evals, evalCount);
  });
});
