/** Barograph as a process of its own on a fresh folder, as people run it. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { startCli } from '../../test/server/cli-process.js';
import { temporaryFolder } from '../../test/storage/test-engine.js';

export interface ServerProcess {
  readonly url: string;
  /** Another one after `restart`. */
  readonly pid: number;
  readonly folder: string;
  /** Ends the process in order and starts another one on the same folder. */
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** Starts it and resolves once `/readyz` says 200. */
export async function startServerProcess(set: readonly string[] = []): Promise<ServerProcess> {
  const folder = await temporaryFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = ['serve', '--data', folder, '--listen', url.slice('http://'.length)];
  const start = () => startReady([...args, ...['log.level=warn', ...set].flatMap((key) => ['--set', key])], url);
  let running = await start();
  return {
    url,
    get pid() {
      return running.pid;
    },
    folder,
    async restart() {
      await running.end();
      running = await start();
    },
    async stop() {
      await running.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startReady(args: readonly string[], url: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = startCli(args);
  child.stdout.resume();
  child.stderr.pipe(process.stderr);
  const exited = once(child, 'exit');
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended with ${child.signalCode ?? `code ${child.exitCode}`}`);
    await delay(readyPollMs);
  }
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  return { pid: child.pid!, end };
}

const readyPollMs = 50;

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
