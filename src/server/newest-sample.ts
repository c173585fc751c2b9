/** The time behind which a new process knows every sample, because it will be the one to take it in. */
import { isBarographError } from '../base/errors.js';
import type { Engine } from '../storage/engine.js';

/**
 * The time of the newest sample in the tables, epoch milliseconds; before all time where there are no tables
 * yet, and after all time where the engine does not answer.
 */
export async function newestSampleMs(engine: Engine): Promise<number> {
  try {
    const [tables] = await engine.query<{ count: string }>({
      sql: `SELECT count() AS count FROM system.tables WHERE database = currentDatabase() AND name = 'metric_samples'`,
    });
    if (tables?.count === '0') return 0;
    const [row] = await engine.query<{ newest: string; samples: string }>({
      // The engine knows it of each part, without reading a row.
      sql: 'SELECT toUnixTimestamp64Milli(max(ts)) AS newest, count() AS samples FROM metric_samples',
    });
    return row === undefined || row.samples === '0' ? 0 : Number(row.newest) + 1;
  } catch (error) {
    if (isBarographError(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
