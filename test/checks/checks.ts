/** The checks of scripts/check/, which are plain JavaScript outside the build, with the types that tests need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}
interface SourceFile extends ProjectFile {
  readonly functions: readonly { readonly name: string; readonly line: number; readonly lines: number }[];
  readonly imports: readonly { readonly specifier: string; readonly line: number; readonly typeOnly: boolean }[];
}
export interface ImportTable {
  readonly layers: Readonly<Record<string, readonly string[]>>;
}
interface Gate {
  readonly name: string;
  readonly run: () => string[] | Promise<string[]>;
}

// From dist/test/checks/ up to the package.
export const packageRoot = join(import.meta.dirname, '..', '..', '..');
const load = <Module>(path: string): Promise<Module> =>
  import(pathToFileURL(join(packageRoot, 'scripts', path)).href) as Promise<Module>;

export const { parseSources } = await load<{ parseSources(files: readonly ProjectFile[]): Promise<SourceFile[]> }>(
  'check/source-tree.mjs',
);
export const { importProblems } = await load<{ importProblems(sources: SourceFile[], table: ImportTable): string[] }>(
  'check/import-table.mjs',
);
export const { importCycles } = await load<{ importCycles(sources: SourceFile[]): string[] }>(
  'check/import-cycles.mjs',
);
export const { tidyProblems } = await load<{
  tidyProblems(files: readonly ProjectFile[], sources: SourceFile[]): string[];
}>('check/tidy.mjs');
export const { dependencyProblems } = await load<{
  dependencyProblems(packageJson: string, notes: readonly ProjectFile[]): string[];
}>('check/dependency-notes.mjs');
export const { runGates } = await load<{ runGates(gates: Gate[], print: (text: string) => void): Promise<string[]> }>(
  'check/gates.mjs',
);
export const { importTableText } = await load<{ importTableText(document: string, table: ImportTable): string }>(
  'docs/import-table-text.mjs',
);
export const { httpReference } = await load<{ httpReference(openApi: object): string }>('docs/http-reference.mjs');

/** The table that the project holds itself to. */
export const projectTable = JSON.parse(
  readFileSync(join(packageRoot, 'scripts/check/imports.json'), 'utf8'),
) as ImportTable;

/** Files by path. */
export const files = (texts: Readonly<Record<string, string>>): ProjectFile[] =>
  Object.entries(texts).map(([path, text]) => ({ path, text }));
