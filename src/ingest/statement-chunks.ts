/** Lists are bound to a statement up to a bound in bytes: past 1 MiB the engine compares row by row instead of by a set. */
const parameterBytesMax = 512 * 1024;

/** The items in their order, in lists whose texts take at most the bound; a longer item stands alone. */
export function statementChunks<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const chunks: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const size = bytesOf(item);
    if (bytes + size > parameterBytesMax) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)!.push(item);
    bytes += size;
  }
  return chunks;
}

/** Bytes of a text in a bound list at most: its UTF-8, twice where each is escaped, and what stands around it. */
export const listedBytes = (text: string): number => 2 * Buffer.byteLength(text) + 3;
