/**
 * A segment holds closed chunks of one group and hour, side by side, in one run of blocks (docs/formats/chunk.md). It never
 * changes, but for the place of a chunk's values, which becomes 0 when the chunk is dropped or moves elsewhere; its
 * streams stay readable until the segment is freed. Equal streams of times are stored once: the series of one
 * target share theirs.
 *
 * A series with very many samples has several chunks here, in order of time; they may go on in the next segment.
 */
import type { Arenas } from '../chunk/arenas.js';
import { blockBytes, blockWords } from '../chunk/arenas.js';
import type { ValueStreamHeader } from '../chunk/decode-chunk.js';
import { readValueStreamHeader, timeStreamEnd } from '../chunk/decode-chunk.js';

export interface Segment {
  readonly block: number;
  readonly blockCount: number;
  readonly chunkCount: number;
  readonly firstRef: number;
  readonly lastRef: number;
  /** Chunks that were not dropped, and their samples. */
  liveChunks: number;
  liveSamples: number;
  /** Everything in it had arrived by then. */
  readonly arrival: number;
}

/** The first word of a segment's refs; those of its chunks' values and of their times follow. */
export const segmentWord = (arenas: Arenas, { block }: Segment): number => (block & arenas.blockMask) * blockWords;

export const segmentWords = (arenas: Arenas, { block }: Segment): Uint32Array =>
  arenas.words[block >>> arenas.blockShift]!;

export const segmentBytes = (arenas: Arenas, { block }: Segment): Uint8Array =>
  arenas.bytes[block >>> arenas.blockShift]!;

/** The place of the first chunk of `ref`, or of the next larger one; `chunkCount` where there is none. */
export function firstChunkOf(arenas: Arenas, segment: Segment, ref: number): number {
  const words = segmentWords(arenas, segment);
  const refs = segmentWord(arenas, segment);
  let from = 0;
  let to = segment.chunkCount;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (words[refs + middle]! < ref) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Drops the chunks of `ref`. Returns whether there were any. */
export function dropChunksOf(arenas: Arenas, segment: Segment, ref: number, header: ValueStreamHeader): boolean {
  if (ref < segment.firstRef || ref > segment.lastRef) return false;
  const words = segmentWords(arenas, segment);
  const refs = segmentWord(arenas, segment);
  const { chunkCount, liveChunks } = segment;
  for (let i = firstChunkOf(arenas, segment, ref); i < chunkCount && words[refs + i] === ref; i++) {
    const valueAt = words[refs + chunkCount + i]!;
    if (valueAt === 0) continue;
    readValueStreamHeader(segmentBytes(arenas, segment), refs * 4 + valueAt, header);
    segment.liveChunks--;
    segment.liveSamples -= header.sampleCount;
    words[refs + chunkCount + i] = 0;
  }
  return segment.liveChunks < liveChunks;
}

/** Gathers chunks, by rising ref, until they are made a segment. */
export interface SegmentBuilder {
  readonly arenas: Arenas;
  readonly chunksMax: number;
  readonly bytesMax: number;
  readonly refs: Uint32Array;
  readonly valueStarts: Uint32Array;
  readonly timeStarts: Uint32Array;
  readonly bytes: Uint8Array;
  /** Where a stream of times with a given checksum begins. */
  readonly timesByChecksum: Map<number, number>;
  chunkCount: number;
  sampleCount: number;
  end: number;
}

/** A guess: large enough that its head and rounding cost nothing, small enough that merging one takes about a millisecond. */
const chunksPerSegmentMax = 4096;
const segmentBytesMax = 2 ** 20;

/** Words that a chunk takes ahead of the streams: its ref, and where its values and its times begin. */
const chunkWords = 3;

export function createSegmentBuilder(arenas: Arenas): SegmentBuilder {
  const bytesMax = Math.min(segmentBytesMax, ((arenas.blockMask + 1) * blockBytes) / 4);
  return {
    arenas,
    chunksMax: chunksPerSegmentMax,
    bytesMax,
    refs: new Uint32Array(chunksPerSegmentMax),
    valueStarts: new Uint32Array(chunksPerSegmentMax),
    timeStarts: new Uint32Array(chunksPerSegmentMax),
    bytes: new Uint8Array(bytesMax),
    timesByChecksum: new Map(),
    chunkCount: 0,
    sampleCount: 0,
    end: 0,
  };
}

/** Whether a chunk whose streams have so many bytes still fits. The first fits always: the store bounds the samples of a chunk. */
export const hasRoom = ({ chunkCount, chunksMax, end, bytesMax }: SegmentBuilder, streamBytes: number): boolean =>
  chunkCount === 0 || (chunkCount < chunksMax && end + streamBytes + (chunkCount + 1) * chunkWords * 4 <= bytesMax);

/** Adds a chunk by its streams, values[start, end) and times[start, end), which are copied. */
export function addChunk(
  builder: SegmentBuilder,
  ref: number,
  sampleCount: number,
  values: Uint8Array,
  valueStart: number,
  valueEnd: number,
  times: Uint8Array,
  timeStart: number,
  timeEnd: number,
): void {
  const i = builder.chunkCount++;
  builder.refs[i] = ref;
  builder.valueStarts[i] = copyBytes(builder, values, valueStart, valueEnd);
  builder.timeStarts[i] = addTimes(builder, times, timeStart, timeEnd);
  builder.sampleCount += sampleCount;
}

function copyBytes(builder: SegmentBuilder, source: Uint8Array, start: number, end: number): number {
  const target = builder.end;
  // Most streams are a few hundred bytes, for which a loop is as quick as a subarray and its copy.
  for (let i = start; i < end; i++) builder.bytes[target + i - start] = source[i]!;
  builder.end = target + end - start;
  return target;
}

function addTimes(builder: SegmentBuilder, times: Uint8Array, start: number, end: number): number {
  let checksum = 0x811c9dc5;
  for (let i = start; i < end; i++) checksum = Math.imul(checksum ^ times[i]!, 0x01000193);
  const known = builder.timesByChecksum.get(checksum);
  if (known !== undefined && isSame(builder.bytes, known, times, start, end)) return known;
  const added = copyBytes(builder, times, start, end);
  builder.timesByChecksum.set(checksum, added);
  return added;
}

function isSame(bytes: Uint8Array, at: number, other: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[at + i - start] !== other[i]) return false;
  return true;
}

