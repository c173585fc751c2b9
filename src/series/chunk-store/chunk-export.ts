/**
 * What a reader in another thread gets: the places of chunks, and the shared memory they lie in. It copies no closed chunk, and
 * needs no lock, by this rule: **a reader elsewhere sees only bytes that never change.** Those are the streams of segments, and
 * copies of open chunks that are made for the export. None of them is freed, and none of their memory used again,
 * before the export is released. The thread that owns the store makes exports and releases them; a reader must have ended by then.
 */
import type { Arenas } from '../chunk/arenas.js';
import type { StreamCopy } from '../chunk/copy-chunk.js';
import { copyTimeStream, copyValueStream } from '../chunk/copy-chunk.js';
import type { ValueStreamHeader } from '../chunk/decode-chunk.js';
import { openSampleCount } from '../chunk/open-chunks.js';
import { readStreams } from '../chunk/read-chunk.js';
import type { SampleColumns } from '../chunk/sample-columns.js';
import { keepSamples } from '../chunk/sample-columns.js';
import type { Hour } from './hours.js';
import { hourMs, hourOf } from './hours.js';
import type { StoreState } from './store-state.js';
import { forEachChunk } from './store-state.js';

/** Can be posted to a worker as it is: its buffers are shared, not copied. */
export interface ExportedChunks {
  /** By arena; undefined where none of the chunks lies in it. Copies of open chunks lie in a buffer of the export's own behind them. */
  readonly buffers: readonly (SharedArrayBuffer | undefined)[];
  /** Four words a chunk, in order of series and time: its arena, where its values and its times begin there, and its hour since the epoch. */
  readonly places: Uint32Array;
  /** The chunks of series i of the export are [chunkEnds[i - 1], chunkEnds[i]). */
  readonly chunkEnds: Uint32Array;
}

export interface ChunkExport {
  readonly chunks: ExportedChunks;
  /** Lets the memory be used again. Nobody may read the chunks afterwards. */
  release(): void;
}

const placeWords = 4;

/** Exports the chunks of series that hold samples of hours with times in (fromMs, toMs]. */
export function exportChunks(state: StoreState, refs: Uint32Array, fromMs: number, toMs: number): ChunkExport {
  const { arenas } = state;
  const endLease = arenas.lease();
  const copies: Copies = { bytes: new Uint8Array(4096), end: 0 };
  const places: number[] = [];
  const chunkEnds = new Uint32Array(new SharedArrayBuffer(refs.length * 4));
  const hours = state.hours.sorted.filter(({ index }) => index >= hourOf(fromMs) && index <= hourOf(toMs));
  refs.forEach((ref, i) => {
    for (const hour of hours) {
      if (openSampleCount(hour.open, ref) > 0) exportOpen(state, hour, ref, places, copies);
      else exportClosed(state, hour, ref, places);
    }
    chunkEnds[i] = places.length / placeWords;
  });
  const shared = new Uint32Array(new SharedArrayBuffer(places.length * 4));
  shared.set(places);
  return { chunks: { buffers: buffersOf(arenas, shared, copies), places: shared, chunkEnds }, release: endLease };
}

/** Streams of open chunks, one behind the other. */
interface Copies {
  bytes: Uint8Array;
  end: number;
}

function exportOpen(state: StoreState, { open, index }: Hour, ref: number, places: number[], copies: Copies): void {
  const { valueCopy, timeCopy } = state.reader;
  copyValueStream(open, ref, valueCopy);
  copyTimeStream(open, ref, timeCopy);
  const valueStart = addCopy(copies, valueCopy);
  places.push(state.arenas.buffers.length, valueStart, addCopy(copies, timeCopy), index);
}

function addCopy(copies: Copies, { bytes, start, end }: StreamCopy): number {
  const at = copies.end;
  copies.end += end - start;
  if (copies.end > copies.bytes.length) {
    const larger = new Uint8Array(copies.end * 2);
    larger.set(copies.bytes.subarray(0, at));
    copies.bytes = larger;
  }
  copies.bytes.set(bytes.subarray(start, end), at);
  return at;
}

function exportClosed(state: StoreState, hour: Hour, ref: number, places: number[]): void {
  if (hour.closedChunks === 0) return;
  for (const segment of hour.groups.get(state.groupOf(ref))?.segments ?? []) {
    const arena = segment.block >>> state.arenas.blockShift;
    forEachChunk(state.arenas, segment, ref, (valueStart, timeStart) => {
      places.push(arena, valueStart, timeStart, hour.index);
    });
  }
}

function buffersOf(arenas: Arenas, places: Uint32Array, copies: Copies): (SharedArrayBuffer | undefined)[] {
  const buffers: (SharedArrayBuffer | undefined)[] = arenas.buffers.map(() => undefined);
  for (let i = 0; i < places.length; i += placeWords) buffers[places[i]!] = arenas.buffers[places[i]!];
  const copied = new SharedArrayBuffer(copies.end);
  new Uint8Array(copied).set(copies.bytes.subarray(0, copies.end));
  buffers[arenas.buffers.length] = copied;
  return buffers;
}

/** The arenas of an export as bytes, for `readExported`: made once where it arrives. */
export const exportedBytes = ({ buffers }: ExportedChunks): Uint8Array[] =>
  buffers.map((buffer) => new Uint8Array(buffer ?? new SharedArrayBuffer(0)));

/** Appends the samples of series `i` of an export with times in (fromMs, toMs] to `into`, in order of time. */
export function readExported(
  { places, chunkEnds }: ExportedChunks,
  bytes: readonly Uint8Array[],
  i: number,
  fromMs: number,
  toMs: number,
  header: ValueStreamHeader,
  into: SampleColumns,
): void {
  const start = into.length;
  const end = chunkEnds[i]! * placeWords;
  for (let place = (i === 0 ? 0 : chunkEnds[i - 1]!) * placeWords; place < end; place += placeWords) {
    const arena = bytes[places[place]!]!;
    readStreams(header, arena, places[place + 1]!, arena, places[place + 2]!, places[place + 3]! * hourMs, into);
  }
  keepSamples(into, start, fromMs, toMs);
}
