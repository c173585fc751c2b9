/** A table of columns as bytes: CSV, an Arrow IPC stream or a Parquet file. */
import {
  type DataType,
  Float64,
  Int64,
  Table,
  TimestampMillisecond,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';

/**
 * One column; all of a table have the same length. Times are epoch milliseconds, integers are safe ones. Null is "not
 * there", which is another thing than an empty text.
 */
export type TabularColumn =
  | { readonly name: string; readonly type: 'text'; readonly values: readonly (string | null)[] }
  | {
      readonly name: string;
      readonly type: 'time' | 'integer' | 'number';
      readonly values: readonly (number | null)[];
    };

export type TabularFormat = 'csv' | 'parquet' | 'arrow';

export const tabularContentTypes: Readonly<Record<TabularFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
};

export function encodeTable(format: TabularFormat, columns: readonly TabularColumn[]): Uint8Array {
  switch (format) {
    case 'csv':
      return encodeCsv(columns);
    case 'parquet':
      return encodeParquet(columns);
    case 'arrow':
      return encodeArrow(columns);
  }
}

/**
 * RFC 4180 with a header line, UTF-8, times as RFC 3339. Null is an empty field and an empty text a quoted one; numbers are
 * the shortest text that reads back to the same double.
 */
function encodeCsv(columns: readonly TabularColumn[]): Uint8Array {
  const fields = columns.map((column) => csvFieldsOf(column));
  const lines = [columns.map(({ name }) => csvText(name)).join(',')];
  const rowCount = fields[0]?.length ?? 0;
  for (let row = 0; row < rowCount; row++) lines.push(fields.map((column) => column[row]).join(','));
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8');
}

function csvFieldsOf(column: TabularColumn): string[] {
  if (column.type === 'text') return column.values.map((value) => (value === null ? '' : csvText(value)));
  const write = column.type === 'time' ? (value: number) => new Date(value).toISOString() : String;
  return column.values.map((value) => (value === null ? '' : write(value)));
}

const csvText = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const parquetTypes = {
  text: 'STRING',
  time: 'TIMESTAMP',
  integer: 'INT64',
  number: 'DOUBLE',
} as const satisfies Record<TabularColumn['type'], BasicType>;

function encodeParquet(columns: readonly TabularColumn[]): Uint8Array {
  const columnData = columns.map((column) => ({
    name: column.name,
    type: parquetTypes[column.type],
    data: parquetValuesOf(column),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'barograph' }));
}

function parquetValuesOf({ type, values }: TabularColumn): (string | number | bigint | Date | null)[] {
  if (type === 'time') return values.map((value) => (value === null ? null : new Date(value)));
  return type === 'integer' ? bigIntsOf(values) : [...values];
}

const bigIntsOf = (values: readonly (number | null)[]): (bigint | null)[] =>
  values.map((value) => (value === null ? null : BigInt(value)));

function encodeArrow(columns: readonly TabularColumn[]): Uint8Array {
  const vectors = columns.map((column) => [column.name, arrowVectorOf(column)] as const);
  return tableToIPC(new Table(Object.fromEntries(vectors)), 'stream');
}

function arrowVectorOf(column: TabularColumn): Vector<DataType> {
  switch (column.type) {
    case 'text':
      return vectorFromArray(column.values, new Utf8());
    case 'time':
      return vectorFromArray(column.values, new TimestampMillisecond('UTC'));
    case 'integer':
      return vectorFromArray(bigIntsOf(column.values), new Int64());
    case 'number':
      return vectorFromArray(column.values, new Float64());
  }
}
