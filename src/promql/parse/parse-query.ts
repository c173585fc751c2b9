/**
 * Reads a PromQL query: text → tokens → the official grammar's tree → our own tree, type-checked. All of PromQL 3 is taken, with
 * what is experimental in Prometheus 3.14.
 */

import type { PartialParse, SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { Expression } from '../ast.js';
import { buildExpression } from './build-expression.js';
import { checkTypes } from './check-types.js';
import { promqlError } from './promql-error.js';
import { spellForGrammar } from './spelling.js';
import { syntaxError } from './syntax-error.js';
import type { Token } from './token.js';
import { contextsOf, type TokenContext } from './token-contexts.js';
import { tokenize } from './tokenize.js';

/** Longest query, characters. A guess: it holds two regular expressions of the greatest length that matchers take. */
export const queryLengthMax = 512 * 1024;

/** A strict parser stops at the first token that it cannot place, which is the one that Prometheus names. */
const grammar = parser.configure({ strict: true });

/** The trees of the last queries by their texts: dashboards and rules send the same ones again and again. Trees are frozen. */
const parsed = new Map<string, Expression>();
/** Some 10 kB each at most. Guesses: more than the panels of a large dashboard, and longer than nearly all queries. */
const parsedMax = 512;
const parsedLengthMax = 1_024;

/**
 * The tree of a query. Throws `invalid_promql`, worded and placed as Prometheus does (`1:5: parse error: …`), for what is not
 * PromQL, for types that do not fit, and for queries over `queryLengthMax` or `nestingDepthMax`.
 */
export function parseQuery(query: string): Expression {
  const known = parsed.get(query);
  if (known !== undefined) return known;
  const expression = parseAnew(query);
  if (query.length <= parsedLengthMax) {
    if (parsed.size >= parsedMax) parsed.delete(parsed.keys().next().value!);
    parsed.set(query, expression);
  }
  return expression;
}

function parseAnew(query: string): Expression {
  if (query.length > queryLengthMax) {
    throw promqlError(query, 0, `the query has ${query.length} characters, the most is ${queryLengthMax}`);
  }
  const { tokens, fault } = tokenize(query);
  const contexts = contextsOf(tokens, query);
  const node = readGrammar(query, tokens, contexts, fault === undefined);
  // What the lexer cannot read counts only where the grammar came so far.
  if (fault !== undefined || node === undefined) throw promqlError(query, fault?.at ?? 0, fault?.message ?? '');
  const built = buildExpression(node, query);
  checkTypes(built, query);
  return built.expression;
}

/** The expression's node; undefined where the tokens are the beginning of a query, and `isWhole` says that they need not be all. */
function readGrammar(
  query: string,
  tokens: readonly Token[],
  contexts: readonly TokenContext[],
  isWhole: boolean,
): SyntaxNode | undefined {
  const spelled = spellForGrammar(query, tokens, contexts);
  const parse: PartialParse & { bigReductionCount?: number } = grammar.startParse(spelled);
  try {
    for (;;) {
      // Past 300 reductions of long chains lezer gives up on what is right, to keep editors quick; nesting is bounded above.
      parse.bigReductionCount = 0;
      const tree = parse.advance();
      if (tree !== null) return tree.topNode.firstChild ?? undefined;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = parse.parsedPos;
    const index = tokens.findIndex(({ to, type }) => to > at || type === 'end of input');
    if (index < 0 && !isWhole) return undefined;
    throw syntaxError(query, tokens, contexts, index);
  }
}
