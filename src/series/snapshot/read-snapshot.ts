/** Reads a snapshot (docs/formats/snapshot.md) back into the memory of another process. */

import { chunkFormatVersion } from '../chunk/chunk-codes.js';
import type { ChunkStore } from '../chunk-store/chunk-store.js';
import type { ChunkPart } from '../chunk-store/dump.js';
import type { SeriesIndex } from '../index/series-index.js';
import {
  decodeSection,
  payloadBytesAt,
  type Section,
  sectionBytes,
  sectionHeaderBytes,
  sectionKinds,
  snapshotMagic,
} from './section.js';
import { endPayloadBytes, type SnapshotIdentity } from './write-snapshot.js';

/** A file to read from. */
export interface SnapshotFile {
  readonly bytes: number;
  /** The bytes [at, at + length) that there are, at a multiple of 4 in their buffer. Valid until the next call. */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** What a whole file belongs to; otherwise what is wrong with it, in words. */
export async function snapshotIdentity(file: SnapshotFile): Promise<SnapshotIdentity | string> {
  const endBytes = sectionBytes(endPayloadBytes);
  if (file.bytes < snapshotMagic.length + sectionHeaderBytes + endBytes) return 'it is too short';
  const start = await file.read(0, snapshotMagic.length);
  if (start.some((byte, i) => byte !== snapshotMagic[i])) return 'it has another format';
  const head = await createSectionReader(file, snapshotMagic.length).next();
  if (head?.kind !== sectionKinds.head) return 'its head is damaged';
  const [version, high, low] = wordsOf(head, 0, 3);
  const identity = {
    logSequence: high! * 2 ** 32 + low!,
    tables: Buffer.from(head.payload.subarray(12)).toString(),
  };
  if (version !== chunkFormatVersion) return 'its chunks have another format';
  const end = await createSectionReader(file, file.bytes - endBytes).next();
  if (end?.kind !== sectionKinds.end || lengthIn(end) !== file.bytes) return 'it is not whole';
  return identity;
}

function lengthIn(end: Section): number {
  const [high, low] = wordsOf(end, 12, 2);
  return high! * 2 ** 32 + low!;
}

const wordsOf = ({ payload }: Section, at: number, count: number): Uint32Array =>
  new Uint32Array(payload.buffer, payload.byteOffset + at, count);

export interface SnapshotTarget {
  /** Holds the series of the tables. */
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  /** Told how many bytes of the file were read so far. */
  readonly onRead?: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface Restored {
  readonly samples: number;
  /** Why not all of the file came into memory, in words. */
  readonly problem?: string;
}

/** Resolves when all of a file that `snapshotIdentity` took came into memory, or as much of it as may. */
export async function restoreSnapshot(file: SnapshotFile, target: SnapshotTarget): Promise<Restored> {
  const { index, chunks, onRead, signal } = target;
  const reader = createSectionReader(file, snapshotMagic.length, onRead);
  const translation = createTranslation(index);
  let section = await reader.next();
  for (; section !== undefined && section.kind < sectionKinds.part; section = await reader.next()) {
    if (section.kind === sectionKinds.series) translation.addSeries(section);
    else if (section.kind === sectionKinds.metrics) translation.addMetrics(section);
  }
  const restore = chunks.beginRestore(translation.refs());
  let samples = 0;
  try {
    for (; section?.kind === sectionKinds.part; section = await reader.next()) {
      if (signal.aborted) return { samples, problem: 'the server stops' };
      const part = partOf(section, translation);
      // A metric without series here: they were deleted.
      if (part === undefined) continue;
      if (!restore.add(part)) return { samples, problem: 'there is no room for more, or samples were deleted' };
      samples += part.liveSamples;
    }
    if (section === undefined) return { samples, problem: 'it is damaged' };
    restore.finish(completeFromIn(section));
    return { samples };
  } finally {
    restore.abandon();
  }
}

const completeFromIn = (end: Section): number => new Float64Array(end.payload.slice(0, 8).buffer)[0]!;

/** Read at once: some milliseconds of the thread that takes writes. */
const windowBytes = 2 ** 20;

interface SectionReader {
  /** The next section, valid until the next call; undefined where there is none, or it is damaged. */
  next(): Promise<Section | undefined>;
}

function createSectionReader(file: SnapshotFile, from: number, onRead?: (bytes: number) => void): SectionReader {
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = from;
  let used = 0;

  /** Whether so many bytes lie ahead. */
  async function has(bytes: number): Promise<boolean> {
    if (window.length - used >= bytes) return true;
    windowAt += used;
    used = 0;
    onRead?.(windowAt);
    window = await file.read(windowAt, Math.max(windowBytes, bytes));
    return window.length >= bytes;
  }

  return {
    async next() {
      if (!(await has(sectionHeaderBytes))) return undefined;
      const payloadBytes = payloadBytesAt(window, used);
      if (payloadBytes === undefined || !(await has(sectionBytes(payloadBytes)))) return undefined;
      const at = used;
      used += sectionBytes(payloadBytes);
      return decodeSection(window, at, payloadBytes);
    },
  };
}

/** From numbers of the process that wrote to numbers of this one. */
interface Translation {
  addSeries(section: Section): void;
  addMetrics(section: Section): void;
  refs(): Uint32Array;
  /** Undefined where no series here has the metric. */
  metricOf(metric: number): number | undefined;
}

function createTranslation(index: SeriesIndex): Translation {
  const metricsByName = new Map<string, number>();
  for (let metric = 0; metric < index.metricLimit; metric++) metricsByName.set(index.metricName(metric), metric);
  const metrics = new Map<number, number>();
  const pages: Uint32Array[] = [];
  return {
    addSeries(section) {
      const count = (section.payload.length - 4) / 8;
      const ids = wordsOf(section, 4, 2 * count);
      pages.push(Uint32Array.from({ length: count }, (_, i) => index.refOfId(ids[i]!, ids[count + i]!)));
    },
    addMetrics(section) {
      const [from, count] = wordsOf(section, 0, 2);
      const lengths = wordsOf(section, 8, count!);
      let at = 8 + 4 * count!;
      for (const [i, length] of lengths.entries()) {
        const metric = metricsByName.get(Buffer.from(section.payload.subarray(at, at + length)).toString());
        if (metric !== undefined) metrics.set(from! + i, metric);
        at += length;
      }
    },
    refs() {
      const refs = new Uint32Array(pages.reduce((count, page) => count + page.length, 0));
      let at = 0;
      for (const page of pages.splice(0)) {
        refs.set(page, at);
        at += page.length;
      }
      return refs;
    },
    metricOf: (metric) => metrics.get(metric),
  };
}

const partWords = 6;

function partOf({ payload }: Section, { metricOf }: Translation): ChunkPart | undefined {
  const [metric, hour, chunkCount, liveChunks, liveSamples, isLast] = new Int32Array(
    payload.buffer,
    payload.byteOffset,
    partWords,
  );
  const group = metricOf(metric!);
  if (group === undefined) return undefined;
  const counts = { chunkCount: chunkCount!, liveChunks: liveChunks!, liveSamples: liveSamples! };
  return { group, hour: hour!, ...counts, isLast: isLast === 1, bytes: payload.subarray(4 * partWords) };
}
