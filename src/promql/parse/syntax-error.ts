/**
 * Says what was wrong with the token at which the grammar could not go on, and what was expected: in Prometheus' words, which
 * come from the error rules of its grammar. The innermost rule that is open tells. Source: Prometheus 3.14,
 * promql/parser/generated_parser.y.
 */
import type { BarographError } from '../../base/errors.js';
import { functionSignatures } from '../function-signatures.js';
import { goQuote } from '../print/go-quote.js';
import { promqlError } from './promql-error.js';
import { describeToken, type Token } from './token.js';
import type { Context, TokenContext } from './token-contexts.js';

const duration = 'number, duration, step(), or range()';

/** Where an unexpected token stands, and what was expected instead; parts that Prometheus does not say are ''. */
interface Expectation {
  readonly place: string;
  readonly expected: string;
}

/** `index` is that of the token that the grammar refused. */
export function syntaxError(
  query: string,
  tokens: readonly Token[],
  contexts: readonly TokenContext[],
  index: number,
): BarographError {
  const token = tokens[index]!;
  const before = tokens[index - 1];
  const { context } = contexts[index]!;
  if (before === undefined && token.type === 'end of input') {
    return promqlError(query, 0, 'no expression found in input');
  }
  const unknown = firstUnknownCall(query, tokens, index);
  if (unknown !== undefined) return unknown;
  if (before?.type === ',' && context.kind === 'arguments') {
    return promqlError(query, before.from, 'trailing commas not allowed in function call args');
  }
  if (token.type === '(' && before?.type === 'identifier') {
    const name = query.slice(before.from, before.to);
    // Only names of one letter come here; longer ones are read as calls, whatever they are.
    if (name.length === 1) return promqlError(query, before.from, `unknown function with name "${name}"`);
  }
  const { place, expected } = expectationAt(tokens, contexts, index);
  const where = place === '' ? '' : ` in ${place}`;
  const wanted = expected === '' ? '' : `, expected ${expected}`;
  return promqlError(query, token.from, `unexpected ${describeToken(token, query)}${where}${wanted}`);
}

/** A call of a function that there is not, and that was complete before the error: Prometheus meets it first. */
function firstUnknownCall(query: string, tokens: readonly Token[], index: number): BarographError | undefined {
  const opened: (Token | undefined)[] = [];
  for (let at = 0; at < index; at++) {
    const { type } = tokens[at]!;
    if (type === '(') opened.push(tokens[at - 1]);
    const caller = type === ')' ? opened.pop() : undefined;
    if (caller?.type !== 'identifier') continue;
    const name = query.slice(caller.from, caller.to);
    if (!functionSignatures.has(name)) {
      return promqlError(query, caller.from, `unknown function with name ${goQuote(name)}`);
    }
  }
  return undefined;
}

function expectationAt(tokens: readonly Token[], contexts: readonly TokenContext[], index: number): Expectation {
  const { context, isDuration } = contexts[index]!;
  const list = listRule(tokens, contexts, index);
  if (list !== undefined) return list;
  for (let open: Context | undefined = context; open !== undefined; open = open.outer) {
    if (open.kind === 'brackets') return bracketRule(tokens, contexts, index);
    if (open.kind === 'at') return { place: '@', expected: 'timestamp' };
    if (open.kind === 'aggregation') return { place: 'aggregation', expected: '' };
    if (open.kind === 'duration' && !isInBrackets(open)) return { place: 'offset', expected: duration };
    if (open !== context) continue;
    if (isDuration && !isInBrackets(open)) return { place: 'offset', expected: duration };
    if (isBehindAt(tokens, index)) return { place: '@', expected: 'timestamp' };
  }
  return { place: '', expected: '' };
}

/** The lists of labels and of matchers. */
function listRule(tokens: readonly Token[], contexts: readonly TokenContext[], index: number): Expectation | undefined {
  const { kind } = contexts[index]!.context;
  const before = tokens[index - 1]?.type ?? '';
  if (kind === 'braces') return { place: 'label matching', expected: braceExpectation(before) };
  const isGrouping = (before === 'by' || before === 'without') && !contexts[index - 1]!.wantsOperand;
  const opensList = before === 'on' || before === 'ignoring' || isGrouping;
  const isInList = kind === 'grouping' || kind === 'matching';
  if (opensList && !isInList) return { place: 'grouping opts', expected: '"("' };
  if (!isInList) return undefined;
  return { place: 'grouping opts', expected: before === '(' || before === ',' ? 'label' : '"," or ")"' };
}

function braceExpectation(before: string): string {
  switch (before) {
    case '{':
    case ',':
      return 'identifier or "}"';
    case 'identifier':
      return 'label matching operator';
    case 'string':
      return '"," or "}"';
    default:
      return 'string';
  }
}

function bracketRule(tokens: readonly Token[], contexts: readonly TokenContext[], index: number): Expectation {
  let start = index - 1;
  while (tokens[start]!.type !== '[') start--;
  const hasColon = tokens.slice(start, index).some(({ type }) => type === ':');
  const before = tokens[index - 1]!.type;
  const isComplete =
    contexts[index]!.context.kind === 'brackets' && (before === 'number' || before === 'duration' || before === ')');
  if (hasColon) {
    return { place: 'subquery selector', expected: isComplete ? '"]"' : 'number, duration, step(), range(), or "]"' };
  }
  return isComplete
    ? { place: 'subquery or range', expected: '":" or "]"' }
    : { place: 'subquery or range selector', expected: duration };
}

function isInBrackets(context: Context): boolean {
  for (let open: Context | undefined = context; open !== undefined; open = open.outer) {
    if (open.kind === 'brackets') return true;
  }
  return false;
}

/** Whether the time of an `@` is not complete: nothing, a sign, or start or end stand behind it. */
function isBehindAt(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]?.type ?? '';
  if (before === '@') return true;
  return tokens[index - 2]?.type === '@' && ['+', '-', 'start', 'end'].includes(before);
}
