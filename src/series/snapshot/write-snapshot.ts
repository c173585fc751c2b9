/** Writes what memory holds of samples as a snapshot (docs/formats/snapshot.md). */

import { chunkFormatVersion } from '../chunk/chunk-codes.js';
import type { ChunkStore } from '../chunk-store/chunk-store.js';
import type { ChunkPart } from '../chunk-store/dump.js';
import type { SeriesIndex } from '../index/series-index.js';
import { asBytes, encodeSection, sectionBytes, sectionKinds, snapshotMagic } from './section.js';

/** What a snapshot belongs to. It says nothing of any other state. */
export interface SnapshotIdentity {
  /** The number that the log of metrics goes on with, everything below it being in the tables. */
  readonly logSequence: number;
  /** Names the state of the table of samples. */
  readonly tables: string;
}

export interface SnapshotContents {
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly identity: SnapshotIdentity;
  /** The oldest hours are left out where all would take more. */
  readonly bytesMax: number;
}

/** An end's payload: from which hour on all is there, how many sections come before it, and the file's length. */
export const endPayloadBytes = 20;

/** What one section has of series and metrics, about. */
const seriesPerSection = 2 ** 16;
const metricsPerSection = 2 ** 10;
const nameBytesPerSection = 2 ** 20;

/** The file, in pieces that follow each other. The store must not change meanwhile, and all of it be sealed. */
export function* snapshotPieces({ index, chunks, identity, bytesMax }: SnapshotContents): Generator<Uint8Array[]> {
  let bytes = snapshotMagic.length;
  let sections = 0;
  const section = (kind: number, payload: readonly Uint8Array[]): Uint8Array[] => {
    sections++;
    bytes += sectionBytes(payload.reduce((sum, piece) => sum + piece.length, 0));
    return encodeSection(kind, payload);
  };
  yield [snapshotMagic, ...section(sectionKinds.head, headPayload(identity))];
  for (let ref = 0; ref < index.refLimit; ref += seriesPerSection)
    yield section(sectionKinds.series, seriesPayload(index, ref, Math.min(index.refLimit, ref + seriesPerSection)));
  for (const payload of metricsPayloads(index)) yield section(sectionKinds.metrics, payload);
  const { completeFromHour, parts } = chunks.dump();
  let from = completeFromHour;
  for (const part of parts) {
    const payload = partPayload(part);
    const size = sectionBytes(payload.reduce((sum, piece) => sum + piece.length, 0)) + sectionBytes(endPayloadBytes);
    if (bytes + size > bytesMax) {
      from = Math.max(from, part.hour + 1);
      break;
    }
    yield section(sectionKinds.part, payload);
  }
  const length = bytes + sectionBytes(endPayloadBytes);
  yield encodeSection(sectionKinds.end, [asBytes(Float64Array.of(from)), words(sections, ...halves(length))]);
}

const words = (...numbers: number[]): Uint8Array => asBytes(Uint32Array.from(numbers));
const halves = (number: number): [high: number, low: number] => [Math.floor(number / 2 ** 32), number >>> 0];

const headPayload = ({ logSequence, tables }: SnapshotIdentity): Uint8Array[] => [
  words(chunkFormatVersion, ...halves(logSequence)),
  new TextEncoder().encode(tables),
];

const seriesPayload = ({ idLow, idHigh }: SeriesIndex, from: number, to: number): Uint8Array[] => [
  words(from),
  asBytes(idLow.subarray(from, to)),
  asBytes(idHigh.subarray(from, to)),
];

function* metricsPayloads(index: SeriesIndex): Generator<Uint8Array[]> {
  let names: Uint8Array[] = [];
  let bytes = 0;
  for (let metric = 0; metric < index.metricLimit; metric++) {
    const name = index.metricNameBytes(metric).slice();
    names.push(name);
    bytes += name.length;
    const isLast = metric + 1 === index.metricLimit;
    if (!isLast && names.length < metricsPerSection && bytes < nameBytesPerSection) continue;
    yield [words(metric + 1 - names.length, names.length, ...names.map(({ length }) => length)), ...names];
    names = [];
    bytes = 0;
  }
}

const partPayload = ({ group, hour, chunkCount, liveChunks, liveSamples, isLast, bytes }: ChunkPart): Uint8Array[] => [
  asBytes(Int32Array.of(group, hour, chunkCount, liveChunks, liveSamples, Number(isLast))),
  bytes,
];
