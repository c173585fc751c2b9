/** One file from its bytes to the sender, whatever its format and the kind of its rows. */
import { stat } from 'node:fs/promises';
import { BarographError, type ErrorCode, isBarographError } from '../../base/errors.js';
import type { OutgoingLine } from './import-batch.js';
import { openCsv } from './import-csv.js';
import { type CellOptions, type EncodedRow, keyOfLine, objectEncoder, tableEncoder } from './import-encode.js';
import { checkColumns, isPlain, type Mapping } from './import-mapping.js';
import { checkMetricColumns, type MetricsOptions, metricsEncoder } from './import-metrics.js';
import { isBlank, linesOf } from './import-ndjson.js';
import { bytesOf, type FileKind, fileKindOf } from './import-open.js';
import type { FileFormat } from './import-options.js';
import { openParquet } from './import-parquet.js';
import { countRejection, type ImportTotals, type Sender } from './import-sender.js';
import type { Table, TableChunk } from './import-table.js';

/** What rows are made of: events with a mapping, or samples. */
export type RowPlan =
  | { readonly mapping: Mapping; readonly cells: CellOptions }
  | { readonly metrics: (columns: readonly string[]) => MetricsOptions; readonly isPlain: boolean };

export interface FileImport {
  readonly path: string;
  readonly format: FileFormat | undefined;
  readonly delimiter: string | undefined;
  readonly plan: RowPlan;
  readonly sender: Sender;
  readonly totals: ImportTotals;
  /** Samples that are gathered before they are cut into lines. */
  readonly batchRowsMax: number;
  /** Told after every chunk: rows read so far and the share of the file, 0 to 1, where it is known. */
  readonly onProgress: (rows: number, share: number | undefined) => void;
  /** Asked after every chunk; true ends the reading. */
  readonly isStopped: () => boolean;
}

/** Reads a file to its end or until it is stopped. Fails with `bad_use` or `invalid_file`, or as the sender does. */
export async function importFile(file: FileImport): Promise<void> {
  const { path, format } = file;
  try {
    const kind = fileKindOf(path, format);
    const size = path === '-' ? undefined : (await stat(path)).size;
    let readBytes = 0;
    const onRead = (length: number): void => {
      readBytes += length;
    };
    const share = (): number | undefined => (size === undefined ? undefined : readBytes / size);
    if (kind.format === 'ndjson') await importLines(file, bytesOf(path, kind.encoding, onRead), share);
    else await importTable(file, await openTable(path, kind, file.delimiter, onRead), share);
  } catch (error) {
    throw named(path, error);
  }
}

function openTable(
  path: string,
  kind: FileKind,
  delimiter: string | undefined,
  onRead: (bytes: number) => void,
): Promise<Table> {
  if (kind.format === 'parquet') return openParquet(path);
  return openCsv(bytesOf(path, kind.encoding, onRead), delimiter ?? kind.delimiter);
}

async function importTable(file: FileImport, table: Table, share: () => number | undefined): Promise<void> {
  try {
    const { plan } = file;
    const { columns, rowCount } = table;
    const take = 'mapping' in plan ? eventRows(file, table, plan) : sampleRows(file, table, plan.metrics(columns));
    await take((chunk) => {
      const rows = chunk.firstRow + chunk.rows.length - 1;
      file.onProgress(rows, rowCount === undefined ? share() : rows / rowCount);
      return file.isStopped();
    });
  } finally {
    await table.close();
  }
}

/** Reads a table's chunks; `after` is called with each one that has been taken, and true from it ends the reading. */
type TakeTable = (after: (chunk: TableChunk) => boolean) => Promise<void>;

function eventRows(
  file: FileImport,
  table: Table,
  { mapping, cells }: Extract<RowPlan, { mapping: Mapping }>,
): TakeTable {
  const encode = tableEncoder(mapping, table.columns, table.typed, cells);
  const wanted = new Set(table.columns.filter((column) => (mapping.targetsOf(column) ?? []).length > 0));
  return async (after) => {
    for await (const chunk of table.chunks(wanted)) {
      let row = chunk.firstRow;
      for (const record of chunk.rows) {
        const waited = addRow(file, typeof record === 'string' ? unreadable(row, record) : encode(row, record));
        if (waited !== undefined) await waited;
        row++;
      }
      if (after(chunk)) return;
    }
  };
}

const unreadable = (row: number, message: string): EncodedRow => ({
  row,
  key: '',
  line: '',
  rejection: { code: 'invalid_file', message },
});

