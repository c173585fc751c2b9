/** Barograph as a process of its own on a fresh folder, as people run it. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { startCli } from '../../test/server/cli-process.js';
import { temporaryFolder } from '../../test/storage/test-engine.js';
import { type Restartable, type Running, restartable } from './restartable.js';

export interface ServerProcess extends Restartable {
  readonly url: string;
}

/** Starts it and resolves once `/readyz` says 200. */
export async function startServerProcess(set: readonly string[] = []): Promise<ServerProcess> {
  const folder = await temporaryFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = ['serve', '--data', folder, '--listen', url.slice('http://'.length)];
  const sets = ['log.level=warn', ...set].flatMap((key) => ['--set', key]);
  const server = await restartable(folder, () => startReady([...args, ...sets], url));
  return Object.assign(server, { url });
}

async function startReady(args: readonly string[], url: string): Promise<Running> {
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
