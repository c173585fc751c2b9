/**
 * Times as people and programs write them, read into epoch milliseconds, UTC: RFC 3339 text, or a number since the epoch
 * whose unit its size tells. Query parameters and the byte-level decoders share this one reader.
 */

/** Latest time that the tables hold: ClickHouse's DateTime64(3) ends with the year 2299. */
export const timeMsMax = 10_413_791_999_999;

const dayMs = 86_400_000;

/**
 * Epoch milliseconds of an RFC 3339 text, or of a decimal number since the epoch (see `timeOfEpoch`).
 * Undefined where the text is neither. Times before 1970 come out negative.
 */
export function parseTime(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return timeOfEpoch(Number(text));
  const bytes = Buffer.from(text, 'utf8');
  const timeMs = timeOfBytes(bytes, 0, bytes.length);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/**
 * Epoch milliseconds of a number since the epoch: under 1e11 in size it counts seconds, under 1e14 milliseconds, under
 * 1e17 microseconds, else nanoseconds, so that every time from 1973 to 5138 means one thing in each unit. Fractions of a
 * millisecond are cut off.
 */
export function timeOfEpoch(value: number): number {
  const size = Math.abs(value);
  // A double near 1.7e9 seconds or 1.7e18 nanoseconds misses its decimal text by up to 0.0003 ms; the slack of 0.0005 ms
  // keeps 1700000000.123 seconds from being cut to .122.
  if (size < 1e11) return Math.floor(value * 1000 + 0.0005);
  if (size < 1e14) return Math.floor(value);
  if (size < 1e17) return Math.floor(value / 1000);
  return Math.floor(value / 1e6 + 0.0005);
}

/**
 * Epoch milliseconds of the RFC 3339 date-time in bytes[start, end), NaN where it is none. The date and time are parted by
 * T, t or a space; the offset is Z, z or ±hh:mm and must be there; a fraction of any length is cut to milliseconds;
 * a leap second (second 60, where UTC has one: at a day's end) is the second after it. Source: RFC 3339, sections 5.6 and 5.7.
 */
export function timeOfBytes(bytes: Uint8Array, start: number, end: number): number {
  const separator = bytes[start + 10];
  const separated = separator === 0x54 || separator === 0x20 || separator === 0x74;
  const marked =
    bytes[start + 4] === 0x2d && bytes[start + 7] === 0x2d && bytes[start + 13] === 0x3a && bytes[start + 16] === 0x3a;
  if (end - start < 20 || !separated || !marked) return Number.NaN;
  const dayCount = dayOfDate(bytes, start);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  let at = start + 19;
  let fractionMs = 0;
  if (bytes[at] === 0x2e) {
    let scale = 100;
    const first = ++at;
    for (; at < end && isDigit(bytes[at]!); at++, scale /= 10)
      if (scale >= 1) fractionMs += (bytes[at]! - 0x30) * scale;
    if (at === first) return Number.NaN;
  }
  const offsetMs = offsetOfBytes(bytes, at, end);
  const wholeMs = dayCount * dayMs + ((hour * 60 + minute) * 60 + second) * 1000 - offsetMs;
  if (second === 60 && wholeMs % dayMs !== 0) return Number.NaN;
  return wholeMs + fractionMs;
}

/** Milliseconds that the offset in bytes[at, end) is ahead of UTC, NaN where it is none. */
function offsetOfBytes(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at];
  if (end - at === 1 && (sign === 0x5a || sign === 0x7a)) return 0;
  if (end - at !== 6 || (sign !== 0x2b && sign !== 0x2d) || bytes[at + 3] !== 0x3a) return Number.NaN;
  const hour = twoDigits(bytes, at + 1);
  const minute = twoDigits(bytes, at + 4);
  if (hour > 23 || minute > 59) return Number.NaN;
  return (sign === 0x2d ? -60_000 : 60_000) * (hour * 60 + minute);
}

/** Days since 1970-01-01 of the date YYYY-MM-DD, NaN where the calendar has no such day. */
function dayOfDate(bytes: Uint8Array, start: number): number {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if (year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  return dayOfCivil(year, month, day);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
function dayOfCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Value of two digits; more than any part of a time can be where one of them is no digit. */
function twoDigits(bytes: Uint8Array, at: number): number {
  // Exclusive or with "0" is the digit's value, and more than 9 for any byte that is no digit.
  const tens = bytes[at]! ^ 0x30;
  const ones = bytes[at + 1]! ^ 0x30;
  return tens <= 9 && ones <= 9 ? tens * 10 + ones : 100_000;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
