// Who may import whom. The table is data, imports.json: for each layer, the layers and files below src/ that it may
// import. `!x` takes a part away again, `types:x` allows types only, `*` is every layer.
import { posix } from 'node:path';

/**
 * Every import that the table does not allow, and every folder of src/ that it does not know.
 * @param {import('./source-tree.mjs').SourceFile[]} sources
 * @param {{layers: Record<string, string[]>}} table
 * @returns {string[]}
 */
export function importProblems(sources, { layers }) {
  const governed = sources.filter(({ path }) => /^(?:src|web)\//.test(path));
  const unknown = new Set(
    governed
      .map(({ path }) => path)
      .filter((path) => layerOf(path, layers) === undefined)
      .map(folderOf),
  );
  return [
    ...[...unknown].map((folder) => `${folder}: is not in scripts/check/imports.json`),
    ...governed.flatMap((source) => forbiddenImports(source, layers)),
  ];
}

const folderOf = (path) =>
  path
    .split('/')
    .slice(0, Math.min(2, path.split('/').length - 1))
    .join('/');

function forbiddenImports({ path, imports }, layers) {
  const layer = layerOf(path, layers);
  if (layer === undefined) return [];
  return imports.flatMap(({ specifier, line, typeOnly }) => {
    const target = resolveImport(path, specifier);
    if (target === undefined || isAllowed(layer, layers[layer], target, typeOnly)) return [];
    const exception = mayTakeTypes(layers[layer], target) ? ', other than types' : '';
    return [`${path}:${line}: ${layer} may not import ${target}${exception}`];
  });
}

/** The layer of a file: the longest entry of the table that its path lies in. */
export function layerOf(path, layers) {
  const place = placeOf(path);
  if (place === undefined) return undefined;
  return Object.keys(layers)
    .filter((layer) => contains(layer, place))
    .sort((a, b) => b.length - a.length)[0];
}

/** A path as the table names it: below src/, or below the root for web/. Undefined for anything else. */
function placeOf(path) {
  if (path.startsWith('src/')) return path.slice('src/'.length);
  return path.startsWith('web/') ? path : undefined;
}

const contains = (entry, place) => place === entry || place.startsWith(`${entry}/`);

/** The file that a relative import names, as its source is named; undefined for a package. */
export function resolveImport(from, specifier) {
  if (!/^\.\.?(?:\/|$)/.test(specifier)) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

function isAllowed(layer, entries, target, typeOnly) {
  const place = placeOf(target);
  if (place === undefined) return false;
  const taken = entries.filter((entry) => entry.startsWith('!')).some((entry) => contains(entry.slice(1), place));
  if (taken) return false;
  if (contains(layer, place)) return true;
  if (entries.includes('*')) return target.startsWith('src/');
  return entries.some((entry) => contains(entry, place)) || (typeOnly && mayTakeTypes(entries, target));
}

const mayTakeTypes = (entries, target) =>
  entries.some((entry) => entry.startsWith('types:') && contains(entry.slice('types:'.length), placeOf(target) ?? ''));
