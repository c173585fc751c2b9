import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTime, timeMsMax, timeOfBytes, timeOfEpoch } from '../../src/model/time.js';

const iso = (timeMs: number | undefined): string | undefined =>
  timeMs === undefined ? undefined : new Date(timeMs).toISOString();

test('RFC 3339 texts are read', () => {
  for (const [text, expected] of [
    ['2026-01-31T12:34:56Z', '2026-01-31T12:34:56.000Z'],
    ['2026-01-31t12:34:56z', '2026-01-31T12:34:56.000Z'],
    ['2026-01-31 12:34:56Z', '2026-01-31T12:34:56.000Z'],
    ['2026-01-31T12:34:56.7Z', '2026-01-31T12:34:56.700Z'],
    ['2026-01-31T12:34:56.789Z', '2026-01-31T12:34:56.789Z'],
    ['2026-01-31T12:34:56.7899999999999999999999Z', '2026-01-31T12:34:56.789Z'],
    ['2026-01-31T12:34:56.0009Z', '2026-01-31T12:34:56.000Z'],
    ['2026-01-31T12:34:56+02:00', '2026-01-31T10:34:56.000Z'],
    ['2026-01-31T12:34:56-05:30', '2026-01-31T18:04:56.000Z'],
    ['2026-01-31T12:34:56-00:00', '2026-01-31T12:34:56.000Z'],
    ['2026-01-31T23:30:00.25-01:00', '2026-02-01T00:30:00.250Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ] as const)
    assert.equal(iso(parseTime(text)), expected, text);
});

test('a leap second is the second after it, where UTC can have one', () => {
  assert.equal(iso(parseTime('2016-12-31T23:59:60Z')), '2017-01-01T00:00:00.000Z');
  assert.equal(iso(parseTime('2016-12-31T23:59:60.5Z')), '2017-01-01T00:00:00.500Z');
  assert.equal(iso(parseTime('1990-12-31T15:59:60-08:00')), '1991-01-01T00:00:00.000Z');
  assert.equal(parseTime('2016-12-31T23:58:60Z'), undefined);
  assert.equal(parseTime('2016-12-31T12:59:60Z'), undefined);
});

test('texts that are no time are refused', () => {
  for (const text of [
    '',
    'now',
    'yesterday at noon, UTC',
    '2026-01-31',
    '2026-01-31T12:34:56',
    '2026-01-31T12:34Z',
    '2026-01-31T12:34:56+0200',
    '2026-01-31T12:34:56+02',
    '2026-01-31T12:34:56+24:00',
    '2026-01-31T12:34:56+02:60',
    '2026-01-31T12:34:56.Z',
    '2026-01-31T12:34:56,5Z',
    '2026-01-31T12:34:56Zx',
    '2026-01-31T12:34:56.5',
    '2026-01-31_12:34:56Z',
    '2026/01/31T12:34:56Z',
    '2026-1-31T12:34:56Z00',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:61Z',
    '2026-01-31T1x:00:00Z',
    '+026-01-31T12:34:56Z',
    '20x6-01-31T12:34:56Z',
    '1e9',
    '0x10',
    '1.',
    '.5',
    ' 5',
    'NaN',
    'Infinity',
  ])
    assert.equal(parseTime(text), undefined, text);
});

test("a number's size tells its unit", () => {
  for (const [value, expected] of [
    [0, '1970-01-01T00:00:00.000Z'],
    [1_700_000_000, '2023-11-14T22:13:20.000Z'],
    [1_700_000_000.123, '2023-11-14T22:13:20.123Z'],
    [1_700_000_000.9999, '2023-11-14T22:13:20.999Z'],
    [1_700_000_000_123, '2023-11-14T22:13:20.123Z'],
    [1_700_000_000_123.9, '2023-11-14T22:13:20.123Z'],
    [1_700_000_000_123_456, '2023-11-14T22:13:20.123Z'],
    [1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123Z'],
    [99_999_999_999, '5138-11-16T09:46:39.000Z'],
    [100_000_000_000, '1973-03-03T09:46:40.000Z'],
    [100_000_000_000_000, '1973-03-03T09:46:40.000Z'],
    [100_000_000_000_000_000n, '1973-03-03T09:46:40.000Z'],
    [-1, '1969-12-31T23:59:59.000Z'],
  ] as const)
    assert.equal(iso(timeOfEpoch(Number(value))), expected, String(value));
});

test('numbers since the epoch are read from text as well', () => {
  assert.equal(parseTime('1700000000'), 1_700_000_000_000);
  assert.equal(parseTime('1700000000.5'), 1_700_000_000_500);
  assert.equal(parseTime('1700000000500'), 1_700_000_000_500);
  assert.equal(parseTime('-5'), -5000);
});

test('every millisecond survives as seconds with three decimals and as nanoseconds', () => {
  const time = fc.integer({ min: 200_000_000_000, max: timeMsMax });
  fc.assert(
    fc.property(time, (timeMs) => {
      assert.equal(timeOfEpoch(Number((timeMs / 1000).toFixed(3))), timeMs);
      assert.equal(timeOfEpoch(timeMs), timeMs);
    }),
  );
  const until2262 = fc.integer({ min: 200_000_000_000, max: 9_223_372_036_854 });
  fc.assert(fc.property(until2262, (timeMs) => timeOfEpoch(Number(`${timeMs}000000`)) === timeMs));
});

test('texts that Date writes, at any offset, are read as Date reads them', () => {
  const dates = fc.date({
    min: new Date('0001-01-03T00:00:00Z'),
    max: new Date('9999-12-29T00:00:00Z'),
    noInvalidDate: true,
  });
  const offsets = fc.integer({ min: -1439, max: 1439 });
  fc.assert(
    fc.property(dates, offsets, (date, offsetMin) => {
      const two = (value: number): string => String(value).padStart(2, '0');
      const size = Math.abs(offsetMin);
      const offset = `${offsetMin < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
      const text = new Date(date.getTime() + offsetMin * 60_000).toISOString().replace('Z', offset);
      assert.equal(parseTime(text), Date.parse(text));
      assert.equal(parseTime(text), date.getTime());
    }),
    { numRuns: 1000 },
  );
});

test('no change of a character makes a text mean another time than Date reads', () => {
  const text = fc
    .date({ min: new Date(0), max: new Date('2299-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString());
  const change = fc.record({ at: fc.nat(23), by: fc.constantFrom(...'0123456789-:TZ .+x') });
  fc.assert(
    fc.property(text, change, (original, { at, by }) => {
      const changed = original.slice(0, at) + by + original.slice(at + 1);
      const ours = parseTime(changed);
      // Date also takes hour 24 and years such as +02026, and rolls no other part over.
      if (ours !== undefined && !changed.includes(':60.')) assert.equal(ours, Date.parse(changed), changed);
    }),
    { numRuns: 1000 },
  );
});

test('bytes around the text are not looked at', () => {
  const bytes = Buffer.from('9992026-01-31T12:34:56Z999');
  assert.equal(iso(timeOfBytes(bytes, 3, 23)), '2026-01-31T12:34:56.000Z');
  assert.ok(Number.isNaN(timeOfBytes(bytes, 3, 22)));
  assert.ok(Number.isNaN(timeOfBytes(bytes, 3, 24)));
  assert.ok(Number.isNaN(timeOfBytes(bytes.subarray(0, 10), 3, 10)));
});
