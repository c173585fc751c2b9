/** `barograph status`: whether a server is ready, and what is wrong where it is not. */
import type { Command } from 'commander';
import { addServerOptions, type ServerOptions } from './configuration-options.js';

interface StatusOptions extends ServerOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  addServerOptions(program.command('status'))
    .description('say whether a server is ready and, if not, what is wrong')
    .option('--json', "print the server's answer as it is")
    .action(async (options: StatusOptions) => {
      const { printStatus } = await import('./status-run.js');
      process.exitCode = await printStatus(options);
    });
}
