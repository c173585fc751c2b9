/** Choosing, joining and comparing rows of columns. Everything here copies typed arrays, never values one by one through objects. */
import { assert } from '../base/assert.js';
import { type Batch, type Column, type DictionaryColumn, lengthOf, type TextColumn } from './columns.js';

type Columns = Readonly<Record<string, Column>>;

/** The given rows of a batch, in the order given. */
export function takeRows<C extends Columns>(batch: Batch<C>, rows: Uint32Array): Batch<C> {
  const columns = mapColumns(batch.columns, (column) => takeOf(column, rows));
  return { rowCount: rows.length, columns };
}

/** Batches of the same columns end to end. */
export function concatBatches<C extends Columns>(batches: readonly Batch<C>[]): Batch<C> {
  const [first] = batches;
  assert(first !== undefined, 'at least one batch is needed to know the columns');
  if (batches.length === 1) return first;
  const columns = mapColumns(first.columns, (_, name) => concatOf(batches.map((batch) => batch.columns[name]!)));
  return { rowCount: batches.reduce((sum, batch) => sum + batch.rowCount, 0), columns };
}

/** Whether two rows hold the same values in every column but `except`. The order of a map's names does not count. */
export function sameRow<C extends Columns>(
  a: Batch<C>,
  i: number,
  b: Batch<C>,
  j: number,
  except: ReadonlySet<string>,
): boolean {
  return Object.keys(a.columns).every(
    (name) => except.has(name) || sameValue(a.columns[name]!, i, b.columns[name]!, j),
  );
}

function mapColumns<C extends Columns>(columns: C, change: (column: Column, name: string) => Column): C {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, change(column, name)]),
  ) as unknown as C;
}

function takeOf(column: Column, rows: Uint32Array): Column {
  switch (column.kind) {
    case 'number':
    case 'time':
      return { ...column, values: takeValues(column.values, rows, new Float64Array(rows.length)) };
    case 'flag':
      return { ...column, values: takeValues(column.values, rows, new Uint8Array(rows.length)) };
    case 'text':
      return takeText(column, rows);
    case 'list': {
      const { offsets, children } = takeRanges(column.offsets, rows);
      return { ...column, offsets, items: takeOf(column.items, children) };
    }
    case 'map': {
      const { offsets, children } = takeRanges(column.offsets, rows);
      return {
        ...column,
        offsets,
        names: takeText(plainTexts(column.names), children),
        values: takeOf(column.values, children),
      };
    }
  }
}

function takeValues<T extends Float64Array | Uint8Array>(values: T, rows: Uint32Array, into: T): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!;
  return into;
}

function takeText(column: TextColumn, rows: Uint32Array): TextColumn {
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++)
    offsets[i + 1] = offsets[i]! + column.offsets[rows[i]! + 1]! - column.offsets[rows[i]!]!;
  const bytes = new Uint8Array(offsets[rows.length]!);
  // Rows are mostly chosen in runs (a week, all but a few), and a run's bytes lie together.
  for (let i = 0; i < rows.length; ) {
    let end = i + 1;
    while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++;
    bytes.set(column.bytes.subarray(column.offsets[rows[i]!]!, column.offsets[rows[end - 1]! + 1]!), offsets[i]!);
    i = end;
  }
  return { kind: 'text', bytes, offsets };
}

/** For nested columns: the new offsets, and which child rows they cover. */
function takeRanges(source: Uint32Array, rows: Uint32Array): { offsets: Uint32Array; children: Uint32Array } {
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) offsets[i + 1] = offsets[i]! + source[rows[i]! + 1]! - source[rows[i]!]!;
  const children = new Uint32Array(offsets[rows.length]!);
  let next = 0;
  for (const row of rows) for (let child = source[row]!; child < source[row + 1]!; child++) children[next++] = child;
  return { offsets, children };
}

