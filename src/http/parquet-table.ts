/** A table of columns as a Parquet file. */
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import { bigIntsOf, type TabularColumn } from './tabular-column.js';

const parquetTypes = {
  text: 'STRING',
  time: 'TIMESTAMP',
  integer: 'INT64',
  number: 'DOUBLE',
} as const satisfies Record<TabularColumn['type'], BasicType>;

export function encodeParquet(columns: readonly TabularColumn[]): Uint8Array {
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
