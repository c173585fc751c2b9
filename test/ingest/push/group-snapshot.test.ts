import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { groupSnapshot, restoredGroup } from '../../../src/ingest/push/group-snapshot.js';
import { startPushed } from './pushed.js';

const text = (values: readonly number[]): string =>
  values.map((value, i) => `m${i % 3}{i="é${i}"} ${String(value).replace('Infinity', 'Inf')}\n`).join('');

async function pushedGroup(values: readonly number[]) {
  const pushed = startPushed();
  await pushed.push({ job: 'größe', a: '1' }, `# HELP m0 Hélp.\n${text(values)}`);
  return pushed.groups.groups[0]!;
}

describe('the file of a group', () => {
  it('gives the group back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double(), { maxLength: 20 }), async (values) => {
        const group = await pushedGroup(values);
        assert.deepEqual(restoredGroup(Buffer.concat([Buffer.alloc(1), groupSnapshot(group)]).subarray(1)), group);
      }),
      { numRuns: 50 },
    );
  });

  it('gives nothing where a byte is wrong or missing', async () => {
    const bytes = groupSnapshot(await pushedGroup([1, 2, 3]));
    for (let i = 0; i < bytes.length; i++) {
      assert.equal(restoredGroup(bytes.subarray(0, i)), undefined);
      assert.equal(restoredGroup(Uint8Array.from(bytes, (byte, at) => (at === i ? byte ^ 1 : byte))), undefined);
    }
  });
});
