/** `barograph serve`: runs a server until a signal ends it. */
import type { Command } from 'commander';
import type { ConfigurationFlags } from '../configuration-settings.js';
import { addServerConfigurationOptions, configurationFlags } from './configuration-options.js';

export function register(program: Command): void {
  addServerConfigurationOptions(program.command('serve'))
    .description('run a server')
    .action(async (options: ConfigurationFlags) => {
      const { runServer } = await import('./serve-run.js');
      await runServer(configurationFlags(options));
    });
}
