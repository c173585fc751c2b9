/**
 * Which request ids have been seen, as prediction or as ground truth. The filter answers "surely new" from memory,
 * which is what nearly every prediction is; the rest are looked up in `prediction_ids`.
 */
import { IdSet } from '../../kernel/id-set.js';
import { Kernel } from '../../kernel/kernel.js';
import type { TextColumn } from '../../model/columns.js';
import type { Engine } from '../../storage/engine.js';
import { listedBytes, statementChunks } from '../statement-chunks.js';

/** Where the current prediction of a request id lies. */
export interface KnownPrediction {
  readonly rowId: number;
  readonly model: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly tsMs: number;
}

export interface KnownIds {
  /** Begins with records that have at most `ids` ids together. */
  beginRecords(records: number, ids: number): void;
  /** Meets the ids of a record and remembers them. Answers the rows whose ids may have been seen before: each one that was, but for the repeats among these records. */
  meet(requestIds: TextColumn, record: number): number[];
  /** Whether an id of a record comes again, in it or in another one of those that were met. */
  hasRepeats(record: number): boolean;
  /** Remembers ids. */
  add(requestIds: TextColumn): void;
  /** The current prediction of each of these ids that has one. */
  predictionsOf(requestIds: readonly string[]): Promise<Map<string, KnownPrediction>>;
  /** Resolves when the ids of earlier runs are in the filter; until then every id counts as perhaps known. */
  readonly loaded: Promise<void>;
  readonly filterBytes: number;
}

export async function openKnownIds(engine: Engine, filterBytesMax: number): Promise<KnownIds> {
  const stored = await countStored(engine);
  // Twice what is there, so that the filter does not fill up soon after the start.
  const ids = new IdSet(new Kernel(), stored * 2, filterBytesMax);
  let complete = stored === 0;
  const loaded = complete
    ? Promise.resolve()
    : load(engine, ids).then(() => {
        complete = true;
      });
  return {
    loaded,
    get filterBytes() {
      return ids.bytes;
    },
    beginRecords: (records, count) => ids.beginRuns(records, count),
    meet: (requestIds, record) => ids.meet(requestIds, record, !complete),
    hasRepeats: (record) => ids.hasRepeats(record),
    add: (requestIds) => void ids.add(requestIds),
    async predictionsOf(requestIds) {
      const known = new Map<string, KnownPrediction>();
      for (const some of statementChunks(requestIds, listedBytes)) await lookUp(engine, some, known);
      return known;
    },
  };
}

async function countStored(engine: Engine): Promise<number> {
  const [row] = await engine.query<{ ids: string }>({
    sql: `SELECT toString((SELECT count() FROM prediction_ids) + (SELECT count() FROM ground_truth)) AS ids`,
  });
  return Number(row?.ids ?? 0);
}

/** Streams every stored hash into the filter: 8 bytes an id. */
async function load(engine: Engine, ids: IdSet): Promise<void> {
  const sql = `SELECT request_hash FROM prediction_ids UNION ALL SELECT request_hash FROM ground_truth`;
  const { body } = await engine.stream({ sql }, 'RowBinary');
  let rest = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 8);
    ids.addHashes(bytes.subarray(0, whole));
    rest = Buffer.from(bytes.subarray(whole));
  }
}

interface LookupRow {
  readonly request_id: string;
  readonly row_id: string;
  readonly model: string;
  readonly version: string;
  readonly ts_ms: string;
}

async function lookUp(
  engine: Engine,
  requestIds: readonly string[],
  known: Map<string, KnownPrediction>,
): Promise<void> {
  const rows = await engine.query<LookupRow>({
    sql: `WITH wanted AS (
  SELECT
    arrayJoin({requestIds:Array(String)}) AS request_id,
    xxHash64(request_id) AS hash,
    toUInt32(bitAnd(sipHash64(request_id), 4294967295)) AS check
)
SELECT wanted.request_id AS request_id, found.row_id AS row_id, model, version, ts_ms
FROM wanted
INNER JOIN (
  SELECT
    request_hash, request_check,
    max(prediction_ids.row_id) AS row_id,
    argMax(prediction_ids.model, prediction_ids.row_id) AS model,
    argMax(prediction_ids.version, prediction_ids.row_id) AS version,
    toUnixTimestamp64Milli(argMax(prediction_ids.ts, prediction_ids.row_id)) AS ts_ms
  FROM prediction_ids
  WHERE request_hash GLOBAL IN (SELECT hash FROM wanted)
  GROUP BY request_hash, request_check
) AS found ON found.request_hash = wanted.hash AND found.request_check = wanted.check`,
    params: { requestIds },
  });
  for (const { request_id, row_id, model, version, ts_ms } of rows)
    known.set(request_id, { rowId: Number(row_id), model, version, tsMs: Number(ts_ms) });
}
