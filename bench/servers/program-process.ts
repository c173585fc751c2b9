/** Another program's server on a fresh folder: started, awaited, ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../../test/storage/test-engine.js';
import { type Restartable, type Running, restartable } from '../measure/restartable.js';

const readyMsMax = 30_000;
const readyPollMs = 50;
/** How long it may take to end by itself. A guess: Prometheus writes its head. */
const endMsMax = 30_000;
const logTailBytes = 2_000;

/** Starts it and resolves once `readyUrl` answers with a success. Its own log stays in its folder, and is told where it does not start. */
export async function startProgram(
  program: string,
  argsFor: (folder: string) => readonly string[] | Promise<readonly string[]>,
  readyUrl: string,
): Promise<Restartable> {
  const folder = await temporaryFolder();
  const args = await argsFor(folder);
  return restartable(folder, () => startReady(program, args, folder, readyUrl));
}

async function startReady(
  program: string,
  args: readonly string[],
  folder: string,
  readyUrl: string,
): Promise<Running> {
  const logPath = join(folder, 'program.log');
  const log = openSync(logPath, 'w');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    const late = new AbortController();
    const killed = delay(endMsMax, undefined, { signal: late.signal }).then(
      () => void child.kill('SIGKILL'),
      () => {},
    );
    await ended;
    late.abort();
    await killed;
  };
  const deadlineMs = performance.now() + readyMsMax;
  while (!(await isReady(readyUrl))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadlineMs) {
      const said = (await readFile(logPath, 'utf8')).slice(-logTailBytes);
      await end();
      throw new Error(`${program} did not become ready:\n${said}`);
    }
    await delay(readyPollMs);
  }
  return { pid: child.pid!, end };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(url).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
