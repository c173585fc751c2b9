import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mondayOf, rowsByWeek } from '../../../src/ingest/events/weeks.js';

const day = (text: string): number => Date.parse(text) / 86_400_000;

for (const [time, monday] of [
  ['1970-01-01T00:00:00Z', '1969-12-29'],
  ['1970-01-05T00:00:00Z', '1970-01-05'],
  ['2026-11-22T23:59:59.999Z', '2026-11-16'],
  ['2026-11-23T00:00:00Z', '2026-11-23'],
  ['2024-02-29T12:00:00Z', '2024-02-26'],
] as const)
  test(`the week of ${time} begins on ${monday}`, () =>
    assert.equal(mondayOf(Date.parse(time)), day(`${monday}T00:00:00Z`)));

test('rows are grouped by week, weeks and rows in order', () => {
  const times = ['2026-03-09', '2026-03-01', '2026-03-10', '2026-03-02'].map((text) => Date.parse(`${text}T00:00:00Z`));
  const groups = [...rowsByWeek(Float64Array.from(times)).values()].map((rows) => [...rows]);
  assert.deepEqual(groups, [[1], [3], [0, 2]]);
});
