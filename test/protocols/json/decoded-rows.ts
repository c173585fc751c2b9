/** Turns decoded batches back into the rows that were sent, for comparison with what JSON.parse makes of them. */
import assert from 'node:assert/strict';
import { type Batch, type Column, textAt } from '../../../src/model/columns.js';

export type Row = Record<string, unknown>;

/** The value of one row of a column; undefined where it was not given. */
function valueAt(column: Column, row: number): unknown {
  switch (column.kind) {
    case 'text':
      return textAt(column, row) || undefined;
    case 'number':
    case 'time':
      return Number.isNaN(column.values[row]) ? undefined : column.values[row];
    case 'flag':
      return column.values[row] === 1;
    case 'list': {
      const values = range(column.offsets, row).map((child) => valueAt(column.items, child));
      return values.length === 0 ? undefined : values;
    }
    case 'map':
      return new Map(
        range(column.offsets, row).map((child) => [
          textAt(column.names, child),
          column.values.kind === 'text' ? textAt(column.values, child) : valueAt(column.values, child),
        ]),
      );
  }
}

const range = (offsets: Uint32Array, row: number): number[] =>
  Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, i) => offsets[row]! + i);

/** Columns that hold a part of one field. */
const parts: Readonly<Record<string, string>> = {
  prediction_text: 'prediction',
  prediction_number: 'prediction',
  label_text: 'label',
  label_number: 'label',
  features_number: 'features',
  features_text: 'features',
  features_flag: 'features',
};

/** The rows of batches, each with the fields that were given. `features` and `scores` are maps. */
export function rowsOf(batches: readonly Batch<object>[]): Row[] {
  return batches.flatMap((batch) => Array.from({ length: batch.rowCount }, (_, row) => rowAt(batch, row)));
}

function rowAt(batch: Batch<object>, row: number): Row {
  const result: Row = {};
  for (const [name, column] of Object.entries(batch.columns) as [string, Column][]) {
    const value = valueAt(column, row);
    if (name === 'features_null') addFeatures(result, new Map(((value ?? []) as string[]).map((key) => [key, null])));
    else if (name.startsWith('features_')) addFeatures(result, value as Map<string, unknown>);
    else if (value instanceof Map ? value.size > 0 : value !== undefined) {
      const field = parts[name] ?? name;
      assert.ok(!(field in result), `${field} is given once`);
      result[field] = value;
    }
  }
  return result;
}

function addFeatures(row: Row, features: ReadonlyMap<string, unknown>): void {
  if (features.size === 0) return;
  const all = (row.features ?? new Map()) as Map<string, unknown>;
  row.features = all;
  for (const [name, value] of features) {
    assert.ok(!all.has(name), `the feature ${name} is in one column`);
    all.set(name, value);
  }
}

/** What a row sent as this object (as JSON.parse reads it) is to come out as. */
export function expectedRow(sent: Row): Row {
  const result: Row = {};
  for (const [name, value] of Object.entries(sent)) {
    if (value === null || value === '') continue;
    if (name === 'features' || name === 'scores') {
      const entries = Object.entries(value as object);
      if (entries.length > 0) result[name] = new Map(entries);
    } else if (name === 'metadata') result[name] = JSON.stringify(value);
    else if (name !== 'embedding' || (value as unknown[]).length > 0) result[name] = value;
  }
  return result;
}
