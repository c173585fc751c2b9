/** Times as files write them, read into epoch milliseconds: by themselves, in a stated unit, or by a stated pattern. */
import { BarographError } from '../../base/errors.js';
import { parseTime, timeOfEpoch } from '../../model/time.js';

/** Reads the times of a column. A time without an offset is UTC. */
export interface TimeFormat {
  /** What it reads, for messages. */
  readonly form: string;
  /** Epoch milliseconds of a cell; undefined where it is no such time. */
  timeMs(value: unknown): number | undefined;
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['ms', 1],
  ['us', 1e-3],
  ['ns', 1e-6],
]);

/**
 * The format that `--time-format` names: `auto` (RFC 3339, ISO 8601 dates and date-times without an offset, or an epoch number
 * whose unit its size tells), an epoch number in `s`, `ms`, `us` or `ns`, or a pattern of strptime's directives such as
 * `%d/%m/%Y %H:%M`. Fails with `bad_use` where it is none of these.
 */
export function timeFormatOf(name: string): TimeFormat {
  if (name === 'auto') return { form: 'RFC 3339 or a number since the epoch', timeMs: timeByLooks };
  const factor = unitMs.get(name);
  if (factor !== undefined) {
    return { form: `a number since the epoch in ${name}`, timeMs: (value) => epochMs(value, factor) };
  }
  return { form: name, timeMs: patternReader(name) };
}

/** Epoch milliseconds as RFC 3339 text; undefined outside the years that it can write. */
export function rfc3339(timeMs: number): string | undefined {
  return timeMs >= -62_167_219_200_000 && timeMs < 253_402_300_800_000 ? new Date(timeMs).toISOString() : undefined;
}

/** Date, time, fraction and offset as databases print them, each more loosely than RFC 3339 has it. */
const looseTime =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s?(?:(UTC|[Zz])|([+-]\d\d)(?::?(\d\d))?)?)?$/;

/** From here on an epoch number counts nanoseconds (see timeOfEpoch). */
const nanosecondsMin = 10n ** 17n;

function timeByLooks(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? timeOfEpoch(value) : undefined;
  // Past 2^53 a double would round up to the next millisecond; microseconds are exact in one for centuries.
  if (typeof value === 'bigint') return timeOfEpoch(Number(value >= nanosecondsMin ? value / 1000n : value));
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const timeMs = parseTime(text);
  if (timeMs !== undefined) return timeMs;
  const match = looseTime.exec(text);
  if (match === null) return undefined;
  const [, date, minutes = '00:00', seconds = ':00', , offsetHours, offsetMinutes = '00'] = match;
  return parseTime(
    `${date}T${minutes}${seconds}${offsetHours === undefined ? 'Z' : `${offsetHours}:${offsetMinutes}`}`,
  );
}

function epochMs(value: unknown, factor: number): number | undefined {
  // Nanoseconds of this century are past 2^53: as integers they lose nothing that a millisecond shows.
  if (typeof value === 'bigint')
    return factor < 1 ? Number(value / BigInt(Math.round(1 / factor))) : Number(value) * factor;
  if (typeof value === 'string' && !/^-?\d+(\.\d+)?$/.test(value.trim())) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = Number(value);
  // The slack keeps 1700000000.123 seconds from being cut to .122.
  return Number.isFinite(number) ? Math.floor(number * factor + 0.0005) : undefined;
}

type TimeParts = { [directive in keyof typeof directives]?: string };

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What each directive matches. Source: POSIX strptime, and Python's `%f` and `%z`. */
const directives = {
  Y: '\\d{4}',
  y: '\\d{2}',
  m: '\\d{1,2}',
  b: '[A-Za-z]{3}',
  B: '[A-Za-z]{3,9}',
  d: '\\d{1,2}',
  H: '\\d{1,2}',
  I: '\\d{1,2}',
  p: '[AaPp][Mm]',
  M: '\\d{1,2}',
  S: '\\d{1,2}',
  f: '\\d{1,9}',
  z: 'Z|[+-]\\d{2}:?\\d{2}',
};

const isDirective = (letter: string): letter is keyof typeof directives => Object.hasOwn(directives, letter);

function patternReader(pattern: string): (value: unknown) => number | undefined {
  const letters: (keyof typeof directives)[] = [];
  const source = pattern.replace(/%(.?)|[^%]+/gs, (piece, letter: string | undefined) => {
    if (letter === undefined) return piece.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
    if (letter === '%') return '%';
    if (!isDirective(letter) || letters.includes(letter)) throw badPattern(pattern);
    letters.push(letter);
    return `(${directives[letter]})`;
  });
  const has = (wanted: string): boolean => letters.some((letter) => wanted.includes(letter));
  if (!has('Yy') || !has('mbB') || !has('d')) throw badPattern(pattern);

  const expression = new RegExp(`^${source}$`);
  return (value) => {
    const match = typeof value === 'string' ? expression.exec(value.trim()) : null;
    if (match === null) return undefined;
    return timeOfParts(Object.fromEntries(letters.map((letter, i) => [letter, match[i + 1]])) as TimeParts);
  };
}

function badPattern(pattern: string): BarographError {
  return new BarographError('bad_use', `${JSON.stringify(pattern)} is not a time format`, {
    hint: `Give auto, s, ms, us, ns, or a pattern with a year, a month and a day, of ${Object.keys(directives)
      .map((letter) => `%${letter}`)
      .join(' ')}.`,
  });
}

function timeOfParts(parts: TimeParts): number | undefined {
  const number = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : Number(text);
  // Two digits of a year mean 1969 to 2068, as POSIX has it.
  const short = number(parts.y, 0);
  const year = number(parts.Y, short >= 69 ? 1900 + short : 2000 + short);
  const name = (parts.b ?? parts.B)?.slice(0, 3).toLowerCase();
  const month = name === undefined ? number(parts.m, 1) : months.indexOf(name) + 1;
  const day = number(parts.d, 1);
  const hour = hourOf(parts);
  const minute = number(parts.M, 0);
  const second = number(parts.S, 0);
  const fraction = Math.floor(Number(`0.${parts.f ?? '0'}`) * 1000);
  if (hour === undefined || minute > 59 || second > 59) return undefined;
  const midnight = new Date(Date.UTC(2000, month - 1, day));
  midnight.setUTCFullYear(year, month - 1, day);
  // Date rolls 31 June over into July; a date that comes back changed was none.
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offsetMs(parts.z);
}

function hourOf({ H, I, p }: TimeParts): number | undefined {
  if (H !== undefined) return Number(H) <= 23 ? Number(H) : undefined;
  if (I === undefined) return 0;
  const hour = Number(I);
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (p?.toLowerCase() === 'pm' ? 12 : 0);
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -60_000 : 60_000) * minutes;
}
