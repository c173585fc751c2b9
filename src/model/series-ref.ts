/** How series are spoken of in memory: by a ref, a dense whole number that the series index gives out. */

/** In the place of a ref: there is no such series, or its samples are not to be stored. */
export const noRef = 0xffff_ffff;

/** The 64-bit id of a series out of its halves. */
export const seriesId = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low);
