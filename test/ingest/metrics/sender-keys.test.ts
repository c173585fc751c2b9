import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SenderKeys } from '../../../src/ingest/metrics/sender-keys.js';
import { noRef } from '../../../src/model/series-ref.js';

/** The keys end to end in a body, and where each lies. */
function bodyOf(keys: readonly string[]) {
  const parts = keys.map((key) => Buffer.from(key));
  const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0));
  return { bytes: Buffer.concat(parts), place: (i: number) => [ends[i]! - parts[i]!.length, ends[i]!] as const };
}

describe('senders’ keys', () => {
  it('stand for what was remembered, in any order, and only for it', () => {
    const key = fc.string({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.array(key, { maxLength: 20 }), { maxLength: 8 }), (bodies) => {
        const keys = new SenderKeys(1 << 20);
        const model = new Map<string, number>();
        for (const body of bodies) {
          const { bytes, place } = bodyOf(body);
          keys.begin(bytes);
          body.forEach((text, i) => {
            const [start, end] = place(i);
            assert.equal(keys.find(start, end), model.get(text) ?? noRef);
            if (model.has(text)) return;
            assert.equal(keys.remember(start, end, model.size), true);
            model.set(text, model.size);
          });
        }
        assert.equal(keys.count, model.size);
      }),
    );
  });

  it('stay within their bytes, and start anew once they answer little', () => {
    const bytesMax = 512 * 1024;
    const keys = new SenderKeys(bytesMax);
    const send = (name: string): number => {
      const { bytes, place } = bodyOf(Array.from({ length: 2_000 }, (_, i) => `${name}-${i}-${'x'.repeat(60)}`));
      keys.begin(bytes);
      let found = 0;
      for (let i = 0; i < 2_000; i++) {
        const [start, end] = place(i);
        if (keys.find(start, end) === noRef) keys.remember(start, end, i);
        else found++;
      }
      return found;
    };
    for (let round = 0; round < 100; round++) send(`old${round}`);
    assert.ok(keys.stateBytes <= bytesMax, `${keys.stateBytes} bytes`);
    // What is sent now was not there when it filled up; it is remembered after the store has judged itself.
    for (let round = 0; round < 120; round++) send('now');
    assert.equal(send('now'), 2_000);
    assert.ok(keys.stateBytes <= bytesMax, `${keys.stateBytes} bytes`);
  });
});
