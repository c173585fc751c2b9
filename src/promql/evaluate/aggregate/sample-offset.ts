/**
 * A number in [0, 1) that labels give, the same in every query and evenly spread over series: xxHash64 of their bytes as Prometheus holds
 * them, over 2^64, so that both pick the same series. Computed here and not by the package, whose WebAssembly has to be awaited; once per series
 * and query it costs nothing.
 * Source: Y. Collet, xxHash specification, and Prometheus, promql/engine.go, `HashRatioSampler`, and model/labels/labels_stringlabels.go.
 */
import type { Labels } from '../../../model/labels.js';
import type { SeriesLabels } from '../series-labels.js';

const mask = (1n << 64n) - 1n;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

const offsets = new WeakMap<SeriesLabels, number>();

export function sampleOffset(labels: SeriesLabels): number {
  let offset = offsets.get(labels);
  if (offset === undefined) {
    offset = Number(xxHash64(hashedBytes(labels.pairs))) / 2 ** 64;
    offsets.set(labels, offset);
  }
  return offset;
}

const encoder = new TextEncoder();

/** Names and values in turn, each behind its length: a byte, or from 255 on that byte and three more, little-endian. */
function hashedBytes(labels: Labels): Uint8Array {
  const bytes: number[] = [];
  for (const text of labels.flat()) {
    const encoded = encoder.encode(text);
    const { length } = encoded;
    if (length < 255) bytes.push(length);
    else bytes.push(255, length & 255, (length >>> 8) & 255, length >>> 16);
    for (const byte of encoded) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

const multiply = (a: bigint, b: bigint): bigint => (a * b) & mask;
const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & mask;
const round = (lane: bigint, input: bigint): bigint =>
  multiply(rotate((lane + multiply(input, prime2)) & mask, 31n), prime1);

/** xxHash64 with seed 0. */
export function xxHash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = prime5;
  if (bytes.length >= 32) {
    const lanes = [(prime1 + prime2) & mask, prime2, 0n, -prime1 & mask];
    for (; at + 32 <= bytes.length; at += 32)
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane]!, view.getBigUint64(at + 8 * lane, true));
    hash = lanes.reduce((sum, lane, i) => (sum + rotate(lane, [1n, 7n, 12n, 18n][i]!)) & mask, 0n);
    for (const lane of lanes) hash = (multiply(hash ^ round(0n, lane), prime1) + prime4) & mask;
  }
  hash = (hash + BigInt(bytes.length)) & mask;
  for (; at + 8 <= bytes.length; at += 8)
    hash = (multiply(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n), prime1) + prime4) & mask;
  if (at + 4 <= bytes.length) {
    hash = (multiply(rotate(hash ^ multiply(BigInt(view.getUint32(at, true)), prime1), 23n), prime2) + prime3) & mask;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = multiply(rotate(hash ^ multiply(BigInt(bytes[at]!), prime5), 11n), prime1);
  hash = multiply(hash ^ (hash >> 33n), prime2);
  hash = multiply(hash ^ (hash >> 29n), prime3);
  return hash ^ (hash >> 32n);
}
