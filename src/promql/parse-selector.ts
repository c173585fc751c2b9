/** Series selectors, such as `up{job="api", pod=~"api-.*"}`: what `match[]` takes. */
import type { Matcher } from '../model/matcher.js';
import { parseQuery } from './parse/parse-query.js';
import { promqlError } from './parse/promql-error.js';

/**
 * The matchers of a selector. Throws `invalid_promql` with the place of what is not one, or where no matcher excludes the empty
 * value, which would select everything.
 */
export function parseSelector(text: string): readonly Matcher[] {
  const selector = parseQuery(text);
  if (selector.kind !== 'vector_selector') {
    throw promqlError(text, selector.from, 'only a series selector such as up{job="api"} can stand here');
  }
  if (selector.offset !== undefined || selector.at !== undefined || selector.extension !== undefined) {
    throw promqlError(text, selector.from, 'a series selector has no modifiers here');
  }
  return selector.matchers;
}
