/**
 * Parquet as a table, one row group at a time, and of it only the columns asked for. Values come out exact: decimals as
 * their digits, times as RFC 3339 with every digit of their fraction, text that is not UTF-8 as the bytes it is.
 */
import { type FileHandle, open } from 'node:fs/promises';
import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  type ParquetScan,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { BarographError, isBarographError, messageOf } from '../../base/errors.js';
import type { Table, TableChunk } from './import-table.js';
import { rfc3339 } from './import-time.js';

const chunkRowsMax = 1_000;

/** Opens a Parquet file. Fails with `invalid_file` where it is none. */
export async function openParquet(path: string): Promise<Table> {
  const handle = await open(path);
  try {
    const file = await bufferOf(handle);
    const metadata = await parquetMetadataAsync(file, { parsers, geoparquet: false });
    const decimals = takeDecimals(metadata);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    return {
      columns,
      typed: true,
      rowCount: Number(metadata.num_rows),
      chunks: (wanted) => chunksOf(file, metadata, decimals, columns, wanted),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw asFileError(error);
  }
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const from = start < 0 ? size + start : start;
      const bytes = new Uint8Array(Math.min(end, size) - from);
      for (let read = 0; read < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, read, bytes.length - read, from + read);
        if (bytesRead === 0) throw new BarographError('invalid_file', `the file ends before byte ${end}`);
        read += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

async function* chunksOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  decimals: ReadonlyMap<string, number>,
  columns: readonly string[],
  wanted: ReadonlySet<string>,
): AsyncGenerator<TableChunk> {
  const read = columns.filter((column) => wanted.has(column));
  try {
    const scan = await parquetScan({
      file,
      metadata,
      compressors,
      parsers,
      utf8: false,
      columns: read,
      geoparquet: false,
    });
    for (const { rowStart, rowEnd } of scan.ranges) {
      const data = await readGroup(scan, columns, wanted, decimals, rowStart, rowEnd);
      for (let start = rowStart; start < rowEnd; start += chunkRowsMax) {
        const end = Math.min(start + chunkRowsMax, rowEnd);
        yield { firstRow: start + 1, rows: rowsOf(data, start - rowStart, end - rowStart) };
      }
    }
  } catch (error) {
    throw asFileError(error);
  }
}

/** The columns of a row group, an empty one for each column that is not wanted. */
async function readGroup(
  scan: ParquetScan,
  columns: readonly string[],
  wanted: ReadonlySet<string>,
  decimals: ReadonlyMap<string, number>,
  rowStart: number,
  rowEnd: number,
): Promise<ArrayLike<unknown>[]> {
  const data: ArrayLike<unknown>[] = [];
  for (const column of columns) {
    if (!wanted.has(column)) {
      data.push([]);
      continue;
    }
    const values = await scan.readColumn({ column, rowStart, rowEnd });
    const scale = decimals.get(column);
    data.push(scale === undefined ? values : decimalsOf(values, scale));
  }
  return data;
}

function rowsOf(data: readonly ArrayLike<unknown>[], start: number, end: number): unknown[][] {
  const rows: unknown[][] = [];
  for (let row = start; row < end; row++) rows.push(data.map((column) => column[row]));
  return rows;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Replaces hyparquet's parsers, which cut times to milliseconds and mend broken text. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint): string => timeText(millis, 1_000n),
  timestampFromMicroseconds: (micros: bigint): string => timeText(micros, 1_000_000n),
  timestampFromNanoseconds: (nanos: bigint): string => timeText(nanos, 1_000_000_000n),
  dateFromDays: (days: number): string => rfc3339(days * 86_400_000)?.slice(0, 10) ?? `${days} days since 1970-01-01`,
  stringFromBytes: (bytes: Uint8Array): string | Uint8Array => {
    try {
      return decoder.decode(bytes);
    } catch {
      return bytes;
    }
  },
  jsonFromBytes: (bytes: Uint8Array): string | Uint8Array => parsers.stringFromBytes(bytes),
};

/** RFC 3339 text of a count since the epoch, with the digits of the fraction that are not zero; years past 9999 have none. */
function timeText(count: bigint, perSecond: bigint): string {
  const remainder = count % perSecond;
  const fraction = remainder < 0n ? remainder + perSecond : remainder;
  const seconds = rfc3339(Number((count - fraction) / perSecond) * 1000)?.slice(0, -'.000Z'.length);
  if (seconds === undefined) return `${count} in 1/${perSecond} s since 1970-01-01`;
  const digits = String(fraction + perSecond)
    .slice(1)
    .replace(/0+$/, '');
  return `${seconds}${digits === '' ? '' : `.${digits}`}Z`;
}

/**
 * Scales of the decimal columns, which are taken from the schema: hyparquet multiplies by a power of ten as a double, so that
 * 1.15 would come out as 1.1500000000000001. Fails with `invalid_file` where decimals are inside lists or structs.
 */
function takeDecimals(metadata: FileMetaData): Map<string, number> {
  const scales = new Map<string, number>();
  const visit = (tree: SchemaTree): void => {
    const { element } = tree;
    if (element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL') {
      const logicalScale = element.logical_type?.type === 'DECIMAL' ? element.logical_type.scale : 0;
      if (tree.path.length > 1) {
        const name = tree.path.join('.');
        throw new BarographError('invalid_file', `column ${name} holds decimals inside another value`, {
          hint: 'Write it as a column of its own, or as doubles.',
        });
      }
      scales.set(element.name, element.scale ?? logicalScale);
      delete element.converted_type;
      delete element.logical_type;
    }
    tree.children.forEach(visit);
  };
  parquetSchema(metadata).children.forEach(visit);
  return scales;
}

/** Decimals as numbers where a double prints their very digits, else as text. */
function decimalsOf(values: DecodedArray, scale: number): unknown[] {
  return Array.from(values as ArrayLike<unknown>, (value) => {
    if (value === null || value === undefined) return value;
    const text = decimalText(value instanceof Uint8Array ? integerOf(value) : BigInt(value as number | bigint), scale);
    const number = Number(text);
    return text.replace(/\D/g, '').length <= exactDigits || String(number) === text ? number : text;
  });
}

/** Digits of `unscaled` / 10^scale, without zeros at the end of the fraction. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${unscaled < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Any decimal of this many digits comes back from a double as it was (DBL_DIG of IEEE 754). */
const exactDigits = 15;

/** A big-endian two's complement integer. Source: the Parquet format's logical types. */
function integerOf(bytes: Uint8Array): bigint {
  const unsigned = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}

function asFileError(error: unknown): BarographError {
  if (isBarographError(error)) return error;
  return new BarographError('invalid_file', `not readable as Parquet: ${messageOf(error)}`, { cause: error });
}
