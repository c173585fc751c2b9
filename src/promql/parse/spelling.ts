/**
 * Writes a query in the spelling that the official grammar for editors reads as Prometheus does. That grammar
 * (@prometheus-io/lezer-promql 0.315) takes `-1^2` for `(-1)^2`; it refuses `5.`, `STEP()`, `min_of(1, 2)` outside of durations,
 * a metric called `offset`, and functions that it does not know. Every token keeps its place and its length, so that
 * the tree's places are the query's.
 */
import type { Token } from './token.js';
import { aggregations, keywords, reservedWords } from './token.js';
import type { TokenContext } from './token-contexts.js';

/** The name that stands for every function; shorter than any other, and filled up with spaces. */
const anyFunction = 'pi';
/** A name without a meaning of its own. */
const anyName = 'x';

/** The query up to the end of its last token; `contexts` has an entry a token. */
export function spellForGrammar(query: string, tokens: readonly Token[], contexts: readonly TokenContext[]): string {
  let spelled = '';
  let end = 0;
  tokens.forEach((token, index) => {
    const gap = query.slice(end, token.from);
    spelled += gap.includes('#') ? ' '.repeat(gap.length) : gap;
    spelled += spellToken(query.slice(token.from, token.to), tokens, contexts, index);
    end = token.to;
  });
  return spelled;
}

function spellToken(text: string, tokens: readonly Token[], contexts: readonly TokenContext[], index: number): string {
  const { type } = tokens[index]!;
  const { context, wantsOperand, isDuration } = contexts[index]!;
  if (type === 'number' || type === 'duration') {
    return (isSigned(tokens, contexts, index) ? anyName : '1').repeat(text.length);
  }
  if (type === 'string' || !/^[A-Za-z_:]/.test(text)) return text;
  if (context.kind === 'grouping' || context.kind === 'matching') return anyName.repeat(text.length);
  if (isDuration) return text.toLowerCase();
  const next = tokens[index + 1]?.type;
  const isPlain = type === 'identifier' || (keywords.has(type) && wantsOperand && !reservedWords.has(type));
  if (!isPlain || context.kind === 'braces') return text;
  if (next === '(') return aggregations.has(type) || text.length < 2 ? text : anyFunction.padEnd(text.length);
  const isAggregation = aggregations.has(type) && (next === 'by' || next === 'without');
  return isAggregation ? text : anyName.repeat(text.length);
}

/** Whether a number has a sign that is no operator between two operands: `-1`, and not `2 - 1`. */
function isSigned(tokens: readonly Token[], contexts: readonly TokenContext[], index: number): boolean {
  const before = tokens[index - 1]?.type;
  const signs = contexts[index - 1];
  return (
    (before === '-' || before === '+') &&
    signs!.wantsOperand &&
    !signs!.isDuration &&
    signs!.context.kind !== 'fill' &&
    tokens[index - 2]?.type !== '@'
  );
}
