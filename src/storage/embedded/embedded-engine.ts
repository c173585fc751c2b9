/**
 * The private engine: a ClickHouse server of our own in a child process, started, watched and stopped.
 *
 * States: `running` ⇄ `restarting`, ending in `stopped` or `failed`. Before the first `running` there is only a promise.
 * - running: the server answered to the password that this start has drawn, so it is ours and holds the folder.
 * - restarting: it died or went silent, and is started again after a delay that doubles up to a bound.
 * - failed: it cannot come back by itself, since another Barograph took the folder meanwhile or the library is gone.
 *
 * Invariants: at most one child of ours lives, and a new one starts only once the old one is gone. The configuration
 * of another start is removed only while we hold the folder.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isBarographError, messageOf } from '../../base/errors.js';
import type { Credentials } from '../credentials.js';
import type { Engine } from '../engine.js';
import { defaultReaderLimits, type ReaderLimits } from '../reader-profile.js';
import { reportBrokenParts } from './broken-parts.js';
import { openDataFolder } from './data-folder.js';
import { followingEngine } from './following-engine.js';
import { type LaunchOptions, launch, type RunningServer } from './launch.js';
import { libraryPath } from './library-path.js';
import type { EngineLog } from './log.js';
import { defaultMemoryBytesMax } from './memory-bound.js';

export interface EmbeddedEngineOptions {
  /** Holds `engine/`, the server's data, and `engine-config/`. Made where it does not exist. */
  readonly dataFolder: string;
  /** Bound of the server's memory, bytes. Default: 40 % of the memory of the machine or the container. */
  readonly memoryBytesMax?: number;
  readonly readerLimits?: ReaderLimits;
  readonly log: EngineLog;
  /** How long the server may leave pings unanswered before it is killed and started again. Default: 30 s. */
  readonly silenceMsMax?: number;
}

export interface EngineState {
  readonly name: 'running' | 'restarting' | 'stopped' | 'failed';
  /** Why it is not running, in words; empty while it runs. */
  readonly reason: string;
}

export interface EmbeddedEngine {
  /** Stays the same over restarts; its calls fail with `engine_unavailable` while no server runs. */
  readonly engine: Engine;
  /** Base URL of the server; a restart changes its port. */
  readonly url: string;
  readonly admin: Credentials;
  readonly reader: Credentials;
  /** Process id of the child, the last one where none runs. */
  readonly pid: number;
  readonly state: EngineState;
  /** Waits for running inserts, within a bound, then ends the server. Resolves once it is gone. */
  stop(): Promise<void>;
}

/** The database that holds our tables. */
const databaseName = 'barograph';
const pingIntervalMs = 1_000;
const pingMsMax = 5_000;
const silenceMsMaxDefault = 30_000;
const restartDelayMsMin = 100;
const restartDelayMsMax = 30_000;
/** A server that ran for so long counts as sound: its next restart begins with the shortest delay again. */
const soundAfterMs = 60_000;
/** How long `stop` waits for inserts that still run. */
const insertsMsMax = 5_000;
const insertsPollMs = 20;
const endGraceMs = 5_000;

/**
 * Starts the private engine on a data folder and resolves once it answers. Rejects with `folder_in_use`,
 * `platform_unsupported`, `disk_full`, `bad_configuration` (the folder cannot be written) or `engine_failed`.
 */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  const library = libraryPath();
  const folder = await openDataFolder(options.dataFolder);
  const users = { admin: randomCredentials('admin'), reader: randomCredentials('reader') };
  const launchOptions: LaunchOptions = { libraryPath: library, folder, database: databaseName, ...users };
  try {
    await folder.writeConfig({
      database: databaseName,
      ...users,
      memoryBytesMax: options.memoryBytesMax ?? defaultMemoryBytesMax(),
      readerLimits: options.readerLimits ?? defaultReaderLimits,
    });
    const server = await launch(launchOptions, new AbortController().signal);
    await folder.removeOtherConfigs().catch((error: unknown) => {
      options.log.warn({ reason: messageOf(error) }, 'the configuration of an earlier start could not be removed');
    });
    await saidBrokenParts(server.engine, options.log);
    return supervise(server, launchOptions, options);
  } catch (error) {
    await folder.removeConfig();
    throw error;
  }
}

/** A server under watch, and what is to be known when it must be started again. */
interface Watched {
  server: RunningServer;
  state: EngineState;
  /** How long the next restart waits. */
  delayMs: number;
  readonly launchOptions: LaunchOptions;
  readonly silenceMsMax: number;
  readonly log: EngineLog;
  readonly stopping: AbortController;
}

