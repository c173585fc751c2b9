import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemorySource } from './memory-source.js';
import { problemOf } from './run-eval.js';
import { readScript } from './script.js';

const data = `
load 5m
  m{a="x"} 1 2 3
  m{a="y"} 2 4 _ 8
  h {{schema:0 count:3 sum:4 buckets:[1 2]}}x2
`;

async function problems(script: string): Promise<(string | undefined)[]> {
  const source = createMemorySource();
  const found: (string | undefined)[] = [];
  for (const command of readScript(`${data}\n${script}`)) {
    if (command.kind === 'load') source.load(command);
    if (command.kind === 'eval') found.push(await problemOf(command, source));
  }
  return found;
}

// The runner judges the evaluator: what it must not let through.
describe('the scripts’ runner', () => {
  for (const [what, script] of [
    ['another value', 'eval instant at 5m m{a="x"}\n  m{a="x"} 2.1'],
    ['a missing series', 'eval instant at 5m m{a="x"}\n  m{a="x"} 2\n  m{a="z"} 2'],
    ['a series too many', 'eval instant at 5m m\n  m{a="x"} 2'],
    ['other labels', 'eval instant at 5m m{a="x"}\n  {a="x"} 2'],
    ['another order', 'eval instant at 5m sort(m)\n  expect ordered\n  m{a="y"} 4\n  m{a="x"} 2'],
    ['a point too many', 'eval range from 0 to 10m step 5m m{a="x"}\n  m{a="x"} 1 2'],
    ['another time', 'eval range from 0 to 10m step 5m m{a="x"}\n  m{a="x"} 1 _ 2 3'],
    ['another bucket', 'eval instant at 0 h\n  h {{schema:0 count:3 sum:4 buckets:[2 1]}}'],
    ['another scalar', 'eval instant at 0 1 + 1\n  3'],
    ['another string', 'eval instant at 0 "a"\n  expect string "b"'],
    ['success instead of failure', 'eval instant at 0 m\n  expect fail'],
    ['failure instead of success', 'eval instant at 0 m + on () m\n  {} 1'],
    ['another message', 'eval instant at 0 m + on () m\n  expect fail msg: no'],
    ['no warning', 'eval instant at 0 m{a="x"}\n  expect warn\n  m{a="x"} 1'],
    ['a warning that was not wanted', 'eval instant at 0 quantile(2, m)\n  expect no_warn\n  {} +Inf'],
    ['another warning', 'eval instant at 0 quantile(2, m)\n  expect warn msg: no\n  {} +Inf'],
  ] as const)
    it(`reports ${what}`, async () => {
      assert.deepEqual(
        (await problems(script)).map((problem) => typeof problem),
        ['string'],
      );
    });

  it('reports nothing where all is as expected', async () => {
    assert.deepEqual(
      await problems('eval range from 0 to 15m step 5m m\n  m{a="x"} 1 2 3 _\n  m{a="y"} 2 4 _ 8'),
      // The look-back reaches as far as the distance of the samples, and is open.
      [undefined],
    );
  });
});
