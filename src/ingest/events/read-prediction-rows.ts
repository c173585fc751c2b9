/** Reads stored predictions back as columns, by where they lie. */

import type { Batch } from '../../model/columns.js';
import type { PredictionColumns } from '../../model/prediction.js';
import type { Engine } from '../../storage/engine.js';
import { decodeBlocks } from '../../storage/native/decode.js';
import { listedBytes, statementChunks } from '../statement-chunks.js';
import { predictionRowTypes } from './event-columns.js';
import type { RowColumns } from './event-rows.js';
import type { KnownPrediction } from './known-ids.js';

const types = { row_id: 'UInt64', arrived: "DateTime64(3, 'UTC')", ...predictionRowTypes } as const;

/** Two numbers of up to 20 digits beside the names. */
const placeBytes = ({ model, version }: KnownPrediction): number => listedBytes(model) + listedBytes(version) + 42;

export async function readPredictionRows(
  engine: Engine,
  places: readonly KnownPrediction[],
): Promise<Batch<PredictionColumns & RowColumns>> {
  const answers: Uint8Array[] = [];
  for (const some of statementChunks(places, placeBytes)) answers.push(await readSome(engine, some));
  return decodeBlocks<PredictionColumns & RowColumns>(Buffer.concat(answers), types);
}

/** Plain types, whatever the table keeps them as. */
const columns = Object.entries(types).map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`);

async function readSome(engine: Engine, places: readonly KnownPrediction[]): Promise<Uint8Array> {
  const { body } = await engine.stream(
    {
      sql: `SELECT ${columns.join(', ')}
FROM (
  SELECT *
  FROM prediction_rows
  WHERE (model, version, ts, row_id) IN (
    SELECT place.1, place.2, fromUnixTimestamp64Milli(place.3, 'UTC'), place.4
    FROM (
      SELECT arrayJoin(arrayZip(
        {models:Array(String)}, {versions:Array(String)}, {tsMs:Array(Int64)}, {rowIds:Array(UInt64)}
      )) AS place
    )
  )
)`,
      params: {
        models: places.map(({ model }) => model),
        versions: places.map(({ version }) => version),
        tsMs: places.map(({ tsMs }) => tsMs),
        rowIds: places.map(({ rowId }) => rowId),
      },
    },
    'Native',
  );
  const parts: Buffer[] = [];
  for await (const part of body as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
