import fc from 'fast-check';
import type { Label } from '../../../src/model/labels.js';
import { bitsOf } from '../protobuf/wire-writer.js';
import type { SampleToWrite, SeriesToWrite } from './remote-write-encoder.js';

const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ minLength: 1, maxLength: 16 }) },
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  // Past a length of one byte, and of the words that copies go by.
  fc.string({ minLength: 100, maxLength: 300 }),
);

/** Labels of a series in any order, each name once, some values empty. */
export const labels: fc.Arbitrary<Label[]> = fc
  .uniqueArray(fc.tuple(text, fc.oneof({ weight: 9, arbitrary: text }, fc.constant(''))), {
    selector: ([name]) => name,
    maxLength: 8,
  })
  .map((pairs) => [['__name__', 'metric'] as const, ...pairs.filter(([name]) => name !== '__name__')])
  .chain((pairs) => fc.oneof(fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })));

const bits: fc.Arbitrary<bigint> = fc.oneof(
  fc.double().map(bitsOf),
  fc.constantFrom(0n, bitsOf(-0), 0x7ff0000000000002n, 0x7ff8000000000000n, 0xffffffffffffffffn, bitsOf(Infinity)),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const timeMs: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1_500_000_000_000, max: 2_000_000_000_000 }).map(BigInt) },
  // Each number of bytes that a time can take, negative ones among them.
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  fc.integer({ min: -200, max: 200 }).map(BigInt),
);

export const samples: fc.Arbitrary<SampleToWrite[]> = fc.array(fc.record({ bits, timeMs }), { maxLength: 6 });

export const series: fc.Arbitrary<SeriesToWrite> = fc.record({ labels, samples });
