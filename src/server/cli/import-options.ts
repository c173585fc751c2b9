/** The options of `barograph import`, and how each is read from the command line. */
import { InvalidArgumentError } from 'commander';

export const importKinds = ['predictions', 'ground-truth', 'metrics'] as const;
export type ImportKind = (typeof importKinds)[number];

export const fileFormats = ['ndjson', 'csv', 'parquet'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** The command's options as commander parses them. */
export interface ImportOptions {
  readonly url?: string;
  readonly config?: string;
  readonly format?: FileFormat;
  readonly map: ReadonlyMap<string, string>;
  readonly set: ReadonlyMap<string, string>;
  readonly features?: readonly string[];
  readonly featuresRest?: boolean;
  readonly ignoreRest?: boolean;
  readonly labels?: readonly string[];
  readonly text?: readonly string[];
  readonly null: readonly string[];
  readonly delimiter?: string;
  readonly timeColumn?: string;
  readonly timeFormat: string;
  readonly batchRows: number;
  readonly concurrency: number;
  readonly dryRun?: boolean;
  readonly onError: 'stop' | 'continue';
  readonly allowRejected: number;
}

export function parseKind(text: string): ImportKind {
  if ((importKinds as readonly string[]).includes(text)) return text as ImportKind;
  throw new InvalidArgumentError(`Wanted ${importKinds.join(', ')}.`);
}

export function addPair(text: string, earlier: ReadonlyMap<string, string>): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Wanted name=value.');
  const name = text.slice(0, at);
  if (earlier.has(name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return new Map([...earlier, [name, text.slice(at + 1)]]);
}

/** Commas part pairs only where another pair follows, so that a column's name may hold one. */
export const addPairs = (text: string, earlier: ReadonlyMap<string, string>): Map<string, string> =>
  text.split(/,(?=[\w.]+=)/).reduce((pairs, pair) => addPair(pair, pairs), new Map(earlier));

export const addList = (text: string, earlier: readonly string[] = []): string[] => [...earlier, ...text.split(',')];

export function parseWhole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Wanted a whole number.');
}

export function parseCount(text: string): number {
  const number = parseWhole(text);
  if (number > 0) return number;
  throw new InvalidArgumentError('Wanted a whole number above 0.');
}

export function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' || text === 'tab' ? '\t' : text;
  if (delimiter.length === 1 && delimiter !== '"') return delimiter;
  throw new InvalidArgumentError('Wanted one character, or tab.');
}
