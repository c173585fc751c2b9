/** A table of columns as an Arrow IPC stream. */
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
import { bigIntsOf, type TabularColumn } from './tabular-column.js';

export function encodeArrow(columns: readonly TabularColumn[]): Uint8Array {
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
