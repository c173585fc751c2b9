import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SenderKeys } from '../../../src/ingest/metrics/sender-keys.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { noRef } from '../../../src/model/series-ref.js';

/** The keys end to end in a body, and where each lies. */
function bodyOf(keys: readonly string[]) {
  const parts = keys.map((key) => Buffer.from(key));
  const ends = new Uint32Array(parts.length);
  parts.forEach((part, i) => {
    ends[i] = part.length + (ends[i - 1] ?? 0);
  });
  return {
    bytes: Buffer.concat(parts),
    starts: Uint32Array.from(ends, (end, i) => end - parts[i]!.length),
    ends,
  };
}

/** What is found for each key of a body; those not found are remembered as `next` says. */
function send(keys: SenderKeys, body: readonly string[], next: (text: string) => number): number[] {
  keys.begin(bodyOf(body));
  const found = new Uint32Array(body.length);
  for (let from = 0; from < body.length; from += keys.room) {
    const to = Math.min(body.length, from + keys.room);
    keys.find(from, to, found);
    for (let key = from; key < to; key++) {
      if (found[key] === noRef) found[key] = keys.findAgain(key);
      if (found[key] === noRef) keys.remember(key, next(body[key]!));
    }
  }
  return Array.from(found);
}

describe('senders’ keys', () => {
  it('stand for what was remembered, in any order, and only for it', () => {
    const key = fc.oneof(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.string({ minLength: 14, maxLength: 18 }),
      fc.constantFrom('a', 'b'),
    );
    // One for all: each memory of WebAssembly takes gigabytes of address space.
    const keys = new SenderKeys(new Kernel(), 1 << 20);
    fc.assert(
      fc.property(fc.array(fc.array(key, { maxLength: 20 }), { maxLength: 8 }), (bodies) => {
        keys.clear();
        const model = new Map<string, number>();
        for (const body of bodies) {
          const seen = new Map(model);
          const wanted = body.map((text) => {
            const target = seen.get(text) ?? noRef;
            if (target === noRef) seen.set(text, seen.size);
            return target;
          });
          const found = send(keys, body, (text) => {
            model.set(text, model.size);
            return model.size - 1;
          });
          assert.deepEqual(found, wanted);
        }
        assert.equal(keys.count, model.size);
      }),
    );
  });

  it('of more than a call takes are found in pieces', () => {
    const keys = new SenderKeys(new Kernel(), 64 << 20);
    const body = Array.from({ length: keys.room + 10 }, (_, i) => `key ${i}`);
    let next = 0;
    send(keys, body, () => next++);
    assert.deepEqual(
      send(keys, body, () => assert.fail('all are remembered')),
      body.map((_, i) => i),
    );
  });

  it('stay within their room, and start anew once they answer little', () => {
    const bytesMax = 512 * 1024;
    const keys = new SenderKeys(new Kernel(), bytesMax);
    const sendSome = (name: string): number => {
      const body = Array.from({ length: 2_000 }, (_, i) => `${name}-${i}-${'x'.repeat(60)}`);
      return send(keys, body, () => 1).filter((target) => target !== noRef).length;
    };
    for (let round = 0; round < 100; round++) sendSome(`old${round}`);
    assert.ok(keys.count * 60 <= bytesMax, `${keys.count} keys`);
    // What is sent now was not there when it filled up; it is remembered after the store has judged itself.
    for (let round = 0; round < 120; round++) sendSome('now');
    assert.equal(sendSome('now'), 2_000);
    assert.ok(keys.count * 60 <= bytesMax, `${keys.count} keys`);
  });
});
