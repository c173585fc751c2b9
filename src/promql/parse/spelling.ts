/**
 * Writes a query in the spelling that the official grammar for editors reads as Prometheus does. That grammar
 * (@prometheus-io/lezer-promql 0.315) refuses `5.`, `STEP()`, `min_of(1, 2)` outside of durations,
 * a metric called `offset`, and functions that it does not know. Every token keeps its place and its length, so that
 * the tree's places are the query's.
 */
import { aggregations, keywords, queryParts, reservedWords, type Token } from './token.js';
import type { TokenContext } from './token-contexts.js';

/** The name that stands for every function; shorter than any other, and filled up with spaces. */
const anyFunction = 'pi';
/** A name without a meaning of its own. */
const anyName = 'x';
/** What can stand nowhere that an operand is wanted. */
const nothing = '@';

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
  if (type === 'string' || (type === 'number' && /^[A-Za-z]/.test(text))) return text;
  // A number keeps a leading dot, which parts it from a word before it.
  if (type === 'number' || type === 'duration')
    return text[0] === '.' ? `.${ones(text.length - 1)}` : ones(text.length);
  if (!/^[A-Za-z_:]/.test(text)) return text;
  if (context.kind === 'grouping' || context.kind === 'matching') return anyName.repeat(text.length);
  if (isDuration) return text.toLowerCase();
  if (context.kind === 'braces') return text;
  if (type === 'atan2' && wantsOperand) return nothing.padEnd(text.length);
  const isName = type === 'identifier' || (keywords.has(type) && wantsOperand && !reservedWords.has(type));
  return isName ? spellName(text, type, tokens[index + 1]?.type) : text;
}

function spellName(text: string, type: string, next: string | undefined): string {
  const isCallable = type === 'identifier' || queryParts.has(type);
  if (next === '(' && isCallable && text.length >= anyFunction.length) return anyFunction.padEnd(text.length);
  const isAggregation = aggregations.has(type) && (next === '(' || next === 'by' || next === 'without');
  return isAggregation ? text : anyName.repeat(text.length);
}

const ones = (length: number): string => '1'.repeat(length);
