/** A private engine for the tests of one file, in a temporary folder. Start it in `before`, stop it in `after`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedEngine, startEmbeddedEngine } from '../../src/storage/embedded/embedded-engine.js';
import type { EngineLog } from '../../src/storage/embedded/log.js';
import type { Engine } from '../../src/storage/engine.js';

export interface TestEngine {
  readonly engine: Engine;
  /** The data folder, removed by `stop`. */
  readonly folder: string;
  readonly embedded: EmbeddedEngine;
  /** Drops all our tables, so that the next test finds an empty database. */
  clear(): Promise<void>;
  /** Ends the engine and removes its folder. */
  stop(): Promise<void>;
}

/** The engine as the program starts it, with a memory bound that lets several test files run side by side. */
export async function startTestEngine(): Promise<TestEngine> {
  const folder = await temporaryFolder();
  const embedded = await startEmbeddedEngine({ dataFolder: folder, memoryBytesMax: 2 * 1024 ** 3, log: silentLog });
  const { engine } = embedded;
  return {
    engine,
    folder,
    embedded,
    async clear() {
      // The database itself stays: a session cannot begin in one that is gone.
      const sql = `SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY engine LIKE '%View' DESC`;
      for (const { name } of await engine.query<{ name: string }>({ sql }))
        await engine.command({ sql: `DROP TABLE IF EXISTS \`${name}\` SYNC` });
    },
    async stop() {
      await embedded.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'barograph-test-'));

export const silentLog: EngineLog = { info() {}, warn() {}, error() {} };
