/** Writes the protobuf wire format by hand, for tests: nothing of the reader is in it. Numbers are bigints, so that every bit is meant. */

/** A number of variable length; negative ones take ten bytes, as int64 does. */
export function varint(value: bigint | number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export const tag = (field: number, type: number): Buffer => varint(field * 8 + type);

export const varintField = (field: number, value: bigint | number): Buffer =>
  Buffer.concat([tag(field, 0), varint(value)]);

/** A double or fixed64, by its bits. */
export function fixed64Field(field: number, bits: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, bits));
  return Buffer.concat([tag(field, 1), bytes]);
}

export function fixed32Field(field: number, bits: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(bits);
  return Buffer.concat([tag(field, 5), bytes]);
}

/** A string, bytes or an embedded message. */
export function bytesField(field: number, content: string | Uint8Array | readonly Uint8Array[]): Buffer {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : content instanceof Uint8Array
        ? content
        : Buffer.concat(content);
  return Buffer.concat([tag(field, 2), varint(bytes.length), bytes]);
}

/** The bits of a double. */
export function bitsOf(value: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
}
