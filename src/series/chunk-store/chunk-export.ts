/**
 * What a reader in another thread gets: the places of chunks, and the shared memory they lie in. It copies no closed chunk, and
 * needs no lock, by this rule: **a reader elsewhere sees only bytes that never change.** Those are the streams of segments, and
 * copies of open chunks that are made for the export. None of them is freed, and none of their memory used again,
 * before the export is released. The thread that owns the store makes exports and releases them; a reader must have ended by then.
 */
import type { Arenas } from '../chunk/arenas.js';
import { blockBytes } from '../chunk/arenas.js';
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
  /** By arena; undefined where none of the chunks lies in it. */
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
  const copies: { readonly block: number; readonly blockCount: number }[] = [];
  const places: number[] = [];
  const chunkEnds = new Uint32Array(new SharedArrayBuffer(refs.length * 4));
  const hours = state.hours.sorted.filter(({ index }) => index >= hourOf(fromMs) && index <= hourOf(toMs));
  refs.forEach((ref, i) => {
    for (const hour of hours) {
      if (openSampleCount(hour.open, ref) > 0) copies.push(exportOpen(state, hour, ref, places));
      else exportClosed(state, hour, ref, places);
    }
    chunkEnds[i] = places.length / placeWords;
  });
  const shared = new Uint32Array(new SharedArrayBuffer(places.length * 4));
  shared.set(places);
  return {
    chunks: { buffers: buffersOf(arenas, shared), places: shared, chunkEnds },
    release() {
      for (const { block, blockCount } of copies.splice(0)) arenas.free(block, blockCount);
      endLease();
    },
  };
}

function exportOpen(state: StoreState, { open, index }: Hour, ref: number, places: number[]) {
  const { arenas } = state;
  const { valueCopy, timeCopy } = state.reader;
  copyValueStream(open, ref, valueCopy);
  copyTimeStream(open, ref, timeCopy);
  const valueLength = valueCopy.end - valueCopy.start;
  const blockCount = Math.ceil((valueLength + timeCopy.end - timeCopy.start) / blockBytes);
  const block = arenas.allocate(blockCount);
  const arena = block >>> arenas.blockShift;
  const start = (block & arenas.blockMask) * blockBytes;
  arenas.bytes[arena]!.set(valueCopy.bytes.subarray(valueCopy.start, valueCopy.end), start);
  arenas.bytes[arena]!.set(timeCopy.bytes.subarray(timeCopy.start, timeCopy.end), start + valueLength);
  places.push(arena, start, start + valueLength, index);
  return { block, blockCount };
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

function buffersOf(arenas: Arenas, places: Uint32Array): (SharedArrayBuffer | undefined)[] {
  const buffers: (SharedArrayBuffer | undefined)[] = arenas.buffers.map(() => undefined);
  for (let i = 0; i < places.length; i += placeWords) buffers[places[i]!] = arenas.buffers[places[i]!];
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
