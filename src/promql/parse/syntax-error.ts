/**
 * Says what was wrong with the token at which the grammar could not go on, and what was expected: in Prometheus' words, which
 * come from the error rules of its grammar. The innermost rule that is open tells. Source: Prometheus 3.14,
 * promql/parser/generated_parser.y.
 */
import type { BarographError } from '../../base/errors.js';
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

function expectationAt(tokens: readonly Token[], contexts: readonly TokenContext[], index: number): Expectation {
  const { context, wantsOperand, isDuration } = contexts[index]!;
  const before = tokens[index - 1]?.type ?? '';
  const list = listRule(context, before, wantsOperand);
  if (list !== undefined) return list;
  for (let open: Context | undefined = context; open !== undefined; open = open.outer) {
    if (open.kind === 'brackets') return bracketRule(tokens, contexts, index);
    if (open.kind === 'at') return { place: '@', expected: 'timestamp' };
    if (open.kind === 'aggregation') return { place: 'aggregation', expected: '' };
    if (open.kind === 'duration' && !isInBrackets(open)) return { place: 'offset', expected: duration };
    if (open !== context) continue;
    if (isDuration) return { place: 'offset', expected: duration };
    if (isBehindAt(tokens, index)) return { place: '@', expected: 'timestamp' };
  }
  return { place: '', expected: '' };
}

/** The lists of labels and of matchers. */
function listRule({ kind }: Context, before: string, wantsOperand: boolean): Expectation | undefined {
  if (kind === 'braces') return { place: 'label matching', expected: braceExpectation(before) };
  const opensNone =
    before === 'on' || before === 'ignoring' || ((before === 'by' || before === 'without') && !wantsOperand);
  if (opensNone && kind !== 'grouping' && kind !== 'matching') return { place: 'grouping opts', expected: '"("' };
  if (kind !== 'grouping' && kind !== 'matching') return undefined;
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
