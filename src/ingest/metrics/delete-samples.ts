/** Takes samples of series out of the tables, physically: when it resolves, no part holds them any more. */
import { noRef, seriesId } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import type { SeriesDeletion } from './metric-record.js';

export type DeleteSamples = (deletion: SeriesDeletion) => Promise<void>;

export interface DeleteTables {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  /** Of a table, the name that mutations go to, and what stands behind it: on a cluster the local table and ON CLUSTER. */
  readonly mutated: (table: string) => string;
}

/** Tables that hold samples, or what is derived from them, by the id of their series. */
const sampleTables = ['metric_samples', 'metric_histograms', 'metric_exemplars'];
/** A guess at how long a list of ids may be beside the parts that have to be written anew. */
const idsPerStatement = 10_000;

export function createDeleteSamples({ engine, index, mutated }: DeleteTables): DeleteSamples {
  return async ({ refs, fromMs, toMs }) => {
    const known = refs.filter((ref) => ref !== noRef);
    for (let from = 0; from < known.length; from += idsPerStatement) {
      const ids = Array.from(known.subarray(from, from + idsPerStatement), (ref) =>
        seriesId(index.idLow[ref]!, index.idHigh[ref]!),
      );
      for (const table of sampleTables)
        await engine.command({
          sql: `ALTER TABLE ${mutated(table)} DELETE
WHERE series IN ({ids:Array(UInt64)})
  AND ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`,
          params: { ids, fromMs, toMs },
          settings: { mutations_sync: 2 },
        });
    }
  };
}
