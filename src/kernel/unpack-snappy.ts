/** Snappy's block format, unpacked in the kernel. */
import type { Kernel } from './kernel.js';

/** What is wrong with bytes that are no snappy. */
export type SnappyFault =
  | 'ends_within_an_element'
  | 'looks_back_too_far'
  | 'is_longer_than_announced'
  | 'is_shorter_than_announced';

const faults: readonly SnappyFault[] = ['ends_within_an_element', 'looks_back_too_far', 'is_longer_than_announced'];

/**
 * Unpacks the elements that `packed` holds from `from` on, of which there must be `length` bytes. The view that it answers is valid until the
 * kernel unpacks or places something else.
 */
export function unpackSnappy(
  kernel: Kernel,
  packed: Uint8Array,
  from: number,
  length: number,
): Uint8Array | SnappyFault {
  const out = kernel.bodyRoom(length);
  const at = kernel.place(packed);
  const unpacked = kernel.exports.unpackSnappy(at + from, at + packed.length, out, out + length);
  if (unpacked < 0) return faults[-unpacked - 1]!;
  return unpacked === length ? kernel.view(out, length) : 'is_shorter_than_announced';
}