/** Takes over a running server: starts it again whenever it is gone, until `stop`. */
function supervise(
  server: RunningServer,
  launchOptions: LaunchOptions,
  options: EmbeddedEngineOptions,
): EmbeddedEngine {
  const watched: Watched = {
    server,
    state: { name: 'running', reason: '' },
    delayMs: restartDelayMsMin,
    launchOptions,
    silenceMsMax: options.silenceMsMax ?? silenceMsMaxDefault,
    log: options.log,
    stopping: new AbortController(),
  };
  // Stopping breaks off the delays and the start that the watch may be waiting for.
  const over = watch(watched).catch((error: unknown) => {
    if (!watched.stopping.signal.aborted) throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    engine: followingEngine(() => watched.server.engine),
    admin: launchOptions.admin,
    reader: launchOptions.reader,
    get url() {
      return watched.server.url;
    },
    get pid() {
      return watched.server.child.pid;
    },
    get state() {
      return watched.state;
    },
    stop: () => {
      stopped ??= stop(watched, over);
      return stopped;
    },
  };
}

async function watch(watched: Watched): Promise<void> {
  const { signal } = watched.stopping;
  while (!signal.aborted) {
    const sinceMs = performance.now();
    const reason = await downReason(watched.server, watched.silenceMsMax, signal);
    if (signal.aborted) return;
    watched.state = { name: 'restarting', reason };
    watched.log.error({ reason, pid: watched.server.child.pid }, 'the engine is down and will be started again');
    if (performance.now() - sinceMs > soundAfterMs) watched.delayMs = restartDelayMsMin;
    // A server that is silent may be held still and hears no polite request; one that died has nothing to hear it with.
    await watched.server.child.end(0);
    await watched.server.engine.close();
    while (watched.state.name === 'restarting') await restart(watched);
  }
}

async function restart(watched: Watched): Promise<void> {
  const { log, stopping } = watched;
  await delay(watched.delayMs, undefined, { signal: stopping.signal });
  watched.delayMs = Math.min(watched.delayMs * 2, restartDelayMsMax);
  try {
    watched.server = await launch(watched.launchOptions, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) throw error;
    const final = isBarographError(error, 'folder_in_use') || isBarographError(error, 'platform_unsupported');
    watched.state = { name: final ? 'failed' : 'restarting', reason: messageOf(error) };
    log.error({ reason: messageOf(error) }, final ? 'the engine cannot be started again' : 'the engine did not start');
    if (final) stopping.abort();
    return;
  }
  watched.state = { name: 'running', reason: '' };
  log.info({ pid: watched.server.child.pid }, 'the engine runs again');
  await saidBrokenParts(watched.server.engine, log);
}

/** A report that cannot be made is no reason not to serve. */
async function saidBrokenParts(engine: Engine, log: EngineLog): Promise<void> {
  try {
    await reportBrokenParts(engine, log);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'the engine did not say whether it could read all parts');
  }
}

async function stop(watched: Watched, over: Promise<void>): Promise<void> {
  watched.stopping.abort();
  await over;
  const { child, engine } = watched.server;
  if (child.isRunning()) await insertsDone(engine);
  await child.end(endGraceMs);
  await engine.close();
  await watched.launchOptions.folder.removeConfig();
  watched.state = { name: 'stopped', reason: 'it was stopped' };
}

/** Resolves with the reason, in words, once the server has died or has left pings unanswered for too long. */
async function downReason(server: RunningServer, silenceMsMax: number, signal: AbortSignal): Promise<string> {
  const decided = new AbortController();
  const ended = AbortSignal.any([signal, decided.signal]);
  try {
    const died = server.child.exited.then((failure) => failure.message);
    return await Promise.race([died, silence(server.url, silenceMsMax, ended)]);
  } finally {
    decided.abort();
  }
}

async function silence(url: string, silenceMsMax: number, signal: AbortSignal): Promise<string> {
  let answeredAtMs = performance.now();
  for (;;) {
    await delay(pingIntervalMs, undefined, { signal });
    if (await answersPing(url, Math.min(pingMsMax, silenceMsMax), signal)) answeredAtMs = performance.now();
    else if (performance.now() - answeredAtMs >= silenceMsMax) return `it left pings unanswered for ${silenceMsMax} ms`;
  }
}

async function answersPing(url: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/ping`, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Resolves when no insert runs any more, or after a bound: what was not acknowledged then is in the write-ahead log. */
async function insertsDone(engine: Engine): Promise<void> {
  const deadlineMs = performance.now() + insertsMsMax;
  const sql = "SELECT count() AS inserts FROM system.processes WHERE query_kind = 'Insert'";
  try {
    while (performance.now() < deadlineMs) {
      const [row] = await engine.query<{ inserts: string }>({ sql, limits: { timeMs: insertsMsMax } });
      if (row?.inserts === '0') return;
      await delay(insertsPollMs);
    }
  } catch {
    // The server went away by itself, which is what was wanted.
  }
}

const randomCredentials = (username: string): Credentials => ({
  username,
  password: randomBytes(32).toString('base64url'),
});
