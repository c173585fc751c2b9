/**
 * Passing over whole JSON values, of any depth without recursion: either for their syntax alone, or, where a value is kept
 * as it was sent, with everything that our own rows are held to (no key twice, no half surrogate, no number past a double).
 */
import { byte, isDigit } from './json-bytes.js';
import { excerpt, type JsonCursor } from './json-cursor.js';
import { readDouble } from './json-number.js';
import type { KeySet } from './key-set.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const {
  closeBrace,
  closeBracket,
  colon,
  comma,
  lowerF,
  lowerN,
  lowerT,
  minus,
  openBrace,
  openBracket,
  quote,
  upperI,
  upperN,
} = byte;

/** What a kept value is held to beyond JSON's grammar. */
export interface Strictness {
  /** Finds keys that an object holds twice; scratch space of the caller. */
  readonly keys: KeySet;
  /** Most containers within one another. */
  readonly depthMax: number;
}

/** Open containers, innermost last. */
class Nesting {
  depth = 0;
  /** Closing byte of each open container. */
  private closers = new Uint8Array(64);
  /** Number of each open container among those of the value, for telling one object's keys from another's. */
  private numbers = new Uint32Array(64);
  private opened = 0;

  open(closer: number): void {
    if (this.depth === this.closers.length) {
      const { closers, numbers } = this;
      this.closers = new Uint8Array(2 * this.depth);
      this.closers.set(closers);
      this.numbers = new Uint32Array(2 * this.depth);
      this.numbers.set(numbers);
    }
    this.closers[this.depth] = closer;
    this.numbers[this.depth++] = this.opened++;
  }

  get closer(): number {
    return this.closers[this.depth - 1]!;
  }

  get number(): number {
    return this.numbers[this.depth - 1]!;
  }
}

/**
 * Passes over the value at the cursor. Without `strictness` it looks at the syntax alone, and lets NaN and the infinities
 * pass: whoever wants the value refuses them, and the text around it stays readable.
 */
export function skipValue(cursor: JsonCursor, strictness?: Strictness): boolean {
  const nesting = new Nesting();
  strictness?.keys.clear();
  for (;;) {
    const code = cursor.skipSpace();
    if (code === openBrace || code === openBracket) {
      const closer = code === openBrace ? closeBrace : closeBracket;
      nesting.open(closer);
      if (strictness !== undefined && nesting.depth > strictness.depthMax) return tooDeep(cursor, strictness.depthMax);
      cursor.position++;
      if (cursor.skipSpace() !== closer) {
        if (closer === closeBrace && !skipKey(cursor, nesting.number, strictness)) return false;
        continue;
      }
    } else if (!skipScalar(cursor, code, strictness)) return false;
    const more = skipSeparators(cursor, nesting, strictness);
    if (more !== 'next') return more === 'end';
  }
}

/** Goes on behind a value: closes what closes, passes a comma, and a key where one is due. */
function skipSeparators(
  cursor: JsonCursor,
  nesting: Nesting,
  strictness: Strictness | undefined,
): 'next' | 'end' | 'failed' {
  while (nesting.depth > 0) {
    const code = cursor.skipSpace();
    const { closer } = nesting;
    if (code === comma) {
      cursor.position++;
      if (closer === closeBracket) return 'next';
      cursor.skipSpace();
      return skipKey(cursor, nesting.number, strictness) ? 'next' : 'failed';
    }
    if (code === closer) {
      cursor.position++;
      nesting.depth--;
    } else {
      cursor.unexpected(cursor.position, `a comma or ${String.fromCharCode(closer)}`);
      return 'failed';
    }
  }
  return 'end';
}

/** Passes a key and its colon. */
function skipKey(cursor: JsonCursor, object: number, strictness: Strictness | undefined): boolean {
  const start = cursor.position;
  if (strictness === undefined) {
    if (!cursor.skipString('a key')) return false;
  } else {
    if (!cursor.readString('a key')) return false;
    if (!strictness.keys.add(object, cursor.textView, cursor.textStart, cursor.textEnd))
      return failTwice(cursor, start);
  }
  if (cursor.skipSpace() !== colon) return cursor.unexpected(cursor.position, 'a colon');
  cursor.position++;
  return true;
}

function failTwice(cursor: JsonCursor, start: number): false {
  const { bytes, position } = cursor;
  return cursor.fail('duplicate_key', () => `got the key ${excerpt(bytes, start, position)} twice in one object`);
}

function skipScalar(cursor: JsonCursor, code: number, strictness: Strictness | undefined): boolean {
  switch (code) {
    case quote:
      return strictness === undefined ? cursor.skipString() : cursor.readString();
    case lowerT:
      return cursor.readWord('true');
    case lowerF:
      return cursor.readWord('false');
    case lowerN:
      return cursor.readWord('null');
    case upperN:
    case upperI:
      return skipNonFinite(cursor, strictness);
    case minus:
      if (cursor.bytes[cursor.position + 1] === upperI) return skipNonFinite(cursor, strictness);
  }
  const start = cursor.position;
  if (code !== minus && !isDigit(code)) return cursor.unexpected(start, 'a value');
  if (!readDouble(cursor)) return false;
  if (strictness === undefined || Number.isFinite(cursor.number)) return true;
  return outOfDouble(cursor, start);
}

function skipNonFinite(cursor: JsonCursor, strictness: Strictness | undefined): boolean {
  const length = cursor.nonFiniteLength();
  if (length === 0) return cursor.unexpected(cursor.position, 'a value');
  if (strictness !== undefined) return refuseNonFinite(cursor);
  cursor.position += length;
  return true;
}

/** Fails for the NaN or Infinity at the cursor. */
export const refuseNonFinite = (cursor: JsonCursor): false =>
  cursor.unexpected(cursor.position, 'a value that JSON has: leave the field out or send null');

/** Fails for the number that the cursor has read from `start` on, because no double is near it. */
export function outOfDouble(cursor: JsonCursor, start: number): false {
  const { bytes, position } = cursor;
  return cursor.fail(
    'out_of_range',
    () => `got ${excerpt(bytes, start, position)}, wanted a number within ±${Number.MAX_VALUE}`,
  );
}

const tooDeep = (cursor: JsonCursor, depthMax: number): false =>
  cursor.fail('too_deep', () => `got more than ${depthMax} objects and arrays within one another`);
