/** A native histogram of a line, in the form that `encodeHistogramLine` writes: an object named as the columns of its table, or null for a stale marker. */
import { soundHistogram } from '../../model/check-native-histogram.js';
import {
  type CounterReset,
  counterResetHints,
  type NativeHistogram,
  noSpans,
  type SpannedBuckets,
  staleHistogram,
} from '../../model/native-histogram.js';
import { specialValue } from './special-values.js';

/** The histogram as it is stored, or what is wrong with it, in words. `value` is JSON, parsed. */
export function parseJsonHistogram(value: unknown): NativeHistogram | string {
  if (value === null) return staleHistogram;
  if (typeof value !== 'object' || Array.isArray(value)) return `got ${shown(value)}, wanted an object or null`;
  try {
    return soundHistogram(histogramOf(new Fields(value as Record<string, unknown>)));
  } catch (error) {
    if (error instanceof WrongField) return error.message;
    throw error;
  }
}

class WrongField extends Error {}

/** Most characters of a value that a message shows. A guess at what helps and does not flood. */
const shownCharsMax = 60;

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, shownCharsMax);

function histogramOf(fields: Fields): NativeHistogram {
  const histogram: NativeHistogram = {
    counterReset: fields.oneOf('counter_reset', counterResetHints, 'unknown'),
    isFloat: fields.flag('is_float'),
    isStale: false,
    schema: fields.whole('schema'),
    zeroThreshold: fields.number('zero_threshold', 0),
    zeroCount: fields.number('zero_count', 0),
    count: fields.number('count'),
    sum: fields.number('sum'),
    positive: bucketsOf(fields, 'positive'),
    negative: bucketsOf(fields, 'negative'),
    customBounds: fields.numbers('custom_bounds'),
  };
  fields.end();
  if (!histogram.isFloat) checkIntegers(histogram);
  return histogram;
}

function bucketsOf(fields: Fields, side: 'positive' | 'negative'): SpannedBuckets {
  const offsets = fields.wholes(`${side}_offsets`, indexMin);
  const lengths = fields.wholes(`${side}_lengths`, 0);
  const counts = fields.numbers(`${side}_counts`);
  if (offsets.length !== lengths.length)
    throw new WrongField(`got ${offsets.length} ${side}_offsets and ${lengths.length} ${side}_lengths, wanted as many`);
  return offsets.length === 0 && counts.length === 0 ? noSpans : { offsets, lengths, counts };
}

/** Offsets and lengths are 32-bit numbers in the table. */
const indexMin = -(2 ** 31);
const indexMax = 2 ** 31 - 1;

function checkIntegers({ count, zeroCount, positive, negative }: NativeHistogram): void {
  const broken = [count, zeroCount, ...positive.counts, ...negative.counts].find((each) => !Number.isInteger(each));
  if (broken !== undefined)
    throw new WrongField(`got the count ${broken}, wanted whole counts where is_float is false`);
}

/** Reads an object's fields by name; throws `WrongField`. */
class Fields {
  private readonly left: Set<string>;

  constructor(private readonly values: Readonly<Record<string, unknown>>) {
    this.left = new Set(Object.keys(values));
  }

  number(name: string, absent?: number): number {
    const value = this.take(name);
    if (value === undefined && absent !== undefined) return absent;
    return numberOf(name, value);
  }

  whole(name: string): number {
    return wholeOf(name, this.take(name), indexMin);
  }

  numbers(name: string): readonly number[] {
    return this.list(name).map((each) => numberOf(name, each));
  }

  wholes(name: string, least: number): readonly number[] {
    return this.list(name).map((each) => wholeOf(name, each, least));
  }

  flag(name: string): boolean {
    const value = this.take(name) ?? false;
    if (typeof value !== 'boolean') throw wrong(name, value, 'true or false');
    return value;
  }

  oneOf(name: string, names: readonly CounterReset[], absent: CounterReset): CounterReset {
    const value = this.take(name) ?? absent;
    const found = names.find((each) => each === value);
    if (found === undefined) throw wrong(name, value, names.join(', '));
    return found;
  }

  /** That no field is there that has no name here. */
  end(): void {
    const [unknown] = this.left;
    if (unknown !== undefined) throw new WrongField(`got the field ${shown(unknown)}, which histograms have none of`);
  }

  private list(name: string): readonly unknown[] {
    const value = this.take(name) ?? [];
    if (!Array.isArray(value)) throw wrong(name, value, 'an array');
    return value;
  }

  private take(name: string): unknown {
    this.left.delete(name);
    return this.values[name];
  }
}

const wrong = (name: string, value: unknown, wanted: string): WrongField =>
  new WrongField(`${name}: got ${shown(value)}, wanted ${wanted}`);

function numberOf(name: string, value: unknown): number {
  const number = typeof value === 'string' ? specialValue(value) : value;
  if (typeof number !== 'number') throw wrong(name, value, 'a number, "NaN" or "Infinity"');
  return number;
}

function wholeOf(name: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > indexMax)
    throw wrong(name, value, `a whole number from ${least} to ${indexMax}`);
  return value;
}
