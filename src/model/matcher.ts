/**
 * A condition on one label of a series, as selectors are made of: `job="api"`, `pod=~"api-.*"`. Semantics are Prometheus 3's:
 * a label that is not there has the empty value; a regular expression is RE2's, must match the whole value, and its dot
 * matches line ends too. Source: Prometheus, model/labels, `Matcher` and `FastRegexMatcher`.
 */
import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { BarographError } from '../base/errors.js';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

/**
 * The values that the positive form of a matcher takes, in the cheapest form that says it exactly. `texts` holds each
 * text once.
 */
export type ValuePattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'not_empty' }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'test'; readonly test: (value: string) => boolean };

export interface Matcher {
  readonly name: string;
  readonly op: MatchOperator;
  readonly value: string;
  /** True for `!=` and `!~`: the matcher takes the values that `pattern` does not. */
  readonly isNegated: boolean;
  readonly pattern: ValuePattern;
  /** Whether a label of this value satisfies the matcher; '' stands for a label that is not there. */
  readonly matches: (value: string) => boolean;
}

const operators: readonly string[] = ['=', '!=', '=~', '!~'];

/** Longest regular expression, characters. A guess: an alternation of 10,000 values of 25 characters fits. */
export const expressionLengthMax = 256 * 1024;

/**
 * Checks a matcher. Throws `invalid_matcher` for an operator that is not known, an empty label name, and a regular
 * expression that RE2 does not take, with the place where it goes wrong.
 */
export function createMatcher(name: string, op: string, value: string): Matcher {
  if (!isOperator(op)) {
    throw new BarographError('invalid_matcher', `got the operator ${JSON.stringify(op)}, wanted one of ${operators}`);
  }
  if (name === '') throw new BarographError('invalid_matcher', 'a matcher names no label');
  const isNegated = op === '!=' || op === '!~';
  const pattern: ValuePattern =
    op === '=' || op === '!=' ? { kind: 'texts', texts: [value] } : expressionPattern(name, value);
  const takes = testOf(pattern);
  const matches = isNegated ? (candidate: string) => !takes(candidate) : takes;
  return { name, op, value, isNegated, pattern, matches };
}

const isOperator = (op: string): op is MatchOperator => operators.includes(op);

function testOf(pattern: ValuePattern): (value: string) => boolean {
  switch (pattern.kind) {
    case 'any':
      return () => true;
    case 'not_empty':
      return (value) => value !== '';
    case 'texts': {
      if (pattern.texts.length === 1) return (value) => value === pattern.texts[0];
      const texts = new Set(pattern.texts);
      return (value) => texts.has(value);
    }
    case 'test':
      return pattern.test;
  }
}

function expressionPattern(name: string, expression: string): ValuePattern {
  if (expression.length > expressionLengthMax) {
    throw new BarographError(
      'invalid_matcher',
      `the regular expression for label ${name} has ${expression.length} characters, the most is ${expressionLengthMax}`,
    );
  }
  return plainPattern(expression) ?? compiledPattern(name, expression);
}

