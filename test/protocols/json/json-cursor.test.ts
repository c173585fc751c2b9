import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cursorAt } from './json-texts.js';

function read(text: string | Uint8Array): string | undefined {
  const cursor = cursorAt(text);
  if (!cursor.readString()) return undefined;
  assert.equal(cursor.position, cursor.end);
  return Buffer.from(cursor.text.subarray(cursor.textStart, cursor.textEnd)).toString();
}

/** A string's JSON text with some of its UTF-16 units written as escapes. */
function escaped(text: string, which: readonly boolean[]): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const pieces = units.map((unit, i) =>
    which[i % which.length] ? `\\u${unit.toString(16).padStart(4, '0')}` : JSON.stringify(text[i]).slice(1, -1),
  );
  return `"${pieces.join('')}"`;
}

test('strings come back, whatever they hold', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 300 }));
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(read(JSON.stringify(value)), value);
    }),
    { numRuns: 2000 },
  );
});

test('strings come back however much of them is escaped', () => {
  // Half a pair may be escaped only together with its other half: bytes of UTF-8 cannot hold the one that is left.
  const text = fc.string({
    unit: fc.constantFrom('a', 'é', '€', '"', '\\', '\n', '\u0000', '\u001f', '/', '\ud7ff', '\ue000'),
  });
  const which = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(text, which, (value, flags) => assert.equal(read(escaped(value, flags)), value)));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => assert.equal(read(escaped(value, [true])), value)));
});

test('every short escape stands for its character', () => {
  assert.equal(read('"\\"\\\\\\/\\b\\f\\n\\r\\t"'), '"\\/\b\f\n\r\t');
  assert.equal(read('"\\u00E9\\u00e9"'), 'éé');
});

test('half a surrogate pair is no text', () => {
  for (const text of [
    '"\\ud83d"',
    '"\\ude00"',
    '"\\ud83dx"',
    '"\\ud83d\\n"',
    '"\\ud83d\\ud83d\\ude00"',
    '"\\ude00\\ud83d"',
  ]) {
    const cursor = cursorAt(text);
    assert.equal(cursor.readString(), false);
    assert.equal(cursor.failure?.code, 'invalid_utf8', text);
  }
});

test('a string is refused where its grammar breaks, by readers and skippers alike', () => {
  for (const [text, at] of [
    ['"abc', 4],
    ['"', 1],
    ['x', 0],
    ['"a\nb"', 2],
    ['"a\u0000b"', 2],
    ['"aaaaaaaaa\u001fb"', 10],
    ['"\\x"', 2],
    ['"\\', 2],
    ['"\\u12"', 5],
    ['"\\u12g4"', 5],
    ['"\\u', 3],
    ['"\\ud83d\\u"', 9],
  ] as const)
    for (const method of ['readString', 'skipString'] as const) {
      const cursor = cursorAt(text);
      assert.equal(cursor[method](), false, text);
      // Half a pair may be found before the grammar breaks.
      if (cursor.failure?.code !== 'invalid_utf8') assert.equal(cursor.failure?.at, at, `${method} ${text}`);
    }
});

test('bytes that are no UTF-8 are refused in a string', () => {
  for (const bytes of [
    [0x80],
    [0xc3],
    [0xc0, 0xaf],
    [0xe2, 0x82],
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x80, 0x80, 0xaf],
    [0xf4, 0x90, 0x80, 0x80],
    [0xff],
  ])
    for (const tail of ['', 'tail', '\\n']) {
      const cursor = cursorAt(Buffer.concat([Buffer.from('"ok'), Uint8Array.from(bytes), Buffer.from(`${tail}"`)]));
      assert.equal(cursor.readString(), false);
      assert.equal(cursor.failure?.code, 'invalid_utf8');
    }
});
