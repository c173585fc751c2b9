/** Runs the command line as a process of its own, as people do. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

// From dist/test/server/ up to the package.
export const packageRoot = join(import.meta.dirname, '..', '..', '..');
const program = join(packageRoot, 'bin', 'barograph.mjs');

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** What it reads on its standard input. */
  readonly input?: string;
}

export type CliProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts a command. Variables of this process that would configure it are not passed on. */
export function startCli(args: readonly string[], { environment = {}, workingFolder }: CliOptions = {}): CliProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BAROGRAPH_'));
  return spawn(process.execPath, [program, ...args], {
    cwd: workingFolder ?? packageRoot,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = startCli(args, options);
  // A command that reads no input may have ended before it could.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, stdout, stderr };
}
