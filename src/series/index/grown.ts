/** Growth of the index's columns. */
type Column = Uint8Array | Uint32Array | Int32Array | Float64Array;

/** By half, not by doubling: at a million series the slack of a column that has just grown counts more than the copying. */
const growthFactor = 1.5;

/** The column itself where it holds `length` values, else a longer one that begins with its values; the rest are `fill`. */
export function withRoom<T extends Column>(column: T, length: number, fill = 0): T {
  if (length <= column.length) return column;
  const room = Math.max(length, Math.ceil(column.length * growthFactor), 64);
  const larger = new (column.constructor as new (length: number) => T)(room);
  larger.set(column as never);
  if (fill !== 0) larger.fill(fill, column.length);
  return larger;
}
