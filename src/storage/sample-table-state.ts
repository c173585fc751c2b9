/** The state of the table of samples in a few bytes, to tell whether rows came or went. */
import { createHash } from 'node:crypto';
import { BarographError } from '../base/errors.js';
import type { Engine } from './engine.js';

/**
 * Differs after each insert and each mutation, and where parts went or the table was made anew; merges leave it as it is. Of a table on this one node: rows
 * behind a distributed table are not seen.
 */
export async function sampleTableState(engine: Engine, signal?: AbortSignal): Promise<string> {
  const asked = signal === undefined ? {} : { signal };
  const tables = await engine.query<{ uuid: string; name: string }>({
    sql: `SELECT toString(uuid) AS uuid, name FROM system.tables WHERE database = currentDatabase() AND name = 'metric_samples'`,
    ...asked,
  });
  if (tables.length === 0) throw new BarographError('engine_failed', 'there is no table of samples');
  // Parts are named <partition>_<first block>_<last block>_<level>, and the mutation's block behind it after one. Each insert and each mutation takes the
  // table's next block, and a merged part has the first and the last of those that it is made of.
  const partitions = await engine.query({
    sql: `SELECT
  partition_id,
  toString(min(min_block_number)) AS first,
  toString(max(max_block_number)) AS last,
  toString(max(toUInt64OrZero(splitByChar('_', name)[5]))) AS mutated
FROM system.parts
WHERE database = currentDatabase() AND table = 'metric_samples' AND active
GROUP BY partition_id
ORDER BY partition_id`,
    ...asked,
  });
  return createHash('sha256')
    .update(JSON.stringify([tables, partitions]))
    .digest('hex');
}
