/**
 * Epoch milliseconds, cut off, of a fixed64 of epoch nanoseconds given as its unsigned halves. Exact, where the nearest double to the
 * nanoseconds would be up to 128 of them off, which at the edge of a millisecond gives its neighbour.
 */
export const unixNanoMs = (high: number, low: number): number =>
  // 2^32 ns are 4,294 ms and 967,296 ns; high * 967,296 + low stays under 2^53.
  high * 4294 + Math.floor((high * 967_296 + low) / 1_000_000);
