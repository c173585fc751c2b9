/** The command line: its commands, its help, and how a failure is told and turned into an exit code. */
import { Command, CommanderError } from 'commander';
import { BarographError, type ErrorCode } from '../../base/errors.js';
import { register as registerDemo } from './demo.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { register as registerImport } from './import.js';
import { register as registerServe } from './serve.js';
import { register as registerSql } from './sql.js';
import { register as registerStatus } from './status.js';
import { packageVersion } from './version.js';

/** Failures of what was asked, not of what was done. */
const badUseCodes: ReadonlySet<ErrorCode> = new Set(['bad_use', 'bad_configuration']);

/** Where commander's own words go: help to the one, what is wrong to the other. */
export interface ProgramOutput {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

const standardOutput: ProgramOutput = {
  writeOut: (text) => process.stdout.write(text),
  writeErr: (text) => process.stderr.write(text),
};

/** The whole command line, ready to parse arguments. Bad use is thrown, not exited on. */
export function buildProgram(output: ProgramOutput): Command {
  const program = new Command('barograph')
    .description('One store for everything a machine-learning system emits.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'say what a command does and takes')
    .showHelpAfterError('(--help says more)')
    .configureOutput(output)
    .exitOverride();
  for (const register of [registerServe, registerDemo, registerSql, registerImport, registerStatus]) register(program);
  return program;
}

/** Runs the command line, tells a failure, and gives the exit code. */
export async function runProgram(args: readonly string[], output = standardOutput): Promise<ExitCode> {
  try {
    await buildProgram(output).parseAsync(args, { from: 'user' });
    return (process.exitCode as ExitCode | undefined) ?? exitCodes.success;
  } catch (error) {
    // Commander has already said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.badUse;
    output.writeErr(describeFailure(error));
    return error instanceof BarographError && badUseCodes.has(error.code) ? exitCodes.badUse : exitCodes.failure;
  }
}

/** A failure in words: code, message and hint of one that was meant, the stack of a defect. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof BarographError)) return `error internal: ${error instanceof Error ? error.stack : error}\n`;
  return `error ${error.code}: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`;
}
