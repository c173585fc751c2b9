/** Partitions of the event tables: `toMonday(ts)` in UTC. One insert goes to one partition, which makes it atomic. */
const dayMs = 86_400_000;

/** Days since 1970-01-01, a Thursday, of the Monday that begins the week of a time. */
export const mondayOf = (tsMs: number): number => {
  const day = Math.floor(tsMs / dayMs);
  return day - ((((day + 3) % 7) + 7) % 7);
};

/** The time at which a day begins, epoch milliseconds. */
export const weekMs = (monday: number): number => monday * dayMs;

/** The rows of each week, in their order. */
export function rowsByWeek(tsMs: Float64Array): Map<number, Uint32Array> {
  const weeks = new Map<number, number[]>();
  for (let row = 0; row < tsMs.length; row++) {
    const monday = mondayOf(tsMs[row]!);
    const rows = weeks.get(monday);
    if (rows === undefined) weeks.set(monday, [row]);
    else rows.push(row);
  }
  return new Map([...weeks].sort(([a], [b]) => a - b).map(([monday, rows]) => [monday, Uint32Array.from(rows)]));
}

/**
 * For inserts into tables that ignore a row that is there twice: they need not be atomic, and may reach over more
 * partitions than the 100 that the engine allows unasked.
 */
export const overAnyPartitions = { max_partitions_per_insert_block: 0 };
