/** A table of columns as bytes: CSV, an Arrow IPC stream or a Parquet file. */
import type { TabularColumn } from './tabular-column.js';

export type TabularFormat = 'csv' | 'parquet' | 'arrow';

export const tabularContentTypes: Readonly<Record<TabularFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
};

/** The writers of Parquet and Arrow are loaded when first asked for: with them a start took 200 modules more. */
export async function encodeTable(format: TabularFormat, columns: readonly TabularColumn[]): Promise<Uint8Array> {
  switch (format) {
    case 'csv':
      return encodeCsv(columns);
    case 'parquet': {
      const { encodeParquet } = await import('./parquet-table.js');
      return encodeParquet(columns);
    }
    case 'arrow': {
      const { encodeArrow } = await import('./arrow-table.js');
      return encodeArrow(columns);
    }
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
