/**
 * Tables of samples as VictoriaMetrics' JSON lines, one line a series. In the wide form every numeric column is a metric
 * of its own; in the long form one column names the metric and one holds the value. Format:
 * https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#json-line-format
 */
import { BarographError, isBarographError } from '../../base/errors.js';
import type { OutgoingLine } from './import-batch.js';
import { nearest } from './import-mapping.js';
import type { TableChunk } from './import-table.js';
import type { TimeFormat } from './import-time.js';
import { shown, utf8 } from './import-values.js';

export interface MetricsOptions {
  readonly timeColumn: string;
  readonly time: TimeFormat;
  readonly labelColumns: readonly string[];
  /** Labels that every series gets. */
  readonly constantLabels: ReadonlyMap<string, string>;
  /** The long form's two columns; absent: the wide form. */
  readonly long?: { readonly metric: string; readonly value: string };
  /** Leave out columns that are neither told nor numeric, rather than refuse them. */
  readonly ignoreRest: boolean;
}

/** A row, or one cell of it, that holds no sample where one was wanted. */
export interface MetricsRejection {
  readonly row: number;
  readonly message: string;
}

export interface MetricsEncoder {
  /** Takes rows in; gives the rejected ones. */
  add(chunk: TableChunk): MetricsRejection[];
  /** Samples that wait to be drained. */
  readonly sampleCount: number;
  /** Gives the waiting samples as lines, a series each, and forgets them. */
  drain(file: string): OutgoingLine[];
}

interface Series {
  readonly metric: string;
  readonly firstRow: number;
  readonly values: string[];
  readonly timestamps: number[];
}

/** A column that holds values, and the name of its metric, which the long form reads from another column. */
interface ValueColumn {
  readonly index: number;
  readonly name: string;
}

/** One value of a series. */
interface Sample {
  /** JSON of the labels, the name among them: what the series is known by. */
  readonly metric: string;
  readonly timeMs: number;
  /** JSON of the value. */
  readonly value: string;
}

/**
 * Starts encoding a table with the given columns, of which `first` are rows to tell numeric columns from others by.
 * Fails with `bad_use` where the columns do not fit the options.
 */
export function metricsEncoder(
  columns: readonly string[],
  first: TableChunk | undefined,
  options: MetricsOptions,
): MetricsEncoder {
  const samplesOf = sampleReader(columns, first, options);
  const waiting = new Map<string, Series>();
  let sampleCount = 0;

  const gather = (row: number, { metric, timeMs, value }: Sample): void => {
    const series = waiting.get(metric) ?? { metric, firstRow: row, values: [], timestamps: [] };
    if (series.values.length === 0) waiting.set(metric, series);
    series.values.push(value);
    series.timestamps.push(timeMs);
    sampleCount++;
  };
  return {
    add({ firstRow, rows }) {
      return rows.flatMap((cells, i): MetricsRejection[] => {
        const row = firstRow + i;
        const samples = typeof cells === 'string' ? cells : samplesOrProblem(() => samplesOf(cells));
        if (typeof samples === 'string') return [{ row, message: samples }];
        for (const sample of samples) gather(row, sample);
        return [];
      });
    },
    get sampleCount() {
      return sampleCount;
    },
    drain(file) {
      const lines = Array.from(waiting.values(), (series) => lineOf(series, file));
      waiting.clear();
      sampleCount = 0;
      return lines;
    },
  };
}

/** Fails with `bad_use` where a column that the options name is missing. */
export function checkMetricColumns(
  columns: readonly string[],
  { timeColumn, labelColumns, long }: MetricsOptions,
): void {
  indexOf(columns, timeColumn, '--time-column');
  for (const label of labelColumns) indexOf(columns, label, '--labels');
  if (long === undefined) return;
  indexOf(columns, long.metric, '--map metric');
  indexOf(columns, long.value, '--map value');
}

