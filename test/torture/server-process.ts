/** A server as a process of its own, so that it can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../bin/barograph.mjs', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a server on a folder and resolves once it is ready. */
export function startServerProcess(folder: string, set: readonly string[] = []): Promise<ServerProcess> {
  const flags = ['log.level=error', ...set].flatMap((each) => ['--set', each]);
  const child = spawn(process.execPath, [program, 'serve', '--data', folder, '--listen', '127.0.0.1:0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const url = /ready at (http:\S+)/.exec(printed)?.[1];
      if (url !== undefined) resolve({ url, pid: child.pid!, kill: (signal) => ended(child, signal) });
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`the server ended with ${code ?? signal} before it was ready`)),
    );
  });
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

/** Process ids of the children of a process; empty where the system has no /proc. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
