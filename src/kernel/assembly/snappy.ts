/**
 * Snappy's block format, without its preamble. Copies go by 16 bytes and may write past an element's end where there is room: what comes
 * next writes over it. Source: google/snappy format_description.txt.
 */

const literal: u32 = 0;
const copyWithOneByteOffset: u32 = 1;
const copyWithTwoByteOffset: u32 = 2;
/** Longest element but for literals, and what copies may overshoot to. */
const copyBytesMax: usize = 64;
/** From here on the tag of a literal tells how many bytes its length has. */
const shortLiteralMax: usize = 60;

/** Answers for input that is no snappy. */
const endsWithin: i32 = -1;
const looksBack: i32 = -2;
const isLonger: i32 = -3;

/**
 * Unpacks the elements at [at, end) to [out, outEnd). Answers how many bytes they are, at most outEnd - out; or -1 where the input ends within
 * an element, -2 where a copy looks back before the beginning, -3 where there is more than `outEnd` allows.
 */
export function unpackSnappy(at: usize, end: usize, out: usize, outEnd: usize): i32 {
  const outStart = out;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    const kind = tag & 3;
    let length: usize = <usize>(tag >> 2) + 1;
    if (kind == literal) {
      if (length > shortLiteralMax) {
        const lengthBytes = length - shortLiteralMax;
        if (lengthBytes > end - at) return endsWithin;
        length = readLength(at, lengthBytes);
        at += lengthBytes;
        if (length == 0) return isLonger;
      }
      if (length > end - at) return endsWithin;
      if (length > outEnd - out) return isLonger;
      copyLiteral(at, end, out, outEnd, length);
      at += length;
      out += length;
      continue;
    }
    let offset: usize;
    if (kind == copyWithOneByteOffset) {
      if (at >= end) return endsWithin;
      length = <usize>((tag >> 2) & 7) + 4;
      offset = (<usize>(tag >> 5) << 8) | <usize>load<u8>(at++);
    } else if (kind == copyWithTwoByteOffset) {
      if (end - at < 2) return endsWithin;
      offset = <usize>load<u16>(at);
      at += 2;
    } else {
      if (end - at < 4) return endsWithin;
      offset = <usize>load<u32>(at);
      at += 4;
    }
    if (offset == 0 || offset > out - outStart) return looksBack;
    if (length > outEnd - out) return isLonger;
    copyBack(out, outEnd, offset, length);
    out += length;
  }
  return <i32>(out - outStart);
}

/** A literal's length, of `bytes` bytes; 0 stands for 2^32. */
function readLength(at: usize, bytes: usize): usize {
  let length: usize = 0;
  for (let i: usize = 0; i < bytes; i++) length |= <usize>load<u8>(at + i) << (8 * i);
  return length + 1;
}

// @ts-expect-error: decorator
@inline
function copyLiteral(at: usize, end: usize, out: usize, outEnd: usize, length: usize): void {
  if (length <= copyBytesMax && end - at >= copyBytesMax && outEnd - out >= copyBytesMax) copy64(at, out, length);
  else memory.copy(out, at, length);
}

// @ts-expect-error: decorator
@inline
function copyBack(out: usize, outEnd: usize, offset: usize, length: usize): void {
  // Sixteen bytes that are read together must all have been written.
  if (offset >= 16 && outEnd - out >= copyBytesMax) {
    copy64(out - offset, out, length);
    return;
  }
  const stop = out + length;
  for (; out < stop; out++) store<u8>(out, load<u8>(out - offset));
}

/** Copies `length` bytes, at most 64, and what comes behind them up to the next 16 or 32. */
// @ts-expect-error: decorator
@inline
function copy64(from: usize, to: usize, length: usize): void {
  v128.store(to, v128.load(from));
  if (length <= 16) return;
  v128.store(to + 16, v128.load(from + 16));
  if (length <= 32) return;
  v128.store(to + 32, v128.load(from + 32));
  v128.store(to + 48, v128.load(from + 48));
}