/** Reads the samples of a row; a text says why it has none. */
function sampleReader(
  columns: readonly string[],
  first: TableChunk | undefined,
  options: MetricsOptions,
): (cells: readonly unknown[]) => readonly Sample[] | string {
  const { timeColumn, time, long } = options;
  const timeIndex = indexOf(columns, timeColumn, '--time-column');
  const labels = options.labelColumns.map((name) => ({ name, index: indexOf(columns, name, '--labels') }));
  const told = new Set([timeIndex, ...labels.map(({ index }) => index)]);
  const nameIndex = long === undefined ? undefined : indexOf(columns, long.metric, '--map metric');
  const values = long === undefined ? wideColumns(columns, told, first, options) : longColumns(columns, told, options);

  return (cells) => {
    const timeMs = time.timeMs(cells[timeIndex]);
    if (timeMs === undefined) return `${timeColumn}: got ${shown(cells[timeIndex])}, wanted a time: ${time.form}`;
    // An empty label is the same as none (Prometheus' data model).
    const present = labels.map(({ name, index }) => [name, textOf(cells[index])]).filter(([, text]) => text !== '');
    const row = { ...Object.fromEntries(options.constantLabels), ...Object.fromEntries(present) };
    const samples: Sample[] = [];
    for (const { index, name } of values) {
      const value = sampleText(cells[index]);
      if (value === undefined) return `${columns[index]}: got ${shown(cells[index])}, wanted a number`;
      const __name__ = nameIndex === undefined ? name : textOf(cells[nameIndex]);
      if (__name__ === '') return `${long?.metric}: got no name of a metric`;
      if (value !== '') samples.push({ metric: JSON.stringify({ __name__, ...row }), timeMs, value });
    }
    return samples;
  };
}

function samplesOrProblem(read: () => readonly Sample[] | string): readonly Sample[] | string {
  try {
    return read();
  } catch (error) {
    if (isBarographError(error, 'invalid_utf8')) return error.message;
    throw error;
  }
}

function lineOf({ metric, firstRow, values, timestamps }: Series, file: string): OutgoingLine {
  const line = `{"metric":${metric},"values":[${values.join(',')}],"timestamps":[${timestamps.join(',')}]}`;
  return { key: metric, line, file, row: firstRow, count: values.length };
}

function indexOf(columns: readonly string[], name: string, option: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  const near = nearest(name, columns);
  throw new BarographError('bad_use', `${option}: there is no column ${JSON.stringify(name)}`, {
    hint: near === undefined ? `The columns are ${columns.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function longColumns(columns: readonly string[], told: ReadonlySet<number>, options: MetricsOptions): ValueColumn[] {
  const { metric, value } = options.long!;
  const index = indexOf(columns, value, '--map value');
  const rest = columns.filter((column, i) => !told.has(i) && i !== index && column !== metric);
  if (rest.length > 0 && !options.ignoreRest) throw unknownColumns(rest);
  return [{ index, name: value }];
}

function wideColumns(
  columns: readonly string[],
  told: ReadonlySet<number>,
  first: TableChunk | undefined,
  { ignoreRest }: MetricsOptions,
): ValueColumn[] {
  const rest = columns.flatMap((name, index) => (told.has(index) ? [] : [{ index, name }]));
  const rows = (first?.rows ?? []).filter((cells) => typeof cells !== 'string');
  const isText = ({ index }: ValueColumn): boolean => {
    const samples = rows.map((cells) => sampleText(cells[index]));
    return samples.includes(undefined) && !samples.some((sample) => sample !== undefined && sample !== '');
  };
  const texts = rest.filter(isText);
  if (texts.length > 0 && !ignoreRest) throw unknownColumns(texts.map(({ name }) => name));
  const values = rest.filter((column) => !texts.includes(column));
  if (values.length > 0) return values;
  throw new BarographError('bad_use', `no column holds values; the columns are ${columns.join(', ')}`);
}

function unknownColumns(columns: readonly string[]): BarographError {
  return new BarographError('bad_use', `neither the time, nor a label, nor a number: ${columns.join(', ')}`, {
    hint: 'Name labels with --labels COLUMN,COLUMN, or leave the columns out with --ignore-rest.',
  });
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return cell instanceof Uint8Array ? utf8(cell, 'a label') : String(cell);
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const infinity = /^([+-]?)inf(inity)?$/i;

/** A cell as a JSON value of the line: '' where it holds none, undefined where it is not a number. A boolean is 0 or 1. */
function sampleText(cell: unknown): string | undefined {
  if (cell === null || cell === undefined || cell === '') return '';
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  if (typeof cell === 'string') {
    const text = cell.trim();
    const infinite = infinity.exec(text);
    if (infinite !== null) return infinite[1] === '-' ? '"-Infinity"' : '"Infinity"';
    if (/^nan$/i.test(text)) return '';
    return decimal.test(text) ? sampleText(Number(text)) : undefined;
  }
  if (typeof cell !== 'number') return undefined;
  if (Number.isNaN(cell)) return '';
  return Number.isFinite(cell) ? String(cell) : cell > 0 ? '"Infinity"' : '"-Infinity"';
}