function concatOf(columns: readonly Column[]): Column {
  const [first] = columns;
  assert(first !== undefined, 'at least one column is needed');
  const of = <K extends Column['kind']>(kind: K) =>
    columns.filter((column): column is Column & { kind: K } => column.kind === kind);
  switch (first.kind) {
    case 'number':
    case 'time':
      return {
        ...first,
        values: joined(
          columns.map((column) => (column as typeof first).values),
          Float64Array,
        ),
      };
    case 'flag':
      return {
        ...first,
        values: joined(
          of('flag').map(({ values }) => values),
          Uint8Array,
        ),
      };
    case 'text':
      return concatText(of('text'));
    case 'list': {
      const items = concatOf(of('list').map((column) => column.items));
      return { ...first, offsets: joinedOffsets(of('list').map(({ offsets }) => offsets)), items };
    }
    case 'map': {
      const maps = of('map');
      const offsets = joinedOffsets(maps.map((column) => column.offsets));
      return {
        kind: 'map',
        offsets,
        names: concatText(maps.map(({ names }) => plainTexts(names))),
        values: concatOf(maps.map(({ values }) => values)),
      };
    }
  }
}

/** Each row's text in full. */
function plainTexts(column: TextColumn | DictionaryColumn): TextColumn {
  return column.kind === 'text' ? column : takeText(column.texts, Uint32Array.from(column.places));
}

const concatText = (columns: readonly TextColumn[]): TextColumn => ({
  kind: 'text',
  bytes: joined(
    columns.map(({ bytes, offsets }) => bytes.subarray(0, offsets.at(-1))),
    Uint8Array,
  ),
  offsets: joinedOffsets(columns.map(({ offsets }) => offsets)),
});

function joined<T extends Float64Array | Uint8Array>(parts: readonly T[], type: new (length: number) => T): T {
  const whole = new type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part as never, at);
    at += part.length;
  }
  return whole;
}

function joinedOffsets(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((sum, part) => sum + part.length - 1, 1));
  let at = 1;
  for (const part of parts) {
    const base = whole[at - 1]!;
    for (let i = 1; i < part.length; i++) whole[at++] = base + part[i]!;
  }
  return whole;
}

function sameValue(a: Column, i: number, b: Column, j: number): boolean {
  assert(a.kind === b.kind, `columns of kinds ${a.kind} and ${b.kind} cannot be compared`);
  switch (a.kind) {
    case 'text':
      return sameBytes(a, i, b as typeof a, j);
    case 'list':
      return sameList(a.offsets, a.items, i, (b as typeof a).offsets, (b as typeof a).items, j);
    case 'map':
      return sameMap(a, i, b as typeof a, j);
    default:
      return Object.is(a.values[i]! + 0, (b as typeof a).values[j]! + 0);
  }
}

function sameBytes(a: TextColumn, i: number, b: TextColumn, j: number): boolean {
  return Buffer.compare(bytesAt(a, i), bytesAt(b, j)) === 0;
}

const bytesAt = (column: TextColumn | DictionaryColumn, row: number): Uint8Array =>
  column.kind === 'text'
    ? column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!)
    : bytesAt(column.texts, column.places[row]!);

function sameList(a: Uint32Array, aItems: Column, i: number, b: Uint32Array, bItems: Column, j: number): boolean {
  const length = a[i + 1]! - a[i]!;
  if (length !== b[j + 1]! - b[j]!) return false;
  for (let k = 0; k < length; k++) if (!sameValue(aItems, a[i]! + k, bItems, b[j]! + k)) return false;
  return true;
}

type MapColumn = Extract<Column, { kind: 'map' }>;

function sameMap(a: MapColumn, i: number, b: MapColumn, j: number): boolean {
  const left = childrenByName(a, i);
  const right = childrenByName(b, j);
  if (left.length !== right.length) return false;
  return left.every(
    (child, k) =>
      Buffer.compare(bytesAt(a.names, child), bytesAt(b.names, right[k]!)) === 0 &&
      sameValue(a.values, child, b.values, right[k]!),
  );
}

/** The child rows of one row of a map, sorted by name. */
function childrenByName({ names, offsets }: MapColumn, row: number): number[] {
  const children = Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, k) => offsets[row]! + k);
  return children.sort((x, y) => Buffer.compare(bytesAt(names, x), bytesAt(names, y)));
}

/** Fails where a column's length is not the batch's: a defect of whoever built it. */
export function assertBatch(batch: Batch): void {
  for (const [name, column] of Object.entries(batch.columns))
    assert(
      lengthOf(column) === batch.rowCount,
      `column ${name} has ${lengthOf(column)} rows, the batch ${batch.rowCount}`,
    );
}
