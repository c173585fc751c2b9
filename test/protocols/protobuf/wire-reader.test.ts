import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../../src/base/errors.js';
import { WireReader } from '../../../src/protocols/protobuf/wire-reader.js';
import { bitsOf, bytesField, fixed32Field, fixed64Field, tag, varint, varintField } from './wire-writer.js';

/** The reader at the first field of the bytes. */
function at(bytes: Uint8Array): WireReader {
  const reader = new WireReader(bytes);
  assert.equal(reader.next(), true);
  return reader;
}

/** The numbers and texts of the message that the reader is at; texts are field 2. */
function innerValues(reader: WireReader): unknown[] {
  const values: unknown[] = [];
  const outer = reader.enter();
  while (reader.next()) values.push(reader.field === 2 ? reader.text() : reader.uint32());
  reader.leave(outer);
  return values;
}

const bits64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const isBroken = (error: unknown) => isBarographError(error, 'invalid_protobuf');

describe('the wire reader', () => {
  it('reads every 64-bit number as the nearest double, and its bits exactly', () => {
    fc.assert(
      fc.property(bits64, (bits) => {
        const reader = at(varintField(1, bits));
        assert.equal(reader.uint64(), Number(bits));
        assert.equal((BigInt(reader.high) << 32n) | BigInt(reader.low), bits);
        assert.equal(at(varintField(1, bits)).int64(), Number(BigInt.asIntN(64, bits)));
        assert.equal(at(varintField(1, bits)).uint32(), Number(BigInt.asUintN(32, bits)));
        assert.equal(at(varintField(1, bits)).int32(), Number(BigInt.asIntN(32, bits)));
        assert.equal(at(varintField(1, bits)).bool(), bits !== 0n);
        assert.equal(at(fixed64Field(1, bits)).fixed64(), Number(bits));
        assert.equal(at(fixed64Field(1, bits)).sfixed64(), Number(BigInt.asIntN(64, bits)));
      }),
    );
  });

  it('reads doubles, and zigzag numbers', () => {
    fc.assert(
      fc.property(fc.double(), fc.integer(), (value, whole) => {
        const reader = at(fixed64Field(1, bitsOf(value)));
        assert.equal(reader.double(), value);
        assert.equal((BigInt(reader.high) << 32n) | BigInt(reader.low), bitsOf(value));
        const zigzag = BigInt.asUintN(32, (BigInt(whole) << 1n) ^ (BigInt(whole) >> 31n));
        assert.equal(at(varintField(1, zigzag)).sint32(), whole);
      }),
    );
  });

  it('walks messages within messages, and passes over what it is not asked for', () => {
    const inner = [varintField(1, 7), bytesField(2, 'text')];
    const group = Buffer.concat([tag(9, 3), varintField(1, 1), tag(3, 3), tag(3, 4), bytesField(2, 'x'), tag(9, 4)]);
    const body = Buffer.concat([fixed32Field(7, 1), bytesField(3, inner), group, varintField(536_870_911, 5)]);
    const reader = new WireReader(body);
    const seen: unknown[] = [];
    while (reader.next()) {
      seen.push(reader.field);
      if (reader.field === 3) {
        seen.push(...innerValues(reader));
      } else reader.skip();
    }
    assert.deepEqual(seen, [7, 3, 7, 'text', 9, 536_870_911]);
  });

  it('leaves a message from anywhere within it', () => {
    const reader = at(Buffer.concat([bytesField(1, [varintField(1, 1), varintField(2, 2)]), varintField(2, 3)]));
    const outer = reader.enter();
    reader.next();
    reader.uint32();
    reader.leave(outer);
    assert.equal(reader.next() && reader.uint32(), 3);
    assert.equal(reader.next(), false);
  });

  it('reads packed lists', () => {
    const doubles = Buffer.concat(
      [fixed64Field(1, bitsOf(0.5)), fixed64Field(1, bitsOf(-2))].map((field) => field.subarray(1)),
    );
    const reader = at(
      Buffer.concat([bytesField(1, [varint(3), varint(300)]), bytesField(2, doubles), bytesField(3, doubles)]),
    );
    const list = (read: () => number): number[] => {
      const outer = reader.enterPacked();
      const values: number[] = [];
      while (reader.hasMore) values.push(read());
      reader.leave(outer);
      return values;
    };
    assert.deepEqual(
      list(() => reader.packedVarint()),
      [3, 300],
    );
    reader.next();
    assert.deepEqual(
      list(() => reader.packedDouble()),
      [0.5, -2],
    );
    reader.next();
    assert.deepEqual(
      list(() => reader.packedFixed64()),
      [Number(bitsOf(0.5)), Number(bitsOf(-2))],
    );
  });

  it('refuses what is broken, and says at which byte', () => {
    const broken: [string, Buffer, (reader: WireReader) => unknown][] = [
      ['a length past the end', Buffer.from([0x0a, 5, 1]), (reader) => reader.range()],
      ['a length of six bytes', Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), (reader) => reader.range()],
      ['a number past the end', Buffer.from([0x08, 0x80]), (reader) => reader.int64()],
      ['a number of eleven bytes', Buffer.from([0x08, ...Array(10).fill(0x80), 1]), (reader) => reader.int64()],
      ['a double cut short', Buffer.from([0x09, 1, 2, 3]), (reader) => reader.double()],
      ['another wire type', varintField(1, 1), (reader) => reader.double()],
      ['a text that is a number', varintField(1, 1), (reader) => reader.text()],
      ['a wire type that is none', tag(1, 6), (reader) => reader.skip()],
      ['the end of a group that did not begin', tag(1, 4), (reader) => reader.skip()],
      ['a group that does not end', tag(1, 3), (reader) => reader.skip()],
      ['a group that ends as another', Buffer.concat([tag(1, 3), tag(2, 4)]), (reader) => reader.skip()],
      ['groups without end', Buffer.concat(Array<Buffer>(1000).fill(tag(1, 3))), (reader) => reader.skip()],
    ];
    for (const [name, bytes, read] of broken)
      assert.throws(
        () => read(at(bytes)),
        (error) => isBroken(error) && /byte \d+/.test(String(error)),
        name,
      );
    assert.throws(() => new WireReader(Buffer.from([0x00, 1])).next(), isBroken, 'field 0');
    assert.throws(() => new WireReader(varint(2n ** 33n)).next(), isBroken, 'a tag past 32 bits');
    assert.throws(
      () => at(bytesField(1, Buffer.from([0xff]))).text(),
      (error) => isBarographError(error, 'invalid_utf8'),
    );
  });

  it('reads nothing past the end of a message within a message', () => {
    // The inner message announces a text of four bytes, which only the outer one holds.
    const reader = at(Buffer.concat([bytesField(1, Buffer.from([0x0a, 4, 1])), bytesField(2, 'more')]));
    reader.enter();
    reader.next();
    assert.throws(() => reader.range(), isBroken);
  });
});
