/** Records of the log as the rows to store: one batch, each row with its id and the time it arrived. */
import { concatBatches } from '../../model/column-rows.js';
import type { Batch, Column, NumberColumn, TimeColumn } from '../../model/columns.js';

/** What storing adds to an event: its number in the log, and when it came. */
export type RowColumns = { readonly row_id: NumberColumn; readonly arrived: TimeColumn };

interface Recorded<C> {
  readonly sequence: number;
  readonly arrivedMs: number;
  readonly batch: Batch<C>;
}

export function eventRows<C extends Readonly<Record<string, Column>>>(
  records: readonly Recorded<C>[],
): Batch<C & RowColumns> {
  const numbered = records.map(({ sequence, arrivedMs, batch }) => {
    const row_id: NumberColumn = {
      kind: 'number',
      values: new Float64Array(batch.rowCount).map((_, i) => sequence + i),
    };
    const arrived: TimeColumn = { kind: 'time', values: new Float64Array(batch.rowCount).fill(arrivedMs) };
    return { rowCount: batch.rowCount, columns: { ...batch.columns, row_id, arrived } };
  });
  return concatBatches(numbered);
}
