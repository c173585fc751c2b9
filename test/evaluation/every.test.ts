import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../src/base/errors.js';
import { bucketOf, bucketRange, bucketSql, everyText, parseEvery, timeSlices } from '../../src/evaluation/every.js';
import { startTestEngine, type TestEngine } from '../storage/test-engine.js';

const known = [
  '1m',
  '7m',
  '15m',
  '1h',
  '6h',
  '1d',
  '10d',
  '366d',
  '1w',
  '2w',
  '52w',
  '1mo',
  '3mo',
  '5mo',
  '12mo',
  '1y',
];
const lastMs = Date.UTC(2299, 11, 31, 23, 59, 59, 999);
const anyTimeMs = fc.integer({ min: 0, max: lastMs });
const anyEvery = fc.constantFrom(...known, 'all').map(parseEvery);

describe('parsing', () => {
  for (const text of [...known, 'all'])
    test(`${text} is understood`, () => assert.equal(everyText(parseEvery(text)), text));
  for (const text of [
    '',
    '0d',
    '-1d',
    '1',
    'd',
    '1.5h',
    '1 d',
    '2y',
    '13mo',
    '53w',
    '367d',
    '01d',
    '1D',
    '1s',
    '9999999m',
  ])
    test(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(
        () => parseEvery(text),
        (error) => isBarographError(error, 'bad_request'),
      ));
});

describe('buckets', () => {
  const range = { fromMs: 0, toMs: lastMs + 1 };

  test('every time lies in its bucket, and the next bucket begins where one ends', () => {
    fc.assert(
      fc.property(anyEvery, anyTimeMs, (every, timeMs) => {
        const bucket = bucketOf(every, timeMs);
        const { fromMs, toMs } = bucketRange(every, bucket, range);
        assert.ok(fromMs <= timeMs && timeMs < toMs);
        if (every.kind !== 'all') assert.equal(bucketRange(every, bucket + 1, range).fromMs, toMs);
      }),
    );
  });

  test('weeks begin on Monday, months on their first, all at midnight UTC', () => {
    const begin = (text: string, timeMs: number): string => {
      const every = parseEvery(text);
      return new Date(bucketRange(every, bucketOf(every, timeMs), range).fromMs).toISOString();
    };
    const sundayMs = Date.UTC(2024, 1, 18, 13, 14, 15, 16);
    assert.equal(begin('1w', sundayMs), '2024-02-12T00:00:00.000Z');
    assert.equal(begin('1mo', sundayMs), '2024-02-01T00:00:00.000Z');
    assert.equal(begin('3mo', sundayMs), '2024-01-01T00:00:00.000Z');
    assert.equal(begin('1y', sundayMs), '2024-01-01T00:00:00.000Z');
    assert.equal(begin('1d', sundayMs), '2024-02-18T00:00:00.000Z');
    assert.equal(begin('15m', sundayMs), '2024-02-18T13:00:00.000Z');
  });
});

test('slices cover the range without overlap and never cut a bucket', () => {
  fc.assert(
    fc.property(anyEvery, anyTimeMs, fc.integer({ min: 1, max: 3 * 366 * 86_400_000 }), (every, fromMs, lengthMs) => {
      const range = { fromMs, toMs: fromMs + lengthMs };
      const slices = timeSlices(every, range);
      assert.equal(slices[0]!.fromMs, range.fromMs);
      assert.equal(slices.at(-1)!.toMs, range.toMs);
      for (const [i, { fromMs: sliceFromMs }] of slices.entries()) {
        if (i === 0) continue;
        assert.equal(sliceFromMs, slices[i - 1]!.toMs);
        assert.equal(bucketRange(every, bucketOf(every, sliceFromMs), range).fromMs, sliceFromMs);
      }
    }),
  );
});

describe('in the engine', () => {
  let testEngine: TestEngine;
  before(async () => {
    testEngine = await startTestEngine();
  });
  after(() => testEngine.stop());

  test('every bucket has the number that is computed here', async () => {
    const times = fc.sample(anyTimeMs, { numRuns: 200, seed: 5 });
    for (const text of known) {
      const every = parseEvery(text);
      const { sql, params } = bucketSql(every);
      const rows = await testEngine.engine.query<{ bucket: string }>({
        sql: `SELECT ${sql} AS bucket
FROM (SELECT fromUnixTimestamp64Milli(arrayJoin({times:Array(Int64)}), 'UTC') AS ts)`,
        params: { ...params, times },
      });
      assert.deepEqual(
        rows.map(({ bucket }) => Number(bucket)),
        times.map((timeMs) => bucketOf(every, timeMs)),
        text,
      );
    }
  });
});
