/**
 * The census data of the demo, in the order of time. Only the year of a row is known; the rules by which rows get their
 * times and one delivery of truths gets its errors are stated in `examples/data/census-employment/README.md`.
 */
import { fileURLToPath } from 'node:url';
import { assert } from '../../base/assert.js';
import { tableEncoder } from './import-encode.js';
import { createMapping } from './import-mapping.js';
import { openParquet } from './import-parquet.js';
import { timeFormatOf } from './import-time.js';

/** Folder of the data in a checkout and in an installed package. */
export const censusFolder = fileURLToPath(new URL('../../../../examples/data/census-employment/', import.meta.url));

export const demoModel = { model: 'employment', version: '2015', region: 'MA' } as const;

/** Truth is known this long after its prediction. */
export const truthDelayMs = 30 * 86_400_000;
/** Predictions of this month had wrong truths in their first delivery, in the rows whose id ends in 7. */
export const faultyMonth = { fromMs: Date.UTC(2018, 2, 1), toMs: Date.UTC(2018, 3, 1) } as const;
/** When the corrected truths became known: after every first truth, so that the time before it shows the error. */
export const correctedAtMs = Date.UTC(2019, 2, 1);

/** A served prediction and what came of it. */
export interface CensusRow {
  /** Request id. */
  readonly id: number;
  readonly tsMs: number;
  /** Its cells as they are in its file. */
  readonly cells: readonly unknown[];
  /** Encodes the cells of its file, with its time after them, as the API takes them. */
  readonly encode: EncodeCells;
  /** Whether the person was employed: 0 or 1. */
  readonly employed: number;
}

export type EncodeCells = (row: number, cells: readonly unknown[]) => { readonly line: string };

export interface CensusOptions {
  /** Takes every n-th row of each year only, for quick runs; 1 takes all. */
  readonly sampleEvery: number;
  /** Leaves out the years before; absent: none. */
  readonly fromYear?: number;
}

/** Columns that are no features. */
const otherColumns: ReadonlySet<string> = new Set(['id', 'year', 'prediction', 'predicted_probability', 'employed']);

/** Reads the three files. Rows come by time, which is by year and id. Fails with `invalid_file`. */
export async function readCensus(folder: string, { sampleEvery, fromYear = 0 }: CensusOptions): Promise<CensusRow[]> {
  const employedById = new Map<number, number>();
  const byYear = new Map<number, Served[]>();
  await readFile(`${folder}/employment_MA_reference.pq`, employedById, byYear);
  await readFile(`${folder}/employment_MA_analysis.pq`, employedById, byYear);
  await readFile(`${folder}/employment_MA_analysis_target.pq`, employedById, byYear);
  const years = Array.from(byYear)
    .filter(([year]) => year >= fromYear)
    .sort(([a], [b]) => a - b);
  return years.flatMap(([year, served]) => rowsOfYear(year, served, employedById, sampleEvery));
}

/** A prediction without its time and its truth. */
type Served = Pick<CensusRow, 'id' | 'cells' | 'encode'>;

/** Reads the truths of a file that has them, and the predictions of one that has those. */
async function readFile(path: string, employedById: Map<number, number>, byYear: Map<number, Served[]>): Promise<void> {
  const table = await openParquet(path);
  try {
    const { columns } = table;
    const idIndex = columns.indexOf('id');
    const yearIndex = columns.indexOf('year');
    const employedIndex = columns.indexOf('employed');
    const encode = yearIndex < 0 ? undefined : encoderOf(columns);
    for await (const { rows } of table.chunks(new Set(columns))) {
      for (const cells of rows) {
        assert(typeof cells !== 'string', 'every row of a Parquet file has all cells');
        const id = Number(cells[idIndex]);
        if (employedIndex >= 0) employedById.set(id, Number(cells[employedIndex]));
        if (encode === undefined) continue;
        const year = Number(cells[yearIndex]);
        const served = byYear.get(year) ?? [];
        if (served.length === 0) byYear.set(year, served);
        served.push({ id, cells, encode });
      }
    }
  } finally {
    await table.close();
  }
}

/** The importer's own encoder, with the mapping that `barograph import` would be given. */
function encoderOf(columns: readonly string[]): EncodeCells {
  const mapping = createMapping('predictions', {
    map: new Map(Object.entries({ request_id: 'id', prediction: 'prediction', score: 'predicted_probability' })),
    set: new Map(Object.entries(demoModel)),
    features: columns.filter((column) => !otherColumns.has(column)),
    rest: 'ignore',
    text: new Set(),
  });
  return tableEncoder(mapping, [...columns, 'ts'], true, { time: timeFormatOf('ms'), nulls: new Set() });
}

/** Spreads a year's rows evenly over its days in the order of their ids. */
function rowsOfYear(
  year: number,
  served: Served[],
  employedById: ReadonlyMap<number, number>,
  sampleEvery: number,
): CensusRow[] {
  const sorted = served.sort((a, b) => a.id - b.id).filter((_, i) => i % sampleEvery === 0);
  const startMs = Date.UTC(year);
  const yearMs = Date.UTC(year + 1) - startMs;
  return sorted.map((row, i) => {
    const tsMs = startMs + Math.floor((i * yearMs) / sorted.length);
    const employed = employedById.get(row.id);
    assert(employed !== undefined, `the truth of ${row.id} is in the files`);
    return { ...row, tsMs, employed };
  });
}

/** The prediction of a row as the API takes it. */
export const predictionLine = ({ tsMs, id, cells, encode }: CensusRow): string => encode(id, [...cells, tsMs]).line;

/** Whether the first delivery of a row's truth was wrong. */
export const isFaulty = ({ id, tsMs }: CensusRow): boolean =>
  tsMs >= faultyMonth.fromMs && tsMs < faultyMonth.toMs && id % 10 === 7;

/** The truth of a row as it was first delivered. */
export function firstTruthLine(row: CensusRow): string {
  const label = isFaulty(row) ? 1 - row.employed : row.employed;
  return `{"request_id":"${row.id}","label":${label},"ts":${row.tsMs + truthDelayMs},"source":"registry","revision":1}`;
}

/** The correction of a faulty truth. */
export const correctedTruthLine = ({ id, employed }: CensusRow): string =>
  `{"request_id":"${id}","label":${employed},"ts":${correctedAtMs},"source":"registry","revision":2}`;
