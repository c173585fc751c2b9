import type { Engine } from '../engine.js';
import type { EngineLog } from './log.js';

interface BrokenPart {
  readonly table: string;
  readonly name: string;
  readonly reason: string;
  readonly bytes: string;
}

/**
 * Says in the log which parts the server could not read when it opened its tables and has set aside: after a power cut on a
 * disk that lies about fsync, or where files were damaged. Returns how many there are.
 */
export async function reportBrokenParts(engine: Engine, log: EngineLog): Promise<number> {
  const parts = await engine.query<BrokenPart>({
    sql: `
      SELECT table, name, reason, bytes_on_disk AS bytes
      FROM system.detached_parts
      WHERE database = {database:String} AND startsWith(reason, 'broken')
      ORDER BY table, name`,
    params: { database: engine.database },
  });
  for (const part of parts) {
    log.error(
      { ...part },
      'the engine could not read a part of a table and has set it aside; its rows are missing from answers',
    );
  }
  return parts.length;
}
