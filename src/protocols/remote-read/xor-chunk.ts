/**
 * Chunks in Prometheus' XOR encoding, which remote read streams: the number of samples in 16 bits, big-endian; the first time as a
 * zigzag varint and the first value's 64 bits; the second time's distance as a varint. From then on a time is the difference between
 * its distance and the one before, and a value its XOR with the one before:
 *
 * ```
 * time:  0 | 10 + 14 bits | 110 + 17 bits | 1110 + 20 bits | 1111 + 64 bits
 * value: 0 (the same) | 10 + the bits within the last window | 11 + 5 bits leading zeros + 6 bits length (64 is 0) + the bits
 * ```
 * Source: Prometheus, tsdb/docs/format/chunks.md, and Pelkonen et al., "Gorilla", section 4.1.
 */
import { valueWords } from '../../model/sample-batch.js';
import { BitWriter } from './bit-writer.js';

/** As many samples as Prometheus puts into a chunk. */
export const xorChunkSamplesMax = 120;

const timeForms = [
  { prefix: 0b10, prefixBits: 2, bits: 14 },
  { prefix: 0b110, prefixBits: 3, bits: 17 },
  { prefix: 0b1110, prefixBits: 4, bits: 20 },
] as const;

/** The field for leading zeros has five bits. */
const leadingZerosMax = 31;

/**
 * The samples [from, to) as a chunk, at most 65,535. Times are whole milliseconds, ascending; of values every bit is kept, so that stale markers
 * stay.
 */
export function encodeXorChunk(timesMs: Float64Array, values: Float64Array, from: number, to: number): Uint8Array {
  const out = new BitWriter();
  out.bits(to - from, 16);
  if (from === to) return out.finish();
  const words = valueWords(values);
  const first = timesMs[from]!;
  out.varint(first < 0 ? -2 * first - 1 : 2 * first);
  out.bits64(words[2 * from + 1]!, words[2 * from]!, 64);
  const value = valueEncoder(out, words);
  for (let i = from + 1, last = 0; i < to; i++) {
    const distance = timesMs[i]! - timesMs[i - 1]!;
    if (i === from + 1) out.varint(distance);
    else writeTime(out, distance - last);
    last = distance;
    value(i);
  }
  return out.finish();
}

/** @param change Of the distance between times, milliseconds. */
function writeTime(out: BitWriter, change: number): void {
  const form = timeForms.find(({ bits }) => change > -(2 ** (bits - 1)) && change <= 2 ** (bits - 1));
  if (change === 0) {
    out.bits(0, 1);
  } else if (form !== undefined) {
    out.bits(form.prefix, form.prefixBits);
    out.bits(change, form.bits);
  } else {
    out.bits(0b1111, 4);
    out.bits64(Math.floor(change / 2 ** 32), change, 64);
  }
}

function valueEncoder(out: BitWriter, words: Uint32Array): (i: number) => void {
  // The window of bits that the last value with a window of its own had.
  let leading = Number.POSITIVE_INFINITY;
  let trailing = 0;
  return (i) => {
    const low = (words[2 * i]! ^ words[2 * i - 2]!) >>> 0;
    const high = (words[2 * i + 1]! ^ words[2 * i - 1]!) >>> 0;
    if (low === 0 && high === 0) {
      out.bits(0, 1);
      return;
    }
    const zerosBefore = Math.min(high === 0 ? 32 + Math.clz32(low) : Math.clz32(high), leadingZerosMax);
    const zerosAfter = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
    if (zerosBefore >= leading && zerosAfter >= trailing) {
      out.bits(0b10, 2);
    } else {
      [leading, trailing] = [zerosBefore, zerosAfter];
      out.bits(0b11, 2);
      out.bits(leading, 5);
      out.bits(64 - leading - trailing, 6);
    }
    writeWindow(out, high, low, leading, trailing);
  };
}

const trailingZeros = (word: number): number => 31 - Math.clz32(word & -word);

function writeWindow(out: BitWriter, high: number, low: number, leading: number, trailing: number): void {
  const count = 64 - leading - trailing;
  if (trailing === 0) out.bits64(high, low, count);
  else if (trailing < 32) out.bits64(high >>> trailing, (low >>> trailing) | (high << (32 - trailing)), count);
  else out.bits64(0, high >>> (trailing - 32), count);
}
