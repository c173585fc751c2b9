/** JSON texts for property tests, and cursors over them. */
import fc from 'fast-check';
import { JsonCursor, type Newlines } from '../../../src/protocols/json/json-cursor.js';
import { RowWindow } from '../../../src/protocols/json/row-window.js';

/** A cursor at the start of a text that lies in a window, as the decoder's rows do. */
export function cursorAt(text: string | Uint8Array, newlines: Newlines = 'space'): JsonCursor {
  const window = new RowWindow();
  window.append(Buffer.from(text as string));
  const cursor = new JsonCursor(newlines);
  cursor.reset(window, window.start, window.end, window.start < window.suspectEnd);
  return cursor;
}

/** A text that is nearly JSON: one or two of its characters are changed, doubled, dropped, or swapped with a piece of grammar. */
export const mutated = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.array(mutation, { minLength: 1, maxLength: 2 })).map(([original, mutations]) =>
    wellFormed(
      mutations.reduce((changed, { at, drop, put }) => {
        const place = at % (changed.length + 1);
        return changed.slice(0, place) + put + changed.slice(place + drop);
      }, original),
    ),
  );

/** The text as it comes out of UTF-8, which cannot carry half a surrogate pair. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

const grammar = [
  ...'{}[]:,"\\ \n\t\r0123456789-+.eEntfuabNI/\u0000\u001f\u007fé😀',
  '""',
  '\\u',
  '\\u00e9',
  '\\ud83d\\ude00',
  '\\ud83d',
  'null',
  'true',
  'false',
  '1e5',
  '-0',
  '01',
  ',,',
  '{}',
  '[]',
];

const mutation = fc.record({
  at: fc.nat(),
  drop: fc.nat(2),
  put: fc.oneof(fc.constant(''), fc.constantFrom(...grammar)),
});

/** Texts of JSON's own pieces in any order. */
export const tokens: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...grammar), { maxLength: 12 })
  .map((pieces) => pieces.join(''));

/** Texts that JSON.parse knows no more than we do, but reads otherwise: NaN and the infinities. */
export const hasNonFinite = (text: string): boolean => /NaN|Infinity/.test(text);

/** What JSON.parse makes of a text; undefined where it refuses it. */
export function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
