/** The engine of a server: a private one in the data folder, or the ClickHouse that the configuration names. */
import { messageOf } from '../base/errors.js';
import { openClickhouseEngine } from '../storage/clickhouse-engine.js';
import { startEmbeddedEngine } from '../storage/embedded/embedded-engine.js';
import type { Engine } from '../storage/engine.js';
import { defaultReaderLimits } from '../storage/reader-profile.js';
import { onCluster, type Topology } from '../storage/schema/table.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';

export interface ServerEngine {
  readonly engine: Engine;
  readonly topology: Topology;
  /** `running`, `restarting`, … for the private engine; `external` for one that others run. */
  readonly state: () => { readonly name: string; readonly reason: string };
  /** Makes the database where it is missing. Fails with `engine_unavailable` while nothing answers. */
  readonly prepare: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function startEngine(configuration: Configuration, log: Logger): Promise<ServerEngine> {
  return configuration.engine.url === undefined
    ? startPrivateEngine(configuration, log)
    : Promise.resolve(openConfiguredEngine(configuration, configuration.engine.url));
}

async function startPrivateEngine({ data, engine, query }: Configuration, log: Logger): Promise<ServerEngine> {
  const embedded = await startEmbeddedEngine({
    dataFolder: data,
    log,
    ...(engine.memoryBytesMax === undefined ? {} : { memoryBytesMax: engine.memoryBytesMax }),
    readerLimits: {
      ...defaultReaderLimits,
      timeMs: query.timeMaxMs,
      memoryBytes: query.memoryBytesMax,
      resultRows: query.resultRowsMax,
      readRows: query.readRowsMax,
    },
  });
  return {
    engine: embedded.engine,
    topology: { database: embedded.engine.database },
    state: () => embedded.state,
    prepare: () => Promise.resolve(),
    stop: () => embedded.stop(),
  };
}

function openConfiguredEngine({ engine: settings }: Configuration, url: string): ServerEngine {
  const { database, cluster, username = 'default', password = '', readerUsername, readerPassword = '' } = settings;
  const admin = { username, password };
  const engine = openClickhouseEngine({
    url,
    database,
    admin,
    ...(readerUsername === undefined ? {} : { reader: { username: readerUsername, password: readerPassword } }),
  });
  const topology = cluster === undefined ? { database } : { database, cluster };
  let reason = '';
  return {
    engine,
    topology,
    state: () => ({ name: 'external', reason }),
    async prepare() {
      // A session cannot begin in a database that is not there yet.
      const outside = openClickhouseEngine({ url, database: 'default', admin });
      try {
        await outside.command({ sql: `CREATE DATABASE IF NOT EXISTS \`${database}\`${onCluster(topology)}` });
        reason = '';
      } catch (error) {
        reason = messageOf(error);
        throw error;
      } finally {
        await outside.close();
      }
    },
    stop: () => engine.close(),
  };
}
