/**
 * Fills the configuration: defaults, then the file, then the environment, then flags; the later wins. Every problem is
 * found before any is told, so that a broken configuration is mended in one go.
 */
import { resolve } from 'node:path';
import { BarographError } from '../base/errors.js';
import { type Configuration, configurationKeys, valueAt } from './configuration.js';
import { forms } from './configuration-forms.js';
import { type ConfigurationKey, parseValue, wantedOf } from './configuration-keys.js';
import { ruleProblems } from './configuration-rules.js';
import {
  type ConfigurationFlags,
  environmentSettings,
  fileSettings,
  flagSettings,
  type Setting,
} from './configuration-settings.js';

export interface ConfigurationOrigin {
  readonly flags: ConfigurationFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `barograph.yaml` is looked for and where relative paths start. */
  readonly workingFolder: string;
}

/**
 * The configuration of the given origin, by default this process without flags.
 * Fails with `bad_configuration`: each unknown key with the nearest known one, each wrong value with its key, its
 * source, what was got and what was wanted. Values of secret keys are never repeated.
 */
export function loadConfiguration(origin: Partial<ConfigurationOrigin> = {}): Configuration {
  const { flags = {}, environment = process.env, workingFolder = process.cwd() } = origin;
  const sources = [fileSettings(flags.config, workingFolder), environmentSettings(environment), flagSettings(flags)];
  const problems = sources.flatMap((source) => source.problems);
  const settings = sources.flatMap((source) => source.settings);
  const sourceByName = new Map(settings.map(({ key, source }) => [key.name, source]));

  const values = new Map(configurationKeys.map((key) => [key.name, key.schema.default]));
  for (const setting of settings) {
    const value = parseValue(setting.key, setting.text);
    if (value === undefined) problems.push(wrongValue(setting));
    else values.set(setting.key.name, value);
  }
  const configuration = assemble(values, workingFolder);
  if (problems.length === 0) problems.push(...ruleProblems(configuration, (name) => sourceByName.get(name)));
  if (problems.length > 0) throw configurationError(problems);
  return configuration;
}

function wrongValue({ key, text, source }: Setting): string {
  const got = key.schema.secret ? 'a value that is not shown here' : JSON.stringify(text);
  return `${key.name} (${source}): got ${got}, wanted ${wantedOf(key)}`;
}

function assemble(values: ReadonlyMap<string, unknown>, workingFolder: string): Configuration {
  const root: Record<string, unknown> = {};
  for (const key of configurationKeys) {
    const section = sectionOf(root, key.path);
    const value = values.get(key.name);
    if (value !== undefined) section[key.path.at(-1)!] = placed(key, value, workingFolder);
  }
  return deepFrozen(root) as Configuration;
}

function sectionOf(root: Record<string, unknown>, path: readonly string[]): Record<string, unknown> {
  return path.slice(0, -1).reduce((node, segment) => {
    node[segment] ??= {};
    return node[segment] as Record<string, unknown>;
  }, root);
}

/** The value as the program keeps it: paths absolute, so that they mean the same wherever they are used. */
const placed = (key: ConfigurationKey, value: unknown, workingFolder: string): unknown =>
  key.schema.form === 'folder' ? resolve(workingFolder, value as string) : value;

function deepFrozen(node: Record<string, unknown>): object {
  for (const child of Object.values(node))
    if (typeof child === 'object' && child !== null) deepFrozen(child as Record<string, unknown>);
  return Object.freeze(node);
}

function configurationError(problems: readonly string[]): BarographError {
  const message =
    problems.length === 1 ? problems[0]! : `${problems.length} problems:\n${problems.map((p) => `  ${p}`).join('\n')}`;
  return new BarographError('bad_configuration', message, {
    hint: 'docs/reference/configuration.md lists every key.',
  });
}

/** The configuration as text by key, as people would write it, for logs and reports. Secrets are only said to be set. */
export function describeConfiguration(configuration: Configuration): Record<string, string> {
  return Object.fromEntries(
    configurationKeys.flatMap((key) => {
      const value = valueAt(configuration, key);
      if (value === undefined) return [];
      return [[key.name, key.schema.secret ? '(set, not shown)' : forms[key.schema.form].format(value)]];
    }),
  );
}
