/** Brings up one server: a child on a free port that answers to our password. */
import { setTimeout as delay } from 'node:timers/promises';
import { BarographError, isBarographError } from '../../base/errors.js';
import { openClickhouseEngine } from '../clickhouse-engine.js';
import type { Credentials } from '../credentials.js';
import type { Engine } from '../engine.js';
import { quoteName } from '../reader-profile.js';
import { isPortTaken } from './child-failure.js';
import { type EngineChild, startChild } from './child-process.js';
import type { DataFolder } from './data-folder.js';
import { freePort } from './free-port.js';

/** What all starts of one embedded engine share. */
export interface LaunchOptions {
  readonly folder: DataFolder;
  readonly libraryPath: string;
  readonly database: string;
  readonly admin: Credentials;
  readonly reader: Credentials;
}

/** A server that answers, and the engine that speaks to it. */
export interface RunningServer {
  readonly child: EngineChild;
  readonly url: string;
  readonly engine: Engine;
}

/** Between asking for a free port and listening on it, another process may take it. */
const portAttemptsMax = 5;
/** A folder with very many parts takes long to open; a server that has not answered by then never will. */
const startMsMax = 5 * 60_000;
const pollMs = 10;
const endGraceMs = 5_000;

/** Starts a child and resolves once it answers and our database is there. Leaves no child behind where it rejects. */
export async function launch(options: LaunchOptions, signal: AbortSignal): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = startChild({
      libraryPath: options.libraryPath,
      folder: options.folder.enginePath,
      configPath: options.folder.configPath,
      port,
    });
    const url = `http://127.0.0.1:${port}`;
    const { database, admin, reader } = options;
    // Until our database is there, no session can begin in it.
    const outside = openClickhouseEngine({ url, database: 'system', admin });
    try {
      await untilReady(child, outside, signal);
      await outside.command({ sql: `CREATE DATABASE IF NOT EXISTS ${quoteName(database)} ENGINE = Atomic` });
      return { child, url, engine: openClickhouseEngine({ url, database, admin, reader }) };
    } catch (error) {
      await child.end(endGraceMs);
      const retry = isBarographError(error) && isPortTaken(error) && attempt < portAttemptsMax;
      if (!retry) throw error;
    } finally {
      await outside.close();
    }
  }
}

async function untilReady(child: EngineChild, engine: Engine, signal: AbortSignal): Promise<void> {
  const deadlineMs = Date.now() + startMsMax;
  while (!(await engine.health()).ok) {
    if (!child.isRunning()) throw await child.exited;
    signal.throwIfAborted();
    if (Date.now() > deadlineMs) {
      throw new BarographError('engine_failed', `The engine did not answer within ${startMsMax} ms of its start.`);
    }
    await delay(pollMs);
  }
}
