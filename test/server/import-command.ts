/** Runs `barograph import` against a fake server, for the tests of the command. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Command, CommanderError } from 'commander';
import { BarographError } from '../../src/base/errors.js';
import { exitCodes } from '../../src/server/cli/exit-codes.js';
import { register } from '../../src/server/cli/import.js';
import { describeFailure } from '../../src/server/cli/program.js';
import { type FakeApi, type Fault, withFakeApi } from './import-fake-api.js';

/** A folder of one test file's own. */
export const folder = mkdtempSync(join(tmpdir(), 'barograph-import-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes a file into the tests' folder and gives its path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs the command in this process, which is a second quicker than a process of its own. */
export async function runHere(args: readonly string[]) {
  const said = { stdout: '', stderr: '' };
  const stdout = { write: (text: string) => (said.stdout += text) };
  const stderr = { write: (text: string) => (said.stderr += text) };
  const program = new Command().exitOverride().configureOutput({ writeOut: stdout.write, writeErr: stderr.write });
  register(program, { stdout, stderr });
  const before = process.exitCode;
  try {
    await program.parseAsync(['import', ...args], { from: 'user' });
    return { ...said, code: process.exitCode };
  } catch (error) {
    // As the program does: commander's own refusals are bad use.
    if (error instanceof CommanderError) return { ...said, code: exitCodes.badUse };
    assert.ok(error instanceof BarographError, String(error));
    return { ...said, stderr: `${said.stderr}${describeFailure(error)}`, code: 1 };
  } finally {
    process.exitCode = before;
  }
}

/** Runs an import against a fake server and gives what the command said and what arrived. */
export async function run(args: readonly string[], faultOf?: (attempt: number) => Fault) {
  return withFakeApi(async (api) => {
    const outcome = await runHere([...args, '--url', api.url]);
    return { ...outcome, api: { ...api, attempts: api.attempts } as FakeApi };
  }, faultOf);
}
