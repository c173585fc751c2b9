/** The options by which a command takes configuration. One set, so that every command reads it the same way. */
import type { Command } from 'commander';
import type { ConfigurationFlags } from '../configuration-settings.js';

/** Collects a repeatable option's values. */
export const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/** Adds `--config`, `--listen` and `--set`, the options of every command that reads the configuration. */
export const addConfigurationOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'configuration file (./barograph.yaml where it exists)')
    .option('--listen <host:port>', 'where the server listens (127.0.0.1:4800)')
    .option('--set <key=value>', 'set any configuration key; may be given again and again', collect);

/** Adds `--data` to them, for commands that open the data folder. */
export const addServerConfigurationOptions = (command: Command): Command =>
  addConfigurationOptions(command.option('--data <folder>', 'data folder (./barograph-data)'));

/** The flags among a command's options. */
export function configurationFlags(options: ConfigurationFlags): ConfigurationFlags {
  const { config, data, listen, set } = options;
  return {
    ...(config === undefined ? {} : { config }),
    ...(data === undefined ? {} : { data }),
    ...(listen === undefined ? {} : { listen }),
    ...(set === undefined ? {} : { set }),
  };
}

/** What a client command takes: the server's address, or the configuration that tells it. */
export interface ServerOptions extends ConfigurationFlags {
  readonly url?: string;
}

/** Adds `--url` and the options of the configuration. */
export const addServerOptions = (command: Command): Command =>
  addConfigurationOptions(command.option('--url <url>', 'address of the server (where the configuration listens)'));
