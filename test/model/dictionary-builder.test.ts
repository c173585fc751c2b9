import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textAt } from '../../src/model/columns.js';
import { DictionaryBuilder } from '../../src/model/dictionary-builder.js';

function add(builder: DictionaryBuilder, text: string): void {
  const bytes = Buffer.from(text);
  // Bytes before and behind the text, which must not count.
  const padded = Uint8Array.from([7, ...bytes, ...Array(8).fill(0x61)]);
  builder.addWords(new DataView(padded.buffer), 1, 1 + bytes.length);
}

const textsOf = (builder: DictionaryBuilder): string[] => {
  const column = builder.finish();
  return Array.from(column.places, (_, row) => textAt(column, row));
};

const texts = fc.array(
  fc.oneof(fc.constantFrom('', 'a', 'ab', 'abcd', 'abcde', 'größe'), fc.string({ unit: 'grapheme' })),
);

test('texts come back row by row, whatever was there before, was taken back or was cleared', () => {
  const builder = new DictionaryBuilder();
  fc.assert(
    fc.property(texts, texts, texts, (kept, dropped, more) => {
      builder.clear();
      for (const text of [...kept, ...dropped]) add(builder, text);
      builder.truncate(kept.length);
      for (const text of more) add(builder, text);
      builder.addAbsent();
      assert.deepEqual(textsOf(builder), [...kept, ...more, '']);
    }),
    { numRuns: 500 },
  );
});

test('each text is kept once, and places are as narrow as the number of texts lets them be', () => {
  const builder = new DictionaryBuilder();
  for (const [different, width] of [
    [256, 1],
    [257, 2],
    [65_537, 4],
  ] as const) {
    builder.clear();
    const sent = Array.from({ length: different * 2 }, (_, i) => `text ${i % different}`);
    for (const text of sent) add(builder, text);
    const { texts: kept, places } = builder.finish();
    assert.equal(kept.offsets.length - 1, different);
    assert.equal(places.BYTES_PER_ELEMENT, width);
    assert.deepEqual(textsOf(builder), sent);
  }
});
