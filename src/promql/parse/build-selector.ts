/** Vector selectors of the syntax tree, and the modifiers behind selectors and subqueries. */
import type { SyntaxNode } from '@lezer/common';
import { BarographError } from '../../base/errors.js';
import { metricNameLabel } from '../../model/labels.js';
import { createMatcher, type Matcher } from '../../model/matcher.js';
import type { AtModifier, Duration, Expression, RangeExtension, VectorSelector } from '../ast.js';
import { unquote } from '../string-literal.js';
import { childNodes } from './child-nodes.js';
import { promqlError } from './promql-error.js';

export function buildVectorSelector(node: SyntaxNode, query: string): VectorSelector {
  const { from, to } = node;
  const identifier = node.getChild('Identifier');
  const name = identifier === null ? undefined : query.slice(identifier.from, identifier.to);
  const list = node.getChild('LabelMatchers');
  const matchers = list === null ? [] : childNodes(list).map((item) => buildMatcher(item, query));
  if (name !== undefined) matchers.push(createMatcher(metricNameLabel, '=', name));
  return Object.freeze({
    kind: 'vector_selector',
    name,
    matchers: Object.freeze(matchers),
    offset: undefined,
    at: undefined,
    extension: undefined,
    from,
    to,
  });
}

function buildMatcher(node: SyntaxNode, query: string): Matcher {
  // A quoted name alone is the metric's, which need not be an identifier.
  if (node.name === 'QuotedLabelName')
    return matcherAt(node, metricNameLabel, '=', stringOf(node.firstChild!, query), query);
  const label = node.firstChild!;
  const name = label.name === 'LabelName' ? query.slice(label.from, label.to) : stringOf(label.firstChild!, query);
  const op = node.getChild('MatchOp')!;
  const value = stringOf(node.getChild('StringLiteral')!, query);
  return matcherAt(node, name, query.slice(op.from, op.to), value, query);
}

function matcherAt(node: SyntaxNode, name: string, op: string, value: string, query: string): Matcher {
  try {
    return createMatcher(name, op, value);
  } catch (error) {
    if (!(error instanceof BarographError)) throw error;
    // RE2 says what is wrong in the words of Go's, which Prometheus passes on.
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw promqlError(query, node.from, reason);
  }
}

/** The text of a string literal. */
export function stringOf({ from, to }: SyntaxNode, query: string): string {
  const text = unquote(query.slice(from, to));
  if (text === undefined)
    throw promqlError(query, from, `error unquoting string ${query.slice(from, to)}: invalid syntax`);
  return text;
}

/** What modifiers go on: the selector of a range, else the expression itself. */
type Modified = Extract<Expression, { readonly offset: unknown }>;

function modifiedBy(expression: Expression, query: string, modifier: string): Modified {
  switch (expression.kind) {
    case 'vector_selector':
    case 'subquery':
      return expression;
    case 'matrix_selector':
      return expression.selector;
    default: {
      const wanted = 'must be preceded by an instant vector selector or range vector selector or a subquery';
      throw promqlError(query, expression.from, `${modifier} modifier ${wanted}`);
    }
  }
}

/** The expression with its modifier, which ends at `to`. */
function withModifier(
  expression: Expression,
  to: number,
  change: { readonly offset?: Duration; readonly at?: AtModifier },
): Expression {
  if (expression.kind !== 'matrix_selector') return Object.freeze({ ...expression, ...change, to });
  return Object.freeze({ ...expression, selector: Object.freeze({ ...expression.selector, ...change }), to });
}

/** `expression offset …`. */
export function withOffset(expression: Expression, offset: Duration, to: number, query: string): Expression {
  const { offset: before } = modifiedBy(expression, query, 'offset');
  const isSet = before !== undefined && !(before.kind === 'fixed_duration' && before.ms === 0);
  if (isSet) throw promqlError(query, expression.from, 'offset may not be set multiple times');
  return withModifier(expression, to, { offset });
}

/** `expression @ …`. */
export function withAt(expression: Expression, at: AtModifier, to: number, query: string): Expression {
  if (modifiedBy(expression, query, '@').at !== undefined) {
    throw promqlError(query, expression.from, '@ <timestamp> may not be set multiple times');
  }
  return withModifier(expression, to, { at });
}

/** `expression anchored` and `expression smoothed`. */
export function withExtension(expression: Expression, extension: RangeExtension, query: string): Expression {
  const refuse = (why: string): never => {
    throw promqlError(query, expression.from, why);
  };
  const selector = expression.kind === 'matrix_selector' ? expression.selector : expression;
  if (selector.kind === 'subquery') return refuse(`${extension} modifier is not supported for subqueries`);
  if (selector.kind !== 'vector_selector') return refuse(`${extension} modifier not implemented`);
  if (selector.extension !== undefined && selector.extension !== extension) {
    return refuse('anchored and smoothed modifiers cannot be used together');
  }
  const extended = Object.freeze({ ...selector, extension });
  return expression.kind === 'matrix_selector' ? Object.freeze({ ...expression, selector: extended }) : extended;
}
