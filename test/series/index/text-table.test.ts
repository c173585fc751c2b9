import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { hashBytes, viewOf } from '../../../src/series/index/byte-words.js';
import { hashSeed, TextTable } from '../../../src/series/index/text-table.js';

function add(table: TextTable, text: string): number {
  const bytes = Buffer.from(text);
  const view = viewOf(bytes);
  const number = table.findOrAdd(view, 0, bytes.length, hashBytes(view, 0, bytes.length, hashSeed));
  table.hold(number);
  return number;
}

it('a text keeps its number while it is held, and equal texts have the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 9 }), { maxLength: 60, size: 'max' }),
      (texts) => {
        const table = new TextTable();
        const numbers = new Map<string, number>();
        for (const text of texts) {
          const number = add(table, text);
          assert.equal(numbers.get(text) ?? number, number);
          numbers.set(text, number);
        }
        assert.equal(new Set(numbers.values()).size, numbers.size);
        for (const [text, number] of numbers) {
          assert.equal(table.textOf(number), text);
          assert.deepEqual(Buffer.from(table.bytesOf(number)), Buffer.from(text));
          for (const [other, otherNumber] of numbers) {
            const order = Buffer.compare(Buffer.from(text), Buffer.from(other));
            assert.equal(Math.sign(table.compare(number, otherNumber)), order);
          }
        }
      },
    ),
  );
});

it('texts that come and go leave no memory behind, and those that stay keep their bytes', () => {
  const table = new TextTable();
  const kept = Array.from({ length: 100 }, (_, i) => add(table, `kept-${i}`));
  const stateBytes: number[] = [];
  for (let round = 100; round < 120; round++) {
    const passing = Array.from({ length: 5_000 }, (_, i) => add(table, `passing-${round}-${i}-of-some-length`));
    for (const text of passing) table.letGo(text);
    stateBytes.push(table.stateBytes);
  }
  // How much dead text waits for a rewrite differs from round to round; a round's 150,000 bytes would add up.
  const grown = Math.max(...stateBytes.slice(10)) - Math.max(...stateBytes.slice(0, 10));
  assert.ok(grown < 100_000, stateBytes.join(' '));
  assert.deepEqual(
    kept.map((text) => table.textOf(text)),
    Array.from({ length: 100 }, (_, i) => `kept-${i}`),
  );
  assert.equal(add(table, 'kept-7'), kept[7]);
});
