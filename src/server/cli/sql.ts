/** `barograph sql`: runs one statement on a server and streams its answer to the standard output. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { messageOf } from '../../base/errors.js';
import { addServerOptions, collect, type ServerOptions } from './configuration-options.js';
import { exitCodes } from './exit-codes.js';

interface SqlOptions extends ServerOptions {
  readonly file?: string;
  readonly format?: string;
  readonly param?: readonly string[];
}

/** For eyes, and for programs. */
const terminalFormat = 'PrettyCompact';
const pipeFormat = 'TabSeparatedWithNames';

export function register(program: Command): void {
  addServerOptions(program.command('sql'))
    .description('run one read-only SQL statement: the argument, a file, or the standard input')
    .argument('[statement]', 'the statement')
    .option('-f, --file <file>', 'read the statement from a file')
    .option('--format <name>', `any output format of ClickHouse (${terminalFormat} on a terminal, else ${pipeFormat})`)
    .option('--param <name=value>', 'bind {name:Type} of the statement; may be given again and again', collect)
    .action(async (argument: string | undefined, options: SqlOptions, command: Command) => {
      const params = parseParams(options.param ?? [], command);
      const query = await readStatement(argument, options.file, command);
      const format = options.format ?? (process.stdout.isTTY ? terminalFormat : pipeFormat);
      const [{ printAnswer }, { serverUrl }] = await Promise.all([import('./sql-run.js'), import('./server-url.js')]);
      await printAnswer(serverUrl(options), { query, params, format });
    });
}

function parseParams(assignments: readonly string[], command: Command): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const at = assignment.indexOf('=');
      if (at < 1) badUse(command, `--param: got "${assignment}", wanted name=value`);
      return [assignment.slice(0, at), assignment.slice(at + 1)];
    }),
  );
}

async function readStatement(
  argument: string | undefined,
  file: string | undefined,
  command: Command,
): Promise<string> {
  if (argument !== undefined && file !== undefined) badUse(command, 'a statement and --file: wanted one of them');
  if (argument === undefined && file === undefined && process.stdin.isTTY)
    badUse(command, 'no statement: give it as the argument, with --file, or on the standard input');
  const statement =
    argument ?? (file === undefined ? await text(process.stdin) : await readStatementFile(file, command));
  if (statement.trim() === '') badUse(command, 'the statement is empty');
  return statement;
}

const readStatementFile = (file: string, command: Command): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => badUse(command, `--file: ${messageOf(error)}`));

const badUse = (command: Command, message: string): never =>
  command.error(`error: ${message}`, { exitCode: exitCodes.badUse });
