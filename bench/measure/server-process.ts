/** Barograph as a process of its own on a fresh folder, as people run it. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { startCli } from '../../test/server/cli-process.js';
import { temporaryFolder } from '../../test/storage/test-engine.js';

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** Starts it and resolves once `/readyz` says 200. */
export async function startServerProcess(set: readonly string[] = []): Promise<ServerProcess> {
  const folder = await temporaryFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = ['serve', '--data', folder, '--listen', url.slice('http://'.length)];
  const child = startCli([...args, ...['log.level=warn', ...set].flatMap((key) => ['--set', key])]);
  child.stdout.resume();
  child.stderr.pipe(process.stderr);
  const exited = once(child, 'exit');
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended with ${child.signalCode ?? `code ${child.exitCode}`}`);
    await delay(50);
  }
  return {
    url,
    pid: child.pid!,
    folder,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
