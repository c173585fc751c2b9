/** The tokens of PromQL, and how Prometheus names them in its errors. Source: Prometheus 3.14, promql/parser/lex.go. */
import { parameterAggregations, plainAggregations } from '../ast.js';
import { goQuote } from '../print/go-quote.js';

/**
 * Operators, punctuation and keywords are named by their own text in lower case (`+`, `=~`, `sum`, `offset`), all else by
 * what Prometheus calls it.
 */
export type TokenType = 'identifier' | 'metric identifier' | 'number' | 'duration' | 'string' | 'end of input' | string;

export interface Token {
  readonly type: TokenType;
  /** UTF-16 code units of the query; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
}

export const aggregations: ReadonlySet<string> = new Set([...parameterAggregations, ...plainAggregations]);

export const binaryOperators: ReadonlySet<string> = new Set([
  ...['+', '-', '*', '/', '%', '^', 'atan2'],
  ...['==', '!=', '<', '>', '<=', '>=', '</', '>/'],
  ...['and', 'or', 'unless'],
]);

/** Lexed as operators, and so called in errors. */
const otherOperators: ReadonlySet<string> = new Set(['=~', '!~', '@']);

const modifiers: ReadonlySet<string> = new Set([
  ...['offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right'],
  ...['fill', 'fill_left', 'fill_right', 'bool'],
]);

/** Names that stand for a part of the query itself, and for functions. */
export const queryParts: ReadonlySet<string> = new Set(['start', 'end', 'step', 'range', 'max_of', 'min_of']);

const wordOperators = ['and', 'or', 'unless', 'atan2'];

/** By its lower-case text, the type of each word that is no identifier. */
export const keywords: ReadonlyMap<string, TokenType> = new Map([
  ...[...wordOperators, ...aggregations, ...modifiers, ...queryParts].map((word) => [word, word] as const),
  ['inf', 'number'],
  ['nan', 'number'],
]);

/** Keywords that cannot be a metric's name; every other one can. Before a parenthesis only, `fill` and its like are keywords. */
export const reservedWords: ReadonlySet<string> = new Set([
  ...['bool', 'on', 'ignoring', 'group_left', 'group_right', 'atan2', 'fill', 'fill_left', 'fill_right'],
]);

/** Longest text of a token that errors show whole, characters. */
const shownCharactersMax = 10;

/** What Prometheus calls a token in `unexpected …`. */
export function describeToken({ type, from, to }: Token, query: string): string {
  if (type === 'end of input') return type;
  const text = query.slice(from, to);
  const named = type === 'identifier' || type === 'metric identifier';
  if (named) return `${type} ${goQuote(text)}`;
  if (modifiers.has(type)) return `<${text}>`;
  if (binaryOperators.has(type) || otherOperators.has(type)) return `<op:${text}>`;
  if (aggregations.has(type)) return `<aggr:${text}>`;
  const shown =
    Buffer.byteLength(text) > shownCharactersMax
      ? `${goQuote(Array.from(text).slice(0, shownCharactersMax).join(''))}...`
      : goQuote(text);
  return type === 'number' || type === 'duration' || type === 'string' ? `${type} ${shown}` : shown;
}
