/**
 * What an evaluation is split by, as the parameter `by` says it:
 *
 *     by     = item *( "," item )
 *     item   = column / "feature:" name [ "(" edges ")" ] / "feature:" name "(quantiles=" count ")"
 *     name   = 1*( any character but comma, parentheses and quotes ) / DQUOTE *( any character, DQUOTE doubled ) DQUOTE
 *     edges  = number *( "," number ), ascending
 */
import { closestMatch } from 'leven';
import { BarographError } from '../base/errors.js';

/** Text columns of a prediction, and `prediction` itself, its class or value. */
export const cohortColumns = [
  'version',
  'endpoint',
  'region',
  'segment',
  'status',
  'prediction',
  'experiment_id',
  'variant',
  'unit_id',
  'trace_id',
  'input_hash',
  'request_id',
] as const;
export type CohortColumn = (typeof cohortColumns)[number];

/** How numbers are put together; `auto` keeps up to 20 distinct values apart and cuts more at their quartiles. */
export type Binning =
  | { readonly kind: 'auto' }
  | { readonly kind: 'edges'; readonly edges: readonly number[] }
  | { readonly kind: 'quantiles'; readonly count: number };

/** `name` is the column's name in answers. */
export type CohortSpec =
  | { readonly kind: 'column'; readonly name: string; readonly column: CohortColumn }
  | { readonly kind: 'feature'; readonly name: string; readonly feature: string; readonly binning: Binning };

/** An answer with more would be a table that nobody reads. A guess. */
const specsMax = 8;
const edgesMax = 100;
const quantilesMax = 100;
const prefix = 'feature:';

/** Reads the parameter `by`; throws `bad_request` with the place and the wanted form. Empty text means no split. */
export function parseCohorts(text: string): readonly CohortSpec[] {
  if (text.trim() === '') return [];
  const specs = splitItems(text).map(parseItem);
  if (specs.length > specsMax)
    throw new BarographError('bad_request', `by names ${specs.length} columns; the most is ${specsMax}`);
  const names = specs.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new BarographError('bad_request', `by names ${repeated} twice`);
  return specs;
}

/** Cuts at the commas that stand outside quotes and parentheses. */
function splitItems(text: string): string[] {
  const items: string[] = [];
  let quoted = false;
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth === 0) {
      items.push(text.slice(start, i));
      start = i + 1;
    }
    if (depth < 0 || depth > 1) throw malformed(text, `has a parenthesis at ${i + 1} that does not belong`);
  }
  if (quoted) throw malformed(text, 'has a quote that is not closed');
  if (depth !== 0) throw malformed(text, 'has a parenthesis that is not closed');
  return [...items, text.slice(start)].map((item) => item.trim());
}

function parseItem(item: string): CohortSpec {
  if (item.startsWith(prefix)) return parseFeature(item);
  if ((cohortColumns as readonly string[]).includes(item))
    return { kind: 'column', name: item, column: item as CohortColumn };
  const nearest = closestMatch(item, cohortColumns);
  throw new BarographError('bad_request', `by: ${JSON.stringify(item)} is not a column`, {
    hint: `Did you mean ${nearest}? A feature is written feature:<name>. Columns: ${cohortColumns.join(', ')}.`,
  });
}

function parseFeature(item: string): CohortSpec {
  const match = /^feature:(?:"((?:[^"]|"")+)"|([^"(),]+))(?:\((.*)\))?$/s.exec(item);
  const feature = match?.[1]?.replaceAll('""', '"') ?? match?.[2]?.trim();
  if (feature === undefined || feature === '') throw malformed(item, 'names no feature');
  return { kind: 'feature', name: prefix + feature, feature, binning: parseBinning(item, match?.[3]) };
}

function parseBinning(item: string, text: string | undefined): Binning {
  if (text === undefined) return { kind: 'auto' };
  const quantiles = /^\s*quantiles\s*=\s*(\d{1,4})\s*$/.exec(text);
  if (quantiles !== null) {
    const count = Number(quantiles[1]);
    if (count < 2 || count > quantilesMax)
      throw malformed(item, `asks for ${count} quantiles; 2 to ${quantilesMax} are possible`);
    return { kind: 'quantiles', count };
  }
  const edges = text.split(',').map((edge) => (edge.trim() === '' ? Number.NaN : Number(edge)));
  if (!edges.every(Number.isFinite)) throw malformed(item, 'has edges that are not numbers');
  if (edges.some((edge, i) => i > 0 && edge <= edges[i - 1]!)) throw malformed(item, 'has edges that do not ascend');
  if (edges.length > edgesMax) throw malformed(item, `has ${edges.length} edges; the most is ${edgesMax}`);
  return { kind: 'edges', edges };
}

const malformed = (text: string, what: string): BarographError =>
  new BarographError('bad_request', `by: ${text} ${what}`, {
    hint: 'Wanted: a column, feature:name, feature:name(18,30,45), feature:name(quantiles=4) or feature:"any, name".',
  });
