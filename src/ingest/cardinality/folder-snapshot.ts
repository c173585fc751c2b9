/**
 * The folder's state as bytes, so that a start goes on where the last one ended. A snapshot is consistent in itself: the totals are those
 * to which the sources' last values belong. It names the log's record up to which everything is in it; what was folded after that is
 * folded again from the log.
 *
 * Form, all of it little-endian: the magic `BFLD`, version, CRC-32 of all that follows it, number of targets, number of sources, high and
 * low half of the log's number, u32 each; then
 * columns, one after the other: of targets id high, id low, aggregate (its place in `foldAggregates`), u32; of sources id high, id low, target
 * (its number among the targets, `noEntry` for none), live, u32; padding to a multiple of 8; of targets sum, compensation,
 * floor, last time, f64; of sources last value, last time, f64.
 */
import { crc32 } from 'node:zlib';
import { foldAggregates } from './fold-aggregate.js';
import { addSource, noEntry } from './fold-sources.js';
import { addValue, createFoldTarget, type FoldTarget, linkSource } from './fold-targets.js';
import { createFolderState, type FolderOptions, type FolderState, targetKey } from './folder-state.js';

const magic = 0x444c4642;
const version = 2;
const headerWords = 7;
const targetWords = { u32: 3, f64: 4 } as const;
const sourceWords = { u32: 4, f64: 2 } as const;

/** A copy of the state. Everything folded from records of the log below `sequence` is in it. */
export function folderSnapshot({ sources, targets }: FolderState, sequence: number): Uint8Array {
  const numbers = new Map<number, number>();
  const kept: FoldTarget[] = [];
  targets.forEach((target, number) => {
    if (target === undefined) return;
    numbers.set(number, kept.length);
    kept.push(target);
  });
  const columns = columnsFor(kept.length, sources.count);
  kept.forEach((target, i) => {
    [columns.targetHighs[i], columns.targetLows[i]] = [target.idHigh, target.idLow];
    columns.aggregates[i] = foldAggregates.indexOf(target.aggregate);
    [columns.sums[i], columns.compensations[i]] = [target.sum, target.compensation];
    [columns.floors[i], columns.targetTimesMs[i]] = [target.floor, target.lastTimeMs];
  });
  const { count } = sources;
  for (let entry = 0; entry < count; entry++) columns.targets[entry] = numbers.get(sources.targets[entry]!) ?? noEntry;
  columns.highs.set(sources.highs.subarray(0, count));
  columns.lows.set(sources.lows.subarray(0, count));
  columns.live.set(sources.live.subarray(0, count));
  columns.lastValues.set(sources.lastValues.subarray(0, count));
  columns.lastTimesMs.set(sources.lastTimesMs.subarray(0, count));
  columns.header.set([magic, version, 0, kept.length, sources.count, Math.floor(sequence / 2 ** 32), sequence >>> 0]);
  columns.header[2] = crc32(columns.bytes.subarray(12));
  return columns.bytes;
}

export interface RestoredFolder {
  readonly state: FolderState;
  /** The log's records below this are in the state. */
  readonly sequence: number;
}

/** What a snapshot holds; undefined where it is none, or damaged. Options may differ from those it was made with. */
export function restoredFolder(snapshot: Uint8Array, options: FolderOptions): RestoredFolder | undefined {
  const bytes = new Uint8Array(snapshot);
  if (bytes.length < headerWords * 4) return undefined;
  const header = new Uint32Array(bytes.buffer, 0, headerWords);
  const [foundMagic, foundVersion, checksum, targetCount, sourceCount, high, low] = header;
  if (foundMagic !== magic || foundVersion !== version) return undefined;
  if (bytes.length !== byteLength(targetCount!, sourceCount!) || crc32(bytes.subarray(12)) !== checksum)
    return undefined;
  const columns = columnsFor(targetCount!, sourceCount!, bytes);
  const state = createFolderState(options);
  for (let i = 0; i < targetCount!; i++) {
    const target = restoredTarget(columns, i);
    state.targets.push(target);
    state.unclaimed.set(targetKey(target.idHigh, target.idLow), i);
  }
  restoreSources(state, columns);
  return { state, sequence: high! * 2 ** 32 + low! };
}

function restoredTarget(columns: Columns, i: number): FoldTarget {
  const aggregate = foldAggregates[columns.aggregates[i]!]!;
  const target = createFoldTarget(columns.targetHighs[i]!, columns.targetLows[i]!, aggregate);
  target.lastTimeMs = columns.targetTimesMs[i]!;
  target.floor = columns.floors[i]!;
  // A gauge's sum follows from its sources.
  if (aggregate !== 'counter') return target;
  target.sum = columns.sums[i]!;
  target.compensation = columns.compensations[i]!;
  return target;
}

/** The latest seen come last, as the lists of gauges have it; those that there is no room for any more are evicted. */
function restoreSources(state: FolderState, columns: Columns): void {
  const { lastTimesMs, highs, lows } = columns;
  const order = new Uint32Array(lastTimesMs.length).map((_, i) => i);
  order.sort((a, b) => lastTimesMs[a]! - lastTimesMs[b]!);
  const first = Math.max(0, order.length - state.options.sourcesMax);
  for (const i of order.subarray(0, first)) state.evicted.add(highs[i]!, lows[i]!);
  for (const i of order.subarray(first)) restoreSource(state, columns, i);
}

function restoreSource(state: FolderState, columns: Columns, i: number): void {
  const { sources } = state;
  const entry = addSource(sources, columns.highs[i]!, columns.lows[i]!, () => {});
  sources.targets[entry] = columns.targets[i]!;
  sources.lastValues[entry] = columns.lastValues[i]!;
  sources.lastTimesMs[entry] = columns.lastTimesMs[i]!;
  if (columns.live[i] === 0) return;
  const target = state.targets[columns.targets[i]!]!;
  linkSource(target, sources, entry);
  if (target.aggregate !== 'counter') addValue(target, columns.lastValues[i]!);
}

type Columns = ReturnType<typeof columnsFor>;

function byteLength(targetCount: number, sourceCount: number): number {
  const u32 = headerWords + targetCount * targetWords.u32 + sourceCount * sourceWords.u32;
  return padded(u32) * 4 + (targetCount * targetWords.f64 + sourceCount * sourceWords.f64) * 8;
}

/** Doubles stand at a multiple of their size. */
const padded = (u32: number): number => u32 + (u32 % 2);

/** Views of the columns in their bytes: all words first, then all doubles. */
function columnsFor(
  targetCount: number,
  sourceCount: number,
  bytes = new Uint8Array(byteLength(targetCount, sourceCount)),
) {
  let at = bytes.byteOffset;
  const words = (count: number): Uint32Array => {
    const column = new Uint32Array(bytes.buffer, at, count);
    at += count * 4;
    return column;
  };
  const doubles = (count: number): Float64Array => {
    at += at % 8;
    const column = new Float64Array(bytes.buffer, at, count);
    at += count * 8;
    return column;
  };
  return {
    bytes,
    header: words(headerWords),
    targetHighs: words(targetCount),
    targetLows: words(targetCount),
    aggregates: words(targetCount),
    highs: words(sourceCount),
    lows: words(sourceCount),
    targets: words(sourceCount),
    live: words(sourceCount),
    sums: doubles(targetCount),
    compensations: doubles(targetCount),
    floors: doubles(targetCount),
    targetTimesMs: doubles(targetCount),
    lastValues: doubles(sourceCount),
    lastTimesMs: doubles(sourceCount),
  };
}
