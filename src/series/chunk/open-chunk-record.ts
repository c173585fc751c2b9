/** The record of an open chunk: 16 words, one block. Times are milliseconds since the hour's start. See `open-chunks.ts`. */
import { blockBytes } from './arenas.js';

export const countWord = 0;
export const firstTimeWord = 1;
export const firstDeltaWord = 2;
export const lastTimeWord = 3;
export const lastDeltaWord = 4;
export const timeRepeatsWord = 5;
export const valueRepeatsWord = 6;
export const valueFirstBlockWord = 7;
export const valueLastBlockWord = 8;
export const timeFirstBlockWord = 9;
// Word 10: the last block of times; only the kernel asks for it.
/** Bytes used in the last block of values (bits 0-7) and of times (8-15), mode (16-23), escapes, at most 255 (24-31). */
export const packedWord = 11;
/** Low and high word of the value that the next one is compared with. */
export const baseWord = 12;
/** A double: four times the difference of mantissas that is predicted, see docs/formats/chunk.md. */
export const trendWord = 14;

/** A block's last word is the number of the next one; bytes before it are codes. */
export const payloadBytes = blockBytes - 4;
