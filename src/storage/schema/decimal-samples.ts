/**
 * The table of samples as migration 6 makes it: a value is a decimal number where it is one. `docs/decisions/sample-merges.md` has what was measured.
 * The engine cannot change a table's granules, so a new one is made beside the old and filled from it, and then takes its place.
 *
 * States, by what `metric_samples` is and what stands beside it:
 * - old, nothing beside: nothing has happened;
 * - old, a new table beside: it may hold any part of the rows, and is dropped and made again;
 * - new, the old one beside: all rows are in the new one, and the old one is dropped;
 * - new, nothing beside: done.
 * A step from one to the next is one statement, so a start that was cut off is completed by the next one. Each piece that was copied is compared with where it
 * came from, to the bit, before the old table goes. Nobody may write samples meanwhile: rows that come after their piece was copied would be lost.
 */
import { BarographError } from '../../base/errors.js';
import type { Engine } from '../engine.js';
import { column, onCluster, qualified, renderTable, type TableDefinition, type Topology } from './table.js';

export const decimalSamples: TableDefinition = {
  name: 'metric_samples',
  comment: 'Raw samples. Ask the view metrics for them with their labels.',
  columns: [
    column('metric', 'LowCardinality(String)'),
    column('series', 'UInt64', 'CODEC(ZSTD(1))'),
    column('ts', "DateTime64(3, 'UTC')", 'CODEC(Delta, ZSTD(1))'),
    column('mantissa', 'Int64', "CODEC(Delta, T64('bit'), ZSTD(1))"),
    column('scale', 'UInt8', 'CODEC(ZSTD(1))'),
    column('value', 'Float64', 'ALIAS if(scale = 255, reinterpretAsFloat64(mantissa), mantissa / intExp10(scale))'),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toDate(ts)',
  orderBy: ['metric', 'series', 'ts'],
  settings: { merge_selector_base: 10, index_granularity: 32_768 },
  shardBy: 'series',
};

/** Stands beside: the new table until it is filled, then the old one. */
const beside: TableDefinition = { ...decimalSamples, name: 'metric_samples_decimal' };

/**
 * The engine works on one piece in silence, and a connection that is silent for 15 minutes is given up. On 2 cores 14.4 million samples took it
 * 27 s and less than 1 GB, comparison included. Measured.
 */
const samplesPerPiece = 20_000_000;

export async function rewriteSamples(engine: Engine, topology: Topology): Promise<void> {
  if (!(await isRewritten(engine, topology))) {
    for (const sql of renderBeginning(topology)) await engine.command({ sql, settings: dropsAnySize });
    for (const piece of await piecesOf(engine, topology)) await copyPiece(engine, topology, piece);
    await engine.command({ sql: renderExchange(topology) });
  }
  for (const sql of renderEnd(topology)) await engine.command({ sql, settings: dropsAnySize });
}

/** Servers refuse to drop what is larger than 50 GB by default. */
const dropsAnySize = { max_table_size_to_drop: 0 };

/** The tables that hold rows: on a cluster those of a shard. */
const carrier = (name: string, { cluster }: Topology): string => (cluster === undefined ? name : `${name}_local`);

async function isRewritten(engine: Engine, topology: Topology): Promise<boolean> {
  const rows = await engine.query({
    sql: `SELECT name FROM system.columns
WHERE database = {database:String} AND table = {table:String} AND name = 'mantissa'`,
    params: { database: topology.database, table: carrier(decimalSamples.name, topology) },
  });
  return rows.length > 0;
}

/** An empty new table beside the old one. */
export const renderBeginning = (topology: Topology): string[] => [
  ...renderDrops(topology),
  ...renderTable(beside, topology),
];

/** The new table takes the place of the old one, which is beside it from then on. */
export const renderExchange = (topology: Topology): string =>
  `EXCHANGE TABLES ${qualified(carrier(decimalSamples.name, topology), topology)} AND ${qualified(carrier(beside.name, topology), topology)}${onCluster(topology)}`;

/** On a cluster the table over all shards is made anew, since it has columns of its own; then the old table goes. */
export const renderEnd = (topology: Topology): string[] => [
  ...renderTable(decimalSamples, topology)
    .slice(1)
    .map((sql) => sql.replace('CREATE TABLE IF NOT EXISTS', 'CREATE OR REPLACE TABLE')),
  ...renderDrops(topology),
];

const renderDrops = (topology: Topology): string[] =>
  Array.from(
    new Set([beside.name, carrier(beside.name, topology)]),
    (name) => `DROP TABLE IF EXISTS ${qualified(name, topology)}${onCluster(topology)} SYNC`,
  );

/** Samples of one day whose series are `slice` modulo `slices`. */
interface Piece {
  readonly day: string;
  readonly slice: number;
  readonly slices: number;
}

const ofPiece = 'toDate(ts) = {day:Date} AND series % {slices:UInt32} = {slice:UInt32}';

async function piecesOf(engine: Engine, topology: Topology): Promise<Piece[]> {
  const days = await engine.query<{ day: string; samples: string }>({
    sql: `SELECT toDate(ts) AS day, count() AS samples FROM ${qualified(decimalSamples.name, topology)} GROUP BY day ORDER BY day`,
  });
  return days.flatMap(({ day, samples }) => {
    const slices = Math.ceil(Number(samples) / samplesPerPiece);
    return Array.from({ length: slices }, (_, slice) => ({ day, slice, slices }));
  });
}

async function copyPiece(engine: Engine, topology: Topology, piece: Piece): Promise<void> {
  const params = { ...piece };
  await engine.command({ sql: renderCopy(topology), params, settings: copySettings });
  const contents = async (table: string): Promise<string> => {
    const [row] = await engine.query<{ contents: string }>({ sql: renderContents(table, topology), params });
    return row?.contents ?? '';
  };
  const [before, after] = [await contents(decimalSamples.name), await contents(beside.name)];
  if (before !== after)
    throw new BarographError(
      'engine_failed',
      `samples of ${piece.day} differ from what they were copied from: ${after} in place of ${before}; nothing was lost`,
      { hint: 'Stop every other Barograph that writes to this database, and start this one again.' },
    );
}

const copySettings = {
  // Rows are sorted, each key once.
  optimize_on_insert: 0,
  // For each row 19 scales are tried at once.
  max_block_size: 8192,
  // The window sorts; past this, on the disk.
  max_bytes_before_external_sort: 256 * 1024 ** 2,
  max_bytes_ratio_before_external_sort: 0,
  // On a cluster each shard copies what it has, and the statement ends when all are done.
  distributed_foreground_insert: 1,
  parallel_distributed_insert_select: 2,
};

/** How many rows there are, and a sum over all of each of them. */
const renderContents = (table: string, topology: Topology): string =>
  `SELECT toString((count(), sum(cityHash64(metric, series, ts, reinterpretAsUInt64(value))))) AS contents
FROM ${qualified(table, topology)} FINAL
WHERE ${ofPiece}`;

/**
 * Copies a piece as the kernel would encode it (`src/kernel/assembly/decimals.ts`): one scale a series and day, bits where a value is no decimal number
 * of that scale, and bits for all where that is more than a quarter of them. The window sorts, though the rows come in its order: the engine does not see that.
 */
export const renderCopy = (
  topology: Topology,
): string => `INSERT INTO ${qualified(beside.name, topology)} (metric, series, ts, mantissa, scale)
SELECT
  metric, series, ts,
  if(is_exact, whole, reinterpretAsInt64(number)) AS mantissa,
  if(is_exact, series_scale, 255) AS scale
FROM (
  SELECT
    metric, series, ts, number,
    toUInt8(if(misfits * 4 > samples, 255, greatest(scales, 1) - 1)) AS series_scale,
    number * intExp10(series_scale) AS scaled,
    toInt64(if(abs(scaled) <= 9007199254740992, round(scaled), 0)) AS whole,
    series_scale != 255 AND reinterpretAsUInt64(whole / intExp10(series_scale)) = reinterpretAsUInt64(number) AS is_exact
  FROM (
    SELECT
      metric, series, ts, number,
      max(least_scale) OVER series_day AS scales,
      countIf(least_scale = 0) OVER series_day AS misfits,
      count() OVER series_day AS samples
    FROM (
      SELECT
        metric, series, ts, value AS number,
        if(
          number = round(number) AND abs(number) <= 9007199254740992, 1,
          arrayFirstIndex(
            s -> abs(number * intExp10(s)) <= 8796093022208 AND round(number * intExp10(s)) / intExp10(s) = number,
            range(19)
          )
        ) AS least_scale
      FROM ${qualified(decimalSamples.name, topology)} FINAL
      WHERE ${ofPiece}
    )
    WINDOW series_day AS (PARTITION BY metric, series)
  )
)`;
