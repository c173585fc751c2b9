import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makePlan } from '../../../src/promql/evaluate/make-plan.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';

interface AskedCase {
  readonly query: string;
  readonly startMs: number;
  /** 0 for an instant query. */
  readonly endMs: number;
  readonly hints: readonly {
    readonly fromMs: number;
    readonly toMs: number;
    readonly rangeMs: number;
    readonly functionName: string | null;
  }[];
}

const fixture = new URL('../../../../test/promql/evaluate/fixtures/select-hints.json', import.meta.url);
const cases = JSON.parse(readFileSync(fixture, 'utf8')) as AskedCase[];
const caseCount = 50;

// Of equal selectors Prometheus reads each, and we one.
const distinct = (asked: AskedCase['hints']): string[] =>
  [...new Set(asked.map((each) => JSON.stringify(each)))].sort();

describe('a plan asks for the samples that Prometheus asks for', () => {
  for (const { query, startMs, endMs, hints } of cases)
    it(`of ${query} from ${startMs} to ${endMs}`, () => {
      const range = endMs === 0 ? { startMs, endMs: startMs, stepMs: 0 } : { startMs, endMs, stepMs: 1_000 };
      const { selections } = makePlan(parseQuery(query), range, { lookbackMs: 5_000, subqueryStepMs: 60_000 });
      const asked = selections.map(({ fromMs, toMs, hints: { rangeMs, functionName } }) => ({
        fromMs,
        toMs,
        rangeMs,
        functionName: functionName ?? null,
      }));
      assert.deepEqual(distinct(asked), distinct(hints));
    });

  it('in all of its cases', () => {
    assert.equal(cases.length, caseCount);
  });
});