/** Makes a segment of the chunks gathered, at least one, and empties the builder. */
export function finishSegment(builder: SegmentBuilder, arrival: number): Segment {
  const { arenas, chunkCount, sampleCount, end, refs } = builder;
  const headBytes = chunkCount * chunkWords * 4;
  const blockCount = Math.ceil((headBytes + end) / blockBytes);
  const segment: Segment = {
    block: arenas.allocate(blockCount),
    blockCount,
    chunkCount,
    firstRef: refs[0]!,
    lastRef: refs[chunkCount - 1]!,
    liveChunks: chunkCount,
    liveSamples: sampleCount,
    arrival,
  };
  const words = segmentWords(arenas, segment);
  const first = segmentWord(arenas, segment);
  for (let i = 0; i < chunkCount; i++) {
    words[first + i] = refs[i]!;
    words[first + chunkCount + i] = headBytes + builder.valueStarts[i]!;
    words[first + 2 * chunkCount + i] = headBytes + builder.timeStarts[i]!;
  }
  segmentBytes(arenas, segment).set(builder.bytes.subarray(0, end), first * 4 + headBytes);
  builder.timesByChecksum.clear();
  builder.chunkCount = 0;
  builder.sampleCount = 0;
  builder.end = 0;
  return segment;
}

/** Makes as few segments as will do of the chunks of several, and frees those. Chunks of one ref stay in the order of `segments`. */
export function mergeSegments(
  builder: SegmentBuilder,
  segments: readonly Segment[],
  header: ValueStreamHeader,
): Segment[] {
  const { arenas } = builder;
  const arrival = Math.max(...segments.map((segment) => segment.arrival));
  const chunks = segments.flatMap((segment) =>
    Array.from({ length: segment.chunkCount }, (_, i) => ({ segment, i, ref: refAt(arenas, segment, i) })),
  );
  const merged: Segment[] = [];
  for (const { segment, i, ref } of chunks.sort((a, b) => a.ref - b.ref)) {
    const words = segmentWords(arenas, segment);
    const first = segmentWord(arenas, segment);
    const valueAt = words[first + segment.chunkCount + i]!;
    if (valueAt === 0) continue;
    const bytes = segmentBytes(arenas, segment);
    const valueStart = first * 4 + valueAt;
    const timeStart = first * 4 + words[first + 2 * segment.chunkCount + i]!;
    const timeEnd = timeStreamEnd(bytes, timeStart);
    readValueStreamHeader(bytes, valueStart, header);
    const { codesEnd, sampleCount } = header;
    if (!hasRoom(builder, codesEnd - valueStart + timeEnd - timeStart)) merged.push(finishSegment(builder, arrival));
    addChunk(builder, ref, sampleCount, bytes, valueStart, codesEnd, bytes, timeStart, timeEnd);
  }
  if (builder.chunkCount > 0) merged.push(finishSegment(builder, arrival));
  for (const { block, blockCount } of segments) arenas.free(block, blockCount);
  return merged;
}

const refAt = (arenas: Arenas, segment: Segment, i: number): number =>
  segmentWords(arenas, segment)[segmentWord(arenas, segment) + i]!;
