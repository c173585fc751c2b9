/** A probability kept from 0 and 1 by the machine epsilon of 64-bit floats, as scikit-learn's log_loss does. Binds `epsilon`. */
export const clippedSql = (probability: string): string =>
  `greatest(least(${probability}, 1 - {epsilon:Float64}), {epsilon:Float64})`;
