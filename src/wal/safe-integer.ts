/**
 * Unsigned 64-bit little-endian fields as JavaScript numbers. Two 32-bit halves rather than a BigInt, because one is
 * written for every record of the hot path.
 */
import { assert } from '../base/assert.js';

const halfRange = 2 ** 32;

/** Writes `value`, a non-negative safe integer, as 8 bytes at `offset`. */
export function writeSafeInteger(target: Buffer, value: number, offset: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is not a non-negative safe integer`);
  target.writeUInt32LE(value % halfRange, offset);
  target.writeUInt32LE(Math.floor(value / halfRange), offset + 4);
}

/** The 8 bytes at `offset` as a number, or undefined where they hold more than a double can count exactly. */
export function readSafeInteger(source: Buffer, offset: number): number | undefined {
  const value = source.readUInt32LE(offset + 4) * halfRange + source.readUInt32LE(offset);
  return Number.isSafeInteger(value) ? value : undefined;
}
