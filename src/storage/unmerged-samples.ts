/**
 * Rows of the table of samples, read as they lie in its parts: without FINAL and without an order, which take the engine ten times as long as reading. A
 * part is sorted and has each key once, so what is left to do is to put a series' pieces from several parts in the order of time; where they overlap, the
 * part inserted last wins, as under FINAL.
 */
import type { Readable } from 'node:stream';
import type { Engine } from './engine.js';
import { ByteCursor } from './native/byte-cursor.js';
import { readDictionary, readDictionaryPrefix } from './native/text-columns.js';
import type { SampleRowQuery, SampleRowRun, SampleRows } from './sample-rows.js';

export interface UnmergedQuery extends SampleRowQuery {
  /** Rows are of times in [fromMs, toMs), which are less than `spanMsMax` apart; the condition need not say so. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Times come as 32-bit distances. */
export const spanMsMax = 2 ** 32;

/** In the order of series' first rows to come. Each series' samples are in the order of time, each time once. */
export async function readUnmergedSamples(
  engine: Engine,
  { condition, params, metrics, signal, limits, fromMs, toMs }: UnmergedQuery,
): Promise<SampleRows> {
  const { body } = await engine.stream(
    {
      sql: `SELECT
  series,
  toUInt32(toUnixTimestamp64Milli(ts) - {fromMs:Int64}) AS since,
  value,
  _part AS part
FROM metric_samples
WHERE metric IN {metrics:Array(String)} AND ${condition}
  AND ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`,
      params: { ...params, metrics, fromMs, toMs },
      signal,
      ...(limits === undefined ? {} : { limits }),
    },
    'Native',
  );
  const bytes = await wholeBody(body);
  const pieces = new PieceTable();
  const rowCount = addBlocks(bytes, fromMs, pieces);
  return { runs: pieces.all.map(runOf), rowCount, bytes: bytes.length };
}

async function wholeBody(body: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Consecutive rows of one series in one part. */
interface Piece {
  /** Rises with each insert: the first block of the part. */
  readonly inserted: number;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

interface SeriesPieces {
  readonly idLow: number;
  readonly idHigh: number;
  readonly pieces: Piece[];
}

class PieceTable {
  readonly all: SeriesPieces[] = [];
  private readonly byId = new Map<bigint, SeriesPieces>();

  add(idLow: number, idHigh: number, piece: Piece): void {
    const id = (BigInt(idHigh) << 32n) | BigInt(idLow);
    const known = this.byId.get(id);
    if (known !== undefined) known.pieces.push(piece);
    else {
      const series = { idLow, idHigh, pieces: [piece] };
      this.byId.set(id, series);
      this.all.push(series);
    }
  }
}

const columns = [
  ['series', 'UInt64'],
  ['since', 'UInt32'],
  ['value', 'Float64'],
  ['part', 'LowCardinality(String)'],
] as const;
const nameBytesMax = 64;

/** Answers how many rows there are. */
function addBlocks(bytes: Uint8Array, fromMs: number, pieces: PieceTable): number {
  const cursor = new ByteCursor(bytes, 'engine_failed');
  let rows = 0;
  while (cursor.left > 0) {
    const columnCount = cursor.varint();
    const rowCount = cursor.varint();
    if (columnCount !== columns.length) cursor.fail(`${columns.length} columns are wanted, got ${columnCount}`);
    const beginColumn = (place: number): void => {
      const [name, type] = [cursor.text(nameBytesMax), cursor.text(nameBytesMax)];
      const [wantedName, wantedType] = columns[place]!;
      if (name !== wantedName || type !== wantedType)
        cursor.fail(`column ${wantedName} is wanted, got ${name} of ${type}`);
    };
    beginColumn(0);
    const ids = new Uint32Array(cursor.copy(rowCount, 8));
    beginColumn(1);
    const timesMs = timesOf(new Uint32Array(cursor.copy(rowCount, 4)), fromMs);
    beginColumn(2);
    const values = new Float64Array(cursor.copy(rowCount, 8));
    beginColumn(3);
    if (rowCount > 0) addBlock({ rowCount, ids, timesMs, values, ...readParts(cursor, rowCount) }, pieces);
    rows += rowCount;
  }
  return rows;
}

function timesOf(since: Uint32Array, fromMs: number): Float64Array {
  const timesMs = new Float64Array(since.length);
  for (let row = 0; row < since.length; row++) timesMs[row] = fromMs + since[row]!;
  return timesMs;
}

function readParts(cursor: ByteCursor, rowCount: number): Pick<Block, 'parts' | 'insertedOf'> {
  readDictionaryPrefix(cursor);
  const { texts, places } = readDictionary(cursor, rowCount);
  const names = Array.from({ length: texts.offsets.length - 1 }, (_, i) =>
    Buffer.from(texts.bytes.subarray(texts.offsets[i]!, texts.offsets[i + 1]!)).toString('latin1'),
  );
  return { parts: places, insertedOf: names.map(firstBlockOf) };
}

/** Parts are named `<partition>_<first block>_<last block>_<level>`, and more behind it after a mutation. Partitions are days. */
const firstBlockOf = (part: string): number => Number(part.split('_')[1] ?? 0);

interface Block {
  readonly rowCount: number;
  readonly ids: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** By row its part, and by part when it was inserted. */
  readonly parts: Uint8Array | Uint16Array | Uint32Array;
  readonly insertedOf: readonly number[];
}

function addBlock({ rowCount, ids, timesMs, values, parts, insertedOf }: Block, pieces: PieceTable): void {
  for (let start = 0, end = 0; start < rowCount; start = end) {
    const idLow = ids[2 * start]!;
    const idHigh = ids[2 * start + 1]!;
    const part = parts[start]!;
    while (end < rowCount && ids[2 * end] === idLow && ids[2 * end + 1] === idHigh && parts[end] === part) end++;
    pieces.add(idLow, idHigh, {
      inserted: insertedOf[part] ?? 0,
      timesMs: timesMs.subarray(start, end),
      values: values.subarray(start, end),
    });
  }
}

function runOf({ idLow, idHigh, pieces }: SeriesPieces): SampleRowRun {
  if (pieces.length > 1) pieces.sort((a, b) => a.timesMs[0]! - b.timesMs[0]!);
  const isInOrder = pieces.every(({ timesMs }, i) => i === 0 || timesMs[0]! > pieces[i - 1]!.timesMs.at(-1)!);
  const { timesMs, values } = isInOrder ? joined(pieces) : merged(pieces);
  return { idLow, idHigh, timesMs, values };
}

type Samples = Pick<Piece, 'timesMs' | 'values'>;

function joined(pieces: readonly Piece[]): Samples {
  if (pieces.length === 1) return pieces[0]!;
  const count = pieces.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  const timesMs = new Float64Array(count);
  const values = new Float64Array(count);
  let at = 0;
  for (const piece of pieces) {
    timesMs.set(piece.timesMs, at);
    // An array of the same kind is copied as bytes, NaNs and all.
    values.set(piece.values, at);
    at += piece.timesMs.length;
  }
  return { timesMs, values };
}

/** Pieces that overlap: of samples with the same time that of the part inserted last stays. */
function merged(pieces: readonly Piece[]): Samples {
  const all = joined(pieces);
  const inserted = pieces.flatMap((piece) => Array.from(piece.timesMs, () => piece.inserted));
  const order = Uint32Array.from(all.timesMs.keys()).sort(
    (a, b) => all.timesMs[a]! - all.timesMs[b]! || inserted[a]! - inserted[b]! || a - b,
  );
  const kept = order.filter((at, i) => i + 1 === order.length || all.timesMs[order[i + 1]!] !== all.timesMs[at]);
  const words = new BigUint64Array(all.values.buffer, all.values.byteOffset, all.values.length);
  // Values move as words: a NaN may lose its payload on its way through a number.
  const keptWords = BigUint64Array.from(kept, (at) => words[at]!);
  return { timesMs: Float64Array.from(kept, (at) => all.timesMs[at]!), values: new Float64Array(keptWords.buffer) };
}
