/** Reads chunks into columns of samples. */
import type { StreamCopy } from './copy-chunk.js';
import { copyTimeStream, copyValueStream, createStreamCopy } from './copy-chunk.js';
import type { ValueStreamHeader } from './decode-chunk.js';
import { createValueStreamHeader, decodeTimes, decodeValues, readValueStreamHeader } from './decode-chunk.js';
import type { OpenChunks } from './open-chunks.js';
import type { SampleColumns } from './sample-columns.js';
import { reserveSamples } from './sample-columns.js';

/** What reading needs in between; one for each thread of reads. */
export interface ChunkReader {
  readonly valueCopy: StreamCopy;
  readonly timeCopy: StreamCopy;
  readonly header: ValueStreamHeader;
}

export const createChunkReader = (): ChunkReader => ({
  valueCopy: createStreamCopy(),
  timeCopy: createStreamCopy(),
  header: createValueStreamHeader(),
});

/** Appends all samples of the open chunk of `ref`, which exists, to `into`. */
export function readOpenChunk(reader: ChunkReader, chunks: OpenChunks, ref: number, into: SampleColumns): void {
  const { valueCopy, timeCopy } = reader;
  copyValueStream(chunks, ref, valueCopy);
  copyTimeStream(chunks, ref, timeCopy);
  const { startMs } = chunks;
  readStreams(reader.header, valueCopy.bytes, valueCopy.start, timeCopy.bytes, timeCopy.start, startMs, into);
}

/** Appends all samples of a chunk, given by its streams, to `into`. `startMs` is the start of its hour. */
export function readStreams(
  header: ValueStreamHeader,
  valueBytes: Uint8Array,
  valueStart: number,
  timeBytes: Uint8Array,
  timeStart: number,
  startMs: number,
  into: SampleColumns,
): void {
  readValueStreamHeader(valueBytes, valueStart, header);
  const { sampleCount, mode, codesStart } = header;
  reserveSamples(into, sampleCount);
  decodeValues(valueBytes, codesStart, sampleCount, mode, into.values, into.words, into.length);
  decodeTimes(timeBytes, timeStart, sampleCount, startMs, into.timesMs, into.length);
  into.length += sampleCount;
}
