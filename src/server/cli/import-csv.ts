/** CSV (RFC 4180) as a table, a chunk at a time. The first record names the columns; every cell is text. */
import { pipeline, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { BarographError, messageOf } from '../../base/errors.js';
import type { Table, TableChunk } from './import-table.js';

const chunkRowsMax = 1_000;
/** A record longer than this has lost a quote, and would swallow the rest of the file. */
const recordCharsMax = 16 * 1024 * 1024;

/** Opens a CSV text. Fails with `invalid_file` where it has no usable header. */
export async function openCsv(bytes: AsyncIterable<Uint8Array>, delimiter: string): Promise<Table> {
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordCharsMax,
  });
  // The callback is needed for the errors that pipeline hands on to the parser, where they are met.
  pipeline(Readable.from(validUtf8(bytes), { objectMode: false }), parser, () => undefined);
  const records = recordsOf(parser);
  const head = await firstOf(records).catch((error: unknown) => {
    parser.destroy();
    throw error;
  });
  const columns = head[0]!;

  async function* chunks(): AsyncGenerator<TableChunk> {
    let firstRow = 1;
    for await (const batch of prepended(head.slice(1), records)) {
      yield { firstRow, rows: batch.map((record) => checkLength(record, columns.length)) };
      firstRow += batch.length;
    }
  }
  const close = async (): Promise<void> => void parser.destroy();
  return { columns, typed: false, chunks, close };
}

async function* prepended<T>(first: T[], rest: AsyncIterable<T[]>): AsyncGenerator<T[]> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** The first records, of which the first of all is a usable header. */
async function firstOf(records: AsyncGenerator<string[][]>): Promise<string[][]> {
  const head = await records.next();
  if (head.done === true) throw new BarographError('invalid_file', 'the file is empty; wanted a line of column names');
  const columns = head.value[0]!;
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated === undefined) return head.value;
  throw new BarographError('invalid_file', `the header names the column ${JSON.stringify(repeated)} twice`);
}

const checkLength = (record: string[], length: number): string[] | string =>
  record.length === length ? record : `the record has ${record.length} cells, the header has ${length}`;

/** Records in batches, as many as are there: awaiting each one alone would cost more than parsing it. */
async function* recordsOf(parser: ReturnType<typeof parse>): AsyncGenerator<string[][]> {
  let wake = (): void => undefined;
  let ended = false;
  let failure: Error | undefined;
  parser.on('readable', () => wake());
  parser.on('end', () => {
    ended = true;
    wake();
  });
  parser.on('error', (error) => {
    failure = error;
    wake();
  });
  for (;;) {
    const batch: string[][] = [];
    for (let record = parser.read(); record !== null; record = parser.read()) {
      batch.push(record as string[]);
      if (batch.length === chunkRowsMax) break;
    }
    if (batch.length > 0) yield batch;
    else if (failure !== undefined) throw asFileError(failure);
    else if (ended) return;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

function asFileError(error: Error): BarographError {
  if (error instanceof BarographError) return error;
  return new BarographError('invalid_file', `not CSV: ${messageOf(error)}`, { cause: error });
}

/** Passes bytes on; csv-parse would put a replacement character for what is not UTF-8, which no one would see again. */
async function* validUtf8(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let offset = 0;
  const check = (chunk: Uint8Array, stream: boolean): void => {
    try {
      decoder.decode(chunk, { stream });
    } catch {
      throw new BarographError('invalid_file', `bytes ${offset} to ${offset + chunk.length} are not all valid UTF-8`, {
        hint: 'Convert the file first, such as with iconv -f latin1 -t utf-8.',
      });
    }
  };
  for await (const chunk of bytes) {
    check(chunk, true);
    yield chunk;
    offset += chunk.length;
  }
  check(new Uint8Array(), false);
}
