/** Typed arrays that a growing column is made of. */
export type Growable = Uint8Array | Int32Array | Uint32Array | Float64Array;

/** A copy with room for `length` entries, which is at least as many. */
export function grownArray<T extends Growable>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array as never);
  return larger;
}