function compiledPattern(name: string, expression: string): ValuePattern {
  try {
    const compiled = RE2JS.compile(expression, RE2JS.DOTALL);
    const prefix = literalPrefix(expression);
    return { kind: 'test', test: (value) => value.startsWith(prefix) && compiled.testExact(value) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const { reason, at } = faultOf(error, expression);
    throw new BarographError(
      'invalid_matcher',
      `the regular expression for label ${name} is not valid at character ${at + 1}: ${reason}, in ${JSON.stringify(expression)}`,
      { cause: error },
    );
  }
}

/** RE2 names the part that it cannot read: often all from there to the end, else a piece of the text. */
function faultOf(error: RE2JSException, expression: string): { reason: string; at: number } {
  if (!(error instanceof RE2JSSyntaxException)) return { reason: error.message, at: 0 };
  const part = error.getPattern() ?? '';
  const at = expression.endsWith(part) ? expression.length - part.length : expression.indexOf(part);
  return { reason: error.getDescription(), at: Math.max(at, 0) };
}

/** A regular expression that is texts and wildcards only: alternatives, each the texts around its wildcards. */
interface PlainExpression {
  /** One alternative with wildcards, or any number without. */
  readonly alternatives: readonly string[][];
  /** For each wildcard of the one alternative, the fewest characters that it takes: 0 for `.*`, 1 for `.+`. */
  readonly wildcards: readonly number[];
}

/** What most dashboards ask for needs no automaton: texts, `a|b|c`, `prefix.*`, `.*part.*`, `.+`. Undefined for all else. */
function plainPattern(expression: string): ValuePattern | undefined {
  const plain = readPlain(withoutGroup(expression));
  if (plain === undefined) return undefined;
  const { alternatives, wildcards } = plain;
  if (wildcards.length === 0) {
    return { kind: 'texts', texts: Array.from(new Set(alternatives.map(([text]) => text!))) };
  }
  return wildcardPattern(alternatives[0]!, wildcards);
}

function wildcardPattern(texts: readonly string[], wildcards: readonly number[]): ValuePattern | undefined {
  const [first = '', second = '', third = ''] = texts;
  if (wildcards.length === 1) {
    const lengthMin = first.length + second.length + wildcards[0]!;
    if (lengthMin === 0) return { kind: 'any' };
    if (lengthMin === 1 && wildcards[0] === 1) return { kind: 'not_empty' };
    return {
      kind: 'test',
      test: (value) => value.length >= lengthMin && value.startsWith(first) && value.endsWith(second),
    };
  }
  const isPart = wildcards.length === 2 && first === '' && third === '' && wildcards.every((least) => least === 0);
  return isPart ? { kind: 'test', test: (value) => value.includes(second) } : undefined;
}

/** The inside of an expression that is one group; whether the inside is plain is for the reader to say. */
function withoutGroup(expression: string): string {
  if (!expression.startsWith('(') || !expression.endsWith(')')) return expression;
  return expression.slice(expression.startsWith('(?:') ? 3 : 1, -1);
}

const metacharacters = new Set('.^$()[]{}?*+|\\');

function readPlain(expression: string): PlainExpression | undefined {
  const alternatives: string[][] = [];
  const wildcards: number[] = [];
  let texts: string[] = [];
  let text = '';
  for (let i = 0; i < expression.length; i++) {
    const char = expression[i]!;
    const next = expression[i + 1];
    if (char === '|') {
      alternatives.push([...texts, text]);
      [texts, text] = [[], ''];
    } else if (char === '.' && (next === '*' || next === '+') && !isRepetition(expression[i + 2])) {
      texts.push(text);
      wildcards.push(next === '*' ? 0 : 1);
      text = '';
      i++;
    } else if (char === '\\' && next !== undefined && metacharacters.has(next)) {
      text += next;
      i++;
    } else if (metacharacters.has(char)) {
      return undefined;
    } else {
      text += char;
    }
  }
  alternatives.push([...texts, text]);
  return wildcards.length > 0 && alternatives.length > 1 ? undefined : { alternatives, wildcards };
}

const isRepetition = (char: string | undefined): boolean => char !== undefined && '?*+{'.includes(char);

/** Text that every match begins with: most values are refused by it, at a fraction of an automaton's cost. '' where none is seen. */
function literalPrefix(expression: string): string {
  const end = expression.search(/[.^$()[\]{}?*+|\\]/);
  if (end < 0 || hasAlternatives(expression)) return '';
  // What follows may repeat the last character no times; one of two halves must not stay behind.
  return isRepetition(expression[end]) ? expression.slice(0, end).replace(/.$/su, '') : expression.slice(0, end);
}

/** Whether an alternation stands outside of groups and classes, or may. */
function hasAlternatives(expression: string): boolean {
  if (expression.includes('\\Q')) return true;
  const withoutEscapes = expression.replace(/\\./gsu, '');
  const withoutClasses = withoutEscapes.replace(/\[\^?\]?(?:\[:\^?\w+:\]|[^\]])*\]/gu, '');
  let depth = 0;
  for (const char of withoutClasses) {
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === '|' && depth === 0) return true;
  }
  return false;
}
