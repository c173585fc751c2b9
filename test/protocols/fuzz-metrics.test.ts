import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzzTargets } from './fuzz-metrics.js';
import { fuzz } from './fuzzer.js';

/** For all decoders together, so that the tests take seconds however many decoders there are. */
const inputsInAll = 100_000;

describe('bodies that are broken at random', () => {
  for (const target of fuzzTargets)
    it(`are decoded or refused with a reason, as ${target.name}`, () => {
      const { decoded, samples, failedByCode, rejected } = fuzz(target, Math.ceil(inputsInAll / fuzzTargets.length), 1);
      // Else the bodies were so broken, or so sound, that the run says nothing.
      assert.ok(decoded > 0 && samples > 0 && failedByCode.size + rejected > 0);
    });

  it('that make a decoder throw anything else, or give what does not hold together, are told with their bytes', () => {
    const [target = assert.fail('no target')] = fuzzTargets;
    const throwing = { ...target, decode: () => assert.fail('a defect') };
    assert.throws(() => fuzz(throwing, 10, 1), /input 0 of seed 1 is a defect: [A-Za-z0-9+/]*=*$/);
    const { batch, ...rest } = target.decode(target.seeds[0]!);
    const lying = { ...target, decode: () => ({ batch: { ...batch, sampleCount: 2 }, ...rest }) };
    assert.throws(() => fuzz(lying, 10, 1), /is a defect/);
  });
});
