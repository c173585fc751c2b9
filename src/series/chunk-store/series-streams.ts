/**
 * The chunks of many series as they are stored, copied out so that they outlast whatever becomes of the store: a byte or two a sample. A series' streams lie
 * together, in batches small enough to be decoded from a cache; streams of times that neighbours share are there once a batch.
 */
import { copyTimeStream, copyValueStream } from '../chunk/copy-chunk.js';
import { readValueStreamHeader, timeStreamEnd, timesUpTo } from '../chunk/decode-chunk.js';
import { openSampleCount } from '../chunk/open-chunks.js';
import type { GroupHour, Hour } from './hours.js';
import { hourOf } from './hours.js';
import type { Segment } from './segment.js';
import { firstChunkOf, segmentBytes, segmentWord, segmentWords } from './segment.js';
import type { StoreState } from './store-state.js';

/** Words of a place: where in the batch values and times begin, the hour since the epoch, and the number of samples. */
export const placeWords = 4;

export interface StreamBatch {
  readonly bytes: Uint8Array;
  /** `placeWords` a chunk, in the order of series and time. */
  readonly places: Uint32Array;
}

export interface SeriesStreams {
  readonly batches: readonly StreamBatch[];
  /** By series: its batch, and its chunks there, [chunkStarts, chunkEnds). */
  readonly batchOf: Uint32Array;
  readonly chunkStarts: Uint32Array;
  readonly chunkEnds: Uint32Array;
  /** By series: how many samples it has in the range. */
  readonly counts: Uint32Array;
  /** The range: (fromMs, toMs]. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Half of what a core's second cache mostly holds. A guess. */
const batchBytesMax = 2 ** 19;

/** Copies the chunks of series that may hold samples with times in (fromMs, toMs]. */
export function copyStreams(state: StoreState, refs: ArrayLike<number>, fromMs: number, toMs: number): SeriesStreams {
  const seriesCount = refs.length;
  const streams = {
    batchOf: new Uint32Array(seriesCount),
    chunkStarts: new Uint32Array(seriesCount),
    chunkEnds: new Uint32Array(seriesCount),
    counts: new Uint32Array(seriesCount),
  };
  const [firstHour, lastHour] = [hourOf(fromMs), hourOf(toMs)];
  const hours = state.hours.sorted
    .filter(({ index }) => index >= firstHour && index <= lastHour)
    .map((hour): HourWalk => {
      const isCut = hour.index === firstHour || hour.index === lastHour;
      return { hour, isCut, group: -1, segments: [], hints: [], timesFrom: -1, timesAt: -1, timesKept: 0 };
    });
  const batches: StreamBatch[] = [];
  const copier = createCopier(state, Math.min(batchBytesMax, 512 * seriesCount * hours.length + 1024), fromMs, toMs);
  for (let i = 0; i < seriesCount; i++) {
    if (copier.end > batchBytesMax - batchBytesMax / 8) {
      closeBatch(copier, batches, hours);
      copier.bytes = new Uint8Array(batchBytesMax);
      copier.end = 0;
    }
    streams.batchOf[i] = batches.length;
    streams.chunkStarts[i] = copier.places.length / placeWords;
    for (const walk of hours) streams.counts[i]! += copyHour(copier, walk, refs[i]!);
    streams.chunkEnds[i] = copier.places.length / placeWords;
  }
  closeBatch(copier, batches, hours);
  return { ...streams, batches, fromMs, toMs };
}

/** What is known on the way along rising refs in one hour. */
interface HourWalk {
  readonly hour: Hour;
  /** Whether the hour may reach out of the range. */
  readonly isCut: boolean;
  group: number;
  segments: readonly Segment[];
  /** By segment: the chunk to try first. */
  hints: number[];
  /** The last stream of times: where it came from, where it went, and how many of its times are in the range. */
  timesFrom: number;
  timesAt: number;
  timesKept: number;
}

interface Copier {
  readonly state: StoreState;
  readonly fromMs: number;
  readonly toMs: number;
  bytes: Uint8Array;
  end: number;
  places: number[];
}

const createCopier = (state: StoreState, bytes: number, fromMs: number, toMs: number): Copier => ({
  state,
  fromMs,
  toMs,
  bytes: new Uint8Array(bytes),
  end: 0,
  places: [],
});

function closeBatch(copier: Copier, batches: StreamBatch[], hours: readonly HourWalk[]): void {
  batches.push({ bytes: copier.bytes.subarray(0, copier.end), places: Uint32Array.from(copier.places) });
  copier.places = [];
  for (const walk of hours) walk.timesFrom = -1;
}

/** Copies a series' chunks of an hour. Returns how many samples with times in the range they hold. */
function copyHour(copier: Copier, walk: HourWalk, ref: number): number {
  const { state } = copier;
  const { hour } = walk;
  if (openSampleCount(hour.open, ref) > 0) return copyOpen(copier, walk, ref);
  if (hour.closedChunks === 0) return 0;
  const group = state.groupOf(ref);
  if (group !== walk.group) enterGroup(walk, group, hour.groups.get(group));
  let samples = 0;
  for (let s = 0; s < walk.segments.length; s++) {
    const segment = walk.segments[s]!;
    if (ref < segment.firstRef || ref > segment.lastRef) continue;
    const words = segmentWords(state.arenas, segment);
    const first = segmentWord(state.arenas, segment);
    const { chunkCount } = segment;
    const hint = walk.hints[s]!;
    let i = hint < chunkCount && words[first + hint] === ref ? hint : firstChunkOf(state.arenas, segment, ref);
    for (; i < chunkCount && words[first + i] === ref; i++) {
      const valueAt = words[first + chunkCount + i]!;
      if (valueAt === 0) continue;
      const bytes = segmentBytes(state.arenas, segment);
      const timeStart = first * 4 + words[first + 2 * chunkCount + i]!;
      samples += copyChunk(
        copier,
        walk,
        bytes,
        first * 4 + valueAt,
        timeStart,
        segment.block >>> state.arenas.blockShift,
      );
    }
    walk.hints[s] = i;
  }
  return samples;
}

function enterGroup(walk: HourWalk, group: number, groupHour: GroupHour | undefined): void {
  walk.group = group;
  walk.segments = groupHour?.segments ?? [];
  walk.hints = walk.segments.map(() => 0);
}

function copyChunk(
  copier: Copier,
  walk: HourWalk,
  bytes: Uint8Array,
  valueStart: number,
  timeStart: number,
  arena: number,
): number {
  const { header } = copier.state.reader;
  readValueStreamHeader(bytes, valueStart, header);
  const { sampleCount, codesEnd } = header;
  const valueAt = copyBytes(copier, bytes, valueStart, codesEnd);
  const from = arena * 2 ** 32 + timeStart;
  if (walk.timesFrom !== from) {
    walk.timesFrom = from;
    walk.timesAt = copyBytes(copier, bytes, timeStart, timeStreamEnd(bytes, timeStart));
    walk.timesKept = timesKept(copier, walk, bytes, timeStart, sampleCount);
  }
  copier.places.push(valueAt, walk.timesAt, walk.hour.index, sampleCount);
  return walk.timesKept;
}

function copyOpen(copier: Copier, walk: HourWalk, ref: number): number {
  const { valueCopy, timeCopy } = copier.state.reader;
  const { open, index } = walk.hour;
  copyValueStream(open, ref, valueCopy);
  copyTimeStream(open, ref, timeCopy);
  const sampleCount = openSampleCount(open, ref);
  const valueAt = copyBytes(copier, valueCopy.bytes, valueCopy.start, valueCopy.end);
  const { bytes, start, end } = timeCopy;
  // Neighbours of one target mostly have the same times, which were copied last.
  if (walk.timesFrom !== openTimes || !isCopied(copier, walk.timesAt, bytes, start, end)) {
    walk.timesFrom = openTimes;
    walk.timesAt = copyBytes(copier, bytes, start, end);
  }
  walk.timesKept = timesKept(copier, walk, bytes, start, sampleCount);
  copier.places.push(valueAt, walk.timesAt, index, sampleCount);
  return walk.timesKept;
}

/** In place of where a stream lies in the store, for those of open chunks. */
const openTimes = -2;

function isCopied({ bytes: copied }: Copier, at: number, bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (copied[at + i - start] !== bytes[i]) return false;
  return true;
}

function timesKept({ fromMs, toMs }: Copier, walk: HourWalk, bytes: Uint8Array, at: number, count: number): number {
  if (!walk.isCut) return count;
  const { startMs } = walk.hour.open;
  return timesUpTo(bytes, at, count, toMs - startMs) - timesUpTo(bytes, at, count, fromMs - startMs);
}

function copyBytes(copier: Copier, source: Uint8Array, start: number, end: number): number {
  const at = copier.end;
  copier.end = at + end - start;
  if (copier.end > copier.bytes.length) {
    const larger = new Uint8Array(Math.max(copier.end, 2 * copier.bytes.length));
    larger.set(copier.bytes.subarray(0, at));
    copier.bytes = larger;
  }
  const { bytes } = copier;
  // Below some hundred bytes a loop is quicker than a view and its copy.
  if (end - start > 128) bytes.set(source.subarray(start, end), at);
  else for (let i = start; i < end; i++) bytes[at + i - start] = source[i]!;
  return at;
}
