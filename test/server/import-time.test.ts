import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { rfc3339, timeFormatOf } from '../../src/server/cli/import-time.js';

const noon = Date.UTC(2015, 0, 2, 12);

describe('times are read', () => {
  const cases: [format: string, value: unknown, timeMs: number | undefined][] = [
    ['auto', '2015-01-02T12:00:00Z', noon],
    ['auto', '2015-01-02T14:00:00+02:00', noon],
    ['auto', '2015-01-02 12:00:00', noon],
    ['auto', '2015-01-02 12:00', noon],
    ['auto', '2015-01-02T12:00:00.25', noon + 250],
    ['auto', '2015-01-02 12:00:00+00', noon],
    ['auto', '2015-01-02 10:30:00-0130', noon],
    ['auto', '2015-01-02 12:00:00 UTC', noon],
    ['auto', '2015-01-02', noon - 12 * 3_600_000],
    ['auto', '2015-02-30', undefined],
    ['auto', '2015-01-02 25:00', undefined],
    ['auto', '02.01.2015', undefined],
    ['auto', '', undefined],
    ['auto', true, undefined],
    ['auto', noon / 1000, noon],
    ['auto', noon, noon],
    ['auto', String(noon), noon],
    ['auto', BigInt(noon) * 1_000_000n + 999_999n, noon],
    ['auto', Number.NaN, undefined],
    ['s', '1420200000', noon],
    ['s', 1_420_200_000.5, noon + 500],
    // By its size alone this would be seconds.
    ['ms', 86_400_000, 86_400_000],
    ['us', BigInt(noon) * 1000n + 7n, noon],
    ['ns', BigInt(noon) * 1_000_000n + 999_999n, noon],
    ['s', '2015-01-02', undefined],
    ['%d/%m/%Y', '02/01/2015', noon - 12 * 3_600_000],
    ['%d/%m/%Y', '31/04/2015', undefined],
    ['%d/%m/%Y', '02-01-2015', undefined],
    ['%d.%m.%y %H:%M', '2.1.15 12:00', noon],
    ['%y%m%d', '690101', Date.UTC(1969, 0, 1)],
    ['%b %d, %Y %I:%M %p', 'Jan 2, 2015 12:00 PM', noon],
    ['%b %d, %Y %I:%M %p', 'Jan 2, 2015 12:00 AM', noon - 12 * 3_600_000],
    ['%B %d %Y', 'January 02 2015', noon - 12 * 3_600_000],
    ['%Y%m%d%H%M%S%f', '20150102120000123456', noon + 123],
    ['%Y-%m-%d %H:%M:%S %z', '2015-01-02 07:00:00 -0500', noon],
    ['%Y-%m-%d %H:%M:%S%z', '2015-01-02 12:00:00Z', noon],
    ['%Y-%m-%d %H:%M', '2015-01-02 24:00', undefined],
    ['100%% %Y-%m-%d', '100% 2015-01-02', noon - 12 * 3_600_000],
  ];
  for (const [format, value, timeMs] of cases) {
    const shown = timeMs === undefined ? 'no time' : new Date(timeMs).toISOString();
    test(`as ${format}, ${typeof value} ${value} is ${shown}`, () => {
      assert.equal(timeFormatOf(format).timeMs(value), timeMs);
    });
  }

  test('every millisecond of the years 1 to 9999 comes back from a pattern that holds all of it', () => {
    const { timeMs } = timeFormatOf('%Y-%m-%dT%H:%M:%S.%f%z');
    const times = fc.integer({ min: Date.UTC(1, 0) - 1.9e11, max: Date.UTC(9999, 11, 31) });
    fc.assert(fc.property(times, (time) => timeMs(rfc3339(time)) === time));
  });
});

test('a format that is none is refused with what may stand in one', () => {
  for (const format of ['', 'iso', '%Y', '%H:%M', '%Y-%m-%d %Q', '%Y-%m-%d %', '%Y-%Y-%d']) {
    assert.throws(() => timeFormatOf(format), { code: 'bad_use', hint: /auto, s, ms, us, ns/ }, format);
  }
});
