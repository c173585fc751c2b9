/**
 * Where configuration comes from: a YAML file, the environment, flags. Each source becomes a list of settings, one text
 * for one known key, and a list of problems in words; what a text means is the business of the key.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { closestMatch } from 'leven';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { messageOf } from '../base/errors.js';
import { configurationFileName, configurationKeys } from './configuration.js';
import { type ConfigurationKey, environmentPrefix } from './configuration-keys.js';

/** One text for one key, and where it stands, in words. */
export interface Setting {
  readonly key: ConfigurationKey;
  readonly text: string;
  readonly source: string;
}

export interface Settings {
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
}

/** What the command line gave. */
export interface ConfigurationFlags {
  /** `--config`: path of a file that must exist. */
  readonly config?: string;
  readonly data?: string;
  readonly listen?: string;
  /** `--set`, each `key=value`. */
  readonly set?: readonly string[];
}

const keysByName = new Map(configurationKeys.map((key) => [key.name, key]));
const keysByVariable = new Map(configurationKeys.map((key) => [key.variable, key]));
const sectionNames = new Set(
  configurationKeys.flatMap(({ name }) =>
    name
      .split('.')
      .slice(0, -1)
      .map((_, i, sections) => sections.slice(0, i + 1).join('.')),
  ),
);

/** Settings of the named file, else of `barograph.yaml` in the working folder, else none. Paths start at that folder. */
export function fileSettings(path: string | undefined, workingFolder: string): Settings {
  const name = path ?? configurationFileName;
  try {
    const text = readFileSync(path === undefined ? join(workingFolder, name) : resolve(workingFolder, path), 'utf8');
    return yamlSettings(text, name);
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (path === undefined && isAbsent) return { settings: [], problems: [] };
    return { settings: [], problems: [`${name} cannot be read: ${isAbsent ? 'no such file' : messageOf(error)}`] };
  }
}

/** Settings of a YAML text; `name` is the file's, for messages. */
export function yamlSettings(text: string, name: string): Settings {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const settings: Setting[] = [];
  const problems: string[] = [];
  const placeOf = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${name}, line ${line}, column ${col}`;
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) return { settings, problems: broken.map((e) => `${placeOf(e.pos[0])}: ${e.message}`) };

  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const readPair = ({ key: keyNode, value }: Pair, section: string): void => {
    const keyName = (section === '' ? '' : `${section}.`) + (isScalar(keyNode) ? String(keyNode.value) : '');
    const place = placeOf((keyNode as Node).range?.[0] ?? 0);
    const node = resolved(value);
    const key = keysByName.get(keyName);
    if (key !== undefined) {
      const text = key.schema.form === 'structure' ? structureText(node, document) : textOf(node);
      if (text === undefined)
        problems.push(
          `${keyName} (${place}): got ${kindOf(node)}, wanted ${key.schema.form === 'structure' ? 'a list or section' : 'one value'}`,
        );
      else if (settings.some((setting) => setting.key === key)) problems.push(`${keyName} (${place}): given twice`);
      else settings.push({ key, text, source: place });
    } else if (!sectionNames.has(keyName)) problems.push(`${place}: ${unknownKey(keyName)}`);
    else if (isMap(node)) readMap(node, keyName);
    else if (!isEmpty(node)) problems.push(`${keyName} (${place}): got ${kindOf(node)}, wanted a section of keys`);
  };
  const readMap = (map: YAMLMap, section: string): void => {
    for (const pair of map.items) readPair(pair, section);
  };
  if (isMap(document.contents)) readMap(document.contents, '');
  else if (!isEmpty(document.contents)) problems.push(`${name}: got ${kindOf(document.contents)}, wanted keys`);
  return { settings, problems };
}

/** Settings of the variables that begin with `BAROGRAPH_`. An empty one counts as absent, as container tools pass them. */
export function environmentSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings: Setting[] = [];
  const problems: string[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(environmentPrefix)) continue;
    const key = keysByVariable.get(variable);
    const source = `environment variable ${variable}`;
    if (key === undefined)
      problems.push(`unknown ${source}; the nearest known one is ${nearest(variable, keysByVariable)}`);
    else if (text !== undefined && text !== '') settings.push({ key, text, source });
  }
  return { settings, problems };
}

/** Settings of the flags; `--data` and `--listen` are short for `--set data=` and `--set listen=`. */
export function flagSettings({ data, listen, set = [] }: ConfigurationFlags): Settings {
  const settings: Setting[] = [];
  const problems: string[] = [];
  const add = (name: string, text: string, source: string): void => {
    const key = keysByName.get(name);
    if (key === undefined) problems.push(`${source}: ${unknownKey(name)}`);
    else settings.push({ key, text, source });
  };
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    // What has no `=` may be a secret on its own, so it is not repeated.
    if (at < 1) problems.push('--set: wanted key=value, such as --set ingest.flush_interval=500ms');
    else add(assignment.slice(0, at), assignment.slice(at + 1), `--set ${assignment.slice(0, at)}`);
  }
  if (data !== undefined) add('data', data, '--data');
  if (listen !== undefined) add('listen', listen, '--listen');
  return { settings, problems };
}

const unknownKey = (name: string): string =>
  `unknown key ${name}; the nearest known key is ${nearest(name, keysByName)}`;

/** A key in the wrong section is nearer than any other: its last word was written right. */
function nearest(name: string, known: ReadonlyMap<string, unknown>): string {
  const lastWord = name.slice(name.lastIndexOf('.') + 1);
  const names = [...known.keys()];
  const misplaced = names.filter((candidate) => candidate.slice(candidate.lastIndexOf('.') + 1) === lastWord);
  return closestMatch(name, misplaced.length > 0 ? misplaced : names) ?? '';
}

/** A scalar as it is written; undefined for a list, a section or nothing. `0123` stays `0123`: a password may look so. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return node.type === 'PLAIN' && node.source !== undefined ? node.source : String(node.value);
}

/** A list or section as JSON, each value in it the text that was written: a label `1.10` is not the number 1.1. */
function structureText(node: unknown, document: Document): string | undefined {
  const textsOf = (each: unknown): unknown => {
    const target = isAlias(each) ? each.resolve(document) : each;
    if (isSeq(target)) return target.items.map(textsOf);
    if (isMap(target)) return Object.fromEntries(target.items.map(({ key, value }) => [String(key), textsOf(value)]));
    return textOf(target) ?? null;
  };
  return isMap(node) || isSeq(node) ? JSON.stringify(textsOf(node)) : undefined;
}

const isEmpty = (node: unknown): boolean =>
  node === null || node === undefined || (isScalar(node) && node.value === null);

function kindOf(node: unknown): string {
  if (isEmpty(node)) return 'nothing';
  if (isMap(node)) return 'a section';
  return isScalar(node) ? 'a value' : 'a list';
}
