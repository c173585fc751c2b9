/** The values of numbers and durations as PromQL writes them. Sources: Go, strconv; prometheus/common, model/time.go. */
import { goQuote } from '../print/go-quote.js';

/** A number's value; undefined where its digits or underscores do not fit its base. */
export function numberValue(text: string): number | undefined {
  const word = text.toLowerCase();
  if (word === 'inf') return Number.POSITIVE_INFINITY;
  if (word === 'nan') return Number.NaN;
  if (!hasFairUnderscores(word)) return undefined;
  const digits = word.replaceAll('_', '');
  // A whole number that begins with 0 is octal where its digits allow it; otherwise it is read as a decimal one.
  if (/^0[0-7]+$/.test(digits)) return octalValue(word, digits);
  if (/^0x/.test(digits)) return /^0x[0-9a-f]+$/.test(digits) ? hexValue(digits) : undefined;
  if (!/^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(digits)) return undefined;
  // Underscores are taken in whole numbers only.
  return word === digits || /^(?!0\d)\d+$/.test(digits) ? Number(digits) : undefined;
}

/** Underscores stand between digits, or between a base's prefix and a digit. */
const hasFairUnderscores = (word: string): boolean =>
  !word.includes('_') || /^(?:0x)?_?[0-9a-f]+(?:_[0-9a-f]+)*$/.test(word);

const int64Max = 2n ** 63n - 1n;

function octalValue(word: string, digits: string): number | undefined {
  const value = BigInt(`0o${digits}`);
  if (value <= int64Max) return Number(value);
  return word === digits ? Number(digits) : undefined;
}

/** Past 64 bits Prometheus reads a hexadecimal number as a float, which needs an exponent that its lexer does not take. */
function hexValue(digits: string): number | undefined {
  const value = BigInt(digits);
  return value <= int64Max ? Number(value) : undefined;
}

/** Milliseconds of each unit; a year has 365 days. */
const unitsMs = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** Longest duration, milliseconds: 64 bits of nanoseconds. */
export const durationMsMax = 2 ** 63 / 1e6;

export type DurationReading = { readonly ms: number } | { readonly fault: string };

/** Milliseconds of a duration such as `1h30m`, or what is wrong with it in Prometheus' words. */
export function readDuration(text: string): DurationReading {
  let ms = 0;
  let last = -1;
  for (const [, digits, unit] of text.matchAll(/(\d+)(\D+)/g)) {
    const index = unitsMs.findIndex(([name]) => name === unit);
    if (index < 0) return { fault: `unknown unit ${goQuote(unit!)} in duration ${goQuote(text)}` };
    if (index <= last) return { fault: `not a valid duration string: ${goQuote(text)}` };
    last = index;
    ms += Number(digits) * unitsMs[index]![1];
    if (ms >= durationMsMax) return { fault: 'duration out of range' };
  }
  return { ms };
}

/** A duration as Prometheus prints it: cut to milliseconds; years and weeks only where nothing is left over. */
export function formatDuration(ms: number): string {
  let rest = Math.trunc(Math.abs(ms));
  if (rest === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  for (const [unit, unitMs] of unitsMs) {
    if ((unit === 'y' || unit === 'w') && rest % unitMs !== 0) continue;
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}
