// The table of who may import whom, inside docs/architecture.md, from the data that the check reads.
import { table } from './markdown.mjs';

const start = '<!-- imports: written by scripts/docs.mjs from scripts/check/imports.json -->';
const end = '<!-- end of imports -->';

/**
 * The document with its table replaced.
 * @param {string} document
 * @param {{layers: Record<string, string[]>}} imports
 */
export function importTableText(document, { layers }) {
  const from = document.indexOf(start);
  const to = document.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(`docs/architecture.md has no place for the import table: ${start} … ${end}`);
  const rows = Object.entries(layers).map(([layer, entries]) => [layer, inWords(entries)]);
  return `${document.slice(0, from + start.length)}\n${table(['Layer', 'May import'], rows)}\n${document.slice(to)}`;
}

function inWords(entries) {
  const taken = entries.filter((entry) => entry.startsWith('!')).map((entry) => entry.slice(1));
  const given = entries.filter((entry) => !entry.startsWith('!')).map(entryInWords);
  const allowed = given.length === 0 ? 'nothing' : given.join(', ');
  return taken.length === 0 ? allowed : `${allowed}; not ${taken.join(', ')}`;
}

function entryInWords(entry) {
  if (entry === '*') return 'everything in src';
  return entry.startsWith('types:') ? `${entry.slice('types:'.length)}, types only` : entry;
}
