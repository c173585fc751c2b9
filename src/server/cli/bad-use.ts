/** How a command refuses options and files that do not go together. */
import type { Command } from 'commander';
import { isBarographError } from '../../base/errors.js';
import { exitCodes } from './exit-codes.js';

/** Runs a command's work; a `bad_use` from it is told as commander tells its own refusals, with their exit code. */
export async function refusingBadUse(command: Command, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isBarographError(error, 'bad_use')) throw error;
    const hint = error.hint === undefined ? '' : `\nhint: ${error.hint}`;
    command.error(`error: ${error.message}${hint}`, { exitCode: exitCodes.badUse });
  }
}