function addRow(file: FileImport, encoded: EncodedRow): Promise<void> | undefined {
  const { row, key, line, rejection } = encoded;
  if (rejection === undefined) return file.sender.add({ key, line, file: file.path, row, count: 1 });
  countRejection(file.totals, { file: file.path, row, ...rejection });
  return undefined;
}

function sampleRows(file: FileImport, table: Table, options: MetricsOptions): TakeTable {
  const drain = async (encoder: ReturnType<typeof metricsEncoder>): Promise<void> => {
    for (const line of encoder.drain(file.path)) await file.sender.add(line);
  };
  return async (after) => {
    let encoder: ReturnType<typeof metricsEncoder> | undefined;
    for await (const chunk of table.chunks(new Set(table.columns))) {
      encoder ??= metricsEncoder(table.columns, chunk, options);
      for (const { row, message } of encoder.add(chunk)) {
        countRejection(file.totals, { file: file.path, row, code: 'wrong_type', message });
      }
      if (encoder.sampleCount >= file.batchRowsMax) await drain(encoder);
      if (after(chunk)) break;
    }
    if (encoder !== undefined) await drain(encoder);
  };
}

async function importLines(
  file: FileImport,
  bytes: AsyncIterable<Uint8Array>,
  share: () => number | undefined,
): Promise<void> {
  const encode = lineEncoder(file);
  for await (const { firstRow, lines } of linesOf(bytes)) {
    let row = firstRow;
    for (const line of lines) {
      const waited = isBlank(line) ? undefined : encode(row, line);
      if (waited !== undefined) await waited;
      row++;
    }
    file.onProgress(row - 1, share());
    if (file.isStopped()) return;
  }
}

function lineEncoder(file: FileImport): (row: number, line: Uint8Array) => Promise<void> | undefined {
  const { plan } = file;
  const add = (line: Omit<OutgoingLine, 'file'>): Promise<void> | undefined =>
    file.sender.add({ ...line, file: file.path });
  if (!('mapping' in plan)) {
    if (plan.isPlain) return (row, line) => add({ row, line, ...seriesOf(line) });
    throw new BarographError(
      'bad_use',
      `lines of samples go as they lie; options about columns are for CSV and Parquet`,
    );
  }
  if (isPlain(plan.mapping.options)) return (row, line) => add({ row, line, key: keyOfLine(line), count: 1 });
  const encode = objectEncoder(plan.mapping, plan.cells);
  return (row, line) => addRow(file, encode(row, line));
}

/** A line of VictoriaMetrics' form goes as it lies; its labels keep its series in order, its timestamps count its samples. */
function seriesOf(line: Uint8Array): { key: string; count: number } {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
  const timestamps = /"timestamps"\s*:\s*\[([^\]]*)\]/.exec(text)?.[1] ?? '';
  return { key: /"metric"\s*:\s*(\{[^}]*\})/.exec(text)?.[1] ?? '', count: timestamps.split(',').length };
}

/**
 * Opens every file once and checks its columns, so that nothing is begun that cannot be finished. Fails with `bad_use` or
 * `invalid_file`. The standard input is checked when it is read.
 */
export async function checkFiles(files: readonly CheckedFile[]): Promise<void> {
  for (const file of files) {
    const kind = fileKindOf(file.path, file.format);
    if (file.path === '-') continue;
    try {
      const found = await stat(file.path);
      if (found.isDirectory()) throw new BarographError('bad_use', 'it is a folder; wanted files');
      if (kind.format !== 'ndjson') await checkTable(file, kind);
    } catch (error) {
      throw named(file.path, error);
    }
  }
}

type CheckedFile = Pick<FileImport, 'path' | 'format' | 'delimiter' | 'plan'>;

async function checkTable({ path, delimiter, plan }: CheckedFile, kind: FileKind): Promise<void> {
  const table = await openTable(path, kind, delimiter, () => undefined);
  try {
    if ('mapping' in plan) checkColumns(plan.mapping, table.columns);
    else checkMetricColumns(table.columns, plan.metrics(table.columns));
  } finally {
    await table.close();
  }
}

/** Codes of failures that are a file's own. */
const fileCodes: ReadonlySet<ErrorCode> = new Set(['bad_use', 'invalid_file', 'corrupt_encoding', 'incomplete_body']);

/** A failure of a file with its name. */
function named(path: string, error: unknown): unknown {
  if (isSystemError(error)) {
    const message = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    return new BarographError('bad_use', `${path}: ${message}`, { cause: error });
  }
  if (!isBarographError(error) || !fileCodes.has(error.code)) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new BarographError(error.code, `${path}: ${error.message}`, { ...hint, cause: error });
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error;
