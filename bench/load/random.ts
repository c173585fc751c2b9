/**
 * Numbers that follow from a seed. The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand
 * and BigCrush, and costs a few nanoseconds, so that making a load stays cheap beside compressing it.
 */
export interface Random {
  /** In [0, 1), 32 bits of it. */
  uniform(): number;
  /** In [low, high). */
  between(low: number, high: number): number;
  /** A whole number in [0, count). */
  below(count: number): number;
  /** Standard normal. */
  normal(): number;
  /** Poisson-distributed with this mean; past `exactMeanMax` from the normal distribution that it then resembles. */
  poisson(mean: number): number;
}

const exactMeanMax = 16;
/** Rounds after which the state no longer shows the seed, as its author uses. */
const warmUpRounds = 15;

export function createRandom(seed: number): Random {
  let a = 0;
  let b = seed | 0;
  let c = Math.trunc(seed / 2 ** 32) | 0;
  let counter = 1;
  const uniform = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < warmUpRounds; i++) uniform();
  // Box and Muller's transform; 1 - u keeps the logarithm finite.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    below: (count) => Math.floor(uniform() * count),
    normal,
    poisson(mean) {
      if (mean > exactMeanMax) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      let left = uniform();
      let share = Math.exp(-mean);
      let count = 0;
      // Ends although rounding may leave a rest: shares fall to zero.
      while (left >= share && share > 0) {
        left -= share;
        count++;
        share *= mean / count;
      }
      return count;
    },
  };
}
