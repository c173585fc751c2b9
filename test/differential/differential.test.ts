/** A short run of `npm run differential`, where the machine has a Prometheus. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProgram } from '../http/metrics/find-program.js';
import { startTestServer } from '../server/test-server.js';
import { differenceOf, type QueryAnswer } from './compare-answers.js';
import { compareQueries, loadMetrics } from './differential-run.js';
import { startJudge } from './prometheus-process.js';

const prometheus = findProgram('prometheus');

describe('Prometheus', { skip: prometheus.skip }, () => {
  it('answers 200 random queries over random series as Barograph does, point by point', async () => {
    const [judge, server] = await Promise.all([
      startJudge(prometheus.path),
      startTestServer({ set: ['metrics.accept.behind=off'] }),
    ]);
    try {
      const servers = { ours: server.url, theirs: judge.url, isVersion3: judge.isVersion3, hasRestarted: false };
      const { answered, differences } = await compareQueries(servers, await loadMetrics(servers, 1), 200, () => {});
      assert.deepEqual(differences, []);
      assert.ok(answered > 100, 'most queries have a result');
    } finally {
      await Promise.all([judge.stop(), server.stop()]);
    }
  });
});

const matrix = (metric: Record<string, string>, ...values: [number, string][]): QueryAnswer => ({
  status: 'success',
  data: { resultType: 'matrix', result: [{ metric, values }] },
});

describe('two answers', () => {
  const one = matrix({ a: 'b' }, [1, '1'], [2, 'NaN']);
  for (const [name, other, difference] of [
    ['with values that are equal but for rounding', matrix({ a: 'b' }, [1, '1.0000000000001'], [2, 'NaN']), undefined],
    ['with another value', matrix({ a: 'b' }, [1, '1.1'], [2, 'NaN']), '[["a","b"]] at 1 is 1, not 1.1'],
    ['with a number for NaN', matrix({ a: 'b' }, [1, '1'], [2, '0']), '[["a","b"]] at 2 is NaN, not 0'],
    ['with infinities of two signs', matrix({ a: 'b' }, [1, '1'], [2, '+Inf']), '[["a","b"]] at 2 is NaN, not +Inf'],
    ['with a point less', matrix({ a: 'b' }, [1, '1']), '[["a","b"]] has a value at 2 and should not'],
    ['of other series', matrix({ a: 'c' }, [1, '1']), '[["a","c"]] is missing'],
  ] as const)
    it(`${name} ${difference === undefined ? 'do not differ' : 'differ'}`, () => {
      assert.equal(differenceOf(one, other, true), difference);
    });
});
