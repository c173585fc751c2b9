/**
 * Counts distinct 32-bit hashes in at most 256 bytes: exactly up to 48, then by HyperLogLog with 256 registers, whose
 * standard error is 6.5 %. Sources: P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, "HyperLogLog" (2007); for small counts
 * S. Heule, M. Nunkesser, A. Hall, "HyperLogLog in Practice" (2013), linear counting.
 */
export interface DistinctSketch {
  add(hash: number): void;
  /** How many distinct hashes were added: exact up to `exactMax`, else an estimate. */
  estimate(): number;
}

export const exactMax = 48;
const registerBits = 8;
const registerCount = 1 << registerBits;
/** HyperLogLog's constant for 256 registers. */
const alpha = 0.7213 / (1 + 1.079 / registerCount);
/** Below so many times the registers, linear counting is the better estimate; the paper's. */
const linearMax = 2.5 * registerCount;

export function createDistinctSketch(): DistinctSketch {
  let exact = new Uint32Array(4);
  let exactCount = 0;
  let registers: Uint8Array | undefined;

  function addExact(hash: number): void {
    for (let i = 0; i < exactCount; i++) if (exact[i] === hash) return;
    if (exactCount === exactMax) {
      const dense = new Uint8Array(registerCount);
      for (const known of exact.subarray(0, exactCount)) raise(dense, known);
      raise(dense, hash);
      registers = dense;
      exact = new Uint32Array(0);
      return;
    }
    if (exactCount === exact.length) {
      const larger = new Uint32Array(Math.min(exactMax, exact.length * 2));
      larger.set(exact);
      exact = larger;
    }
    exact[exactCount++] = hash;
  }

  return {
    add: (hash) => (registers === undefined ? addExact(hash) : raise(registers, hash)),
    estimate: () => (registers === undefined ? exactCount : estimateOf(registers)),
  };
}

function raise(registers: Uint8Array, hash: number): void {
  const register = hash & (registerCount - 1);
  // The sentinel bit below the 24 remaining ones bounds the rank at 25.
  const rank = Math.clz32((hash & ~(registerCount - 1)) | (1 << (registerBits - 1))) + 1;
  if (rank > registers[register]!) registers[register] = rank;
}

function estimateOf(registers: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) empty++;
  }
  const raw = (alpha * registerCount ** 2) / sum;
  return Math.round(raw <= linearMax && empty > 0 ? registerCount * Math.log(registerCount / empty) : raw);
}
