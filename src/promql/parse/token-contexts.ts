/**
 * Says of each token where it stands: within which brackets, and whether an operand must come next. The official grammar for
 * editors is more tolerant than Prometheus' parser and names no expectations; respelling a query for it, and explaining
 * its errors, both need this. One pass, without recursion; it also bounds how deep a query nests.
 */
import { promqlError } from './promql-error.js';
import { aggregations, binaryOperators, reservedWords, type Token } from './token.js';

/** What the innermost open construct is. `grouping` is the list of `by` and `without`, `matching` that of `on` and its like. */
export type ContextKind =
  | 'query'
  | 'paren'
  | 'arguments'
  | 'aggregation'
  | 'aggregated'
  | 'grouping'
  | 'matching'
  | 'fill'
  | 'at'
  | 'braces'
  | 'brackets'
  | 'duration';

export interface Context {
  readonly kind: ContextKind;
  /** Undefined for the query itself. */
  readonly outer: Context | undefined;
}

export interface TokenContext {
  readonly context: Context;
  /** Whether an expression has to begin here. */
  readonly wantsOperand: boolean;
  /** Whether the token is part of a range, step or offset. */
  readonly isDuration: boolean;
}

/**
 * Most levels that operators, modifiers, calls and parentheses may nest. The grammar's parser keeps a stack of 2,800 symbols and
 * gives up on deeper queries; a level takes 7 at most. A stack of Node's default size holds trees of several times this depth.
 */
export const nestingDepthMax = 400;

const groupings: ReadonlySet<string> = new Set(['by', 'without']);
const matchings: ReadonlySet<string> = new Set(['on', 'ignoring', 'group_left', 'group_right']);
const durationWords: ReadonlySet<string> = new Set(['step', 'range', 'max_of', 'min_of']);
const nestingTokens: ReadonlySet<string> = new Set([...binaryOperators, '@', 'offset', '[', 'smoothed', 'anchored']);

/** One entry a token, in order. Throws `invalid_promql` where the query nests too deep. */
export function contextsOf(tokens: readonly Token[], query: string): TokenContext[] {
  const walk = new ContextWalk(tokens);
  return tokens.map((token, index) => {
    const context = walk.enter(index);
    if (walk.depth > nestingDepthMax) {
      throw promqlError(query, token.from, `the query nests deeper than ${nestingDepthMax} levels`);
    }
    return context;
  });
}

class ContextWalk {
  readonly #tokens: readonly Token[];
  #context: Context = { kind: 'query', outer: undefined };
  #wantsOperand = true;
  /** Behind `offset`, until its duration has begun. */
  #isOffset = false;
  depth = 0;
  /** What the operators of each open construct add to the depth, innermost last. */
  readonly #levels = [0];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  enter(index: number): TokenContext {
    const { type } = this.#tokens[index]!;
    const { kind } = this.#context;
    const isDuration = this.#isOffset || kind === 'brackets' || kind === 'duration';
    const context = { context: this.#context, wantsOperand: this.#wantsOperand, isDuration };
    if (nestingTokens.has(type)) this.#deepen();
    if (isDuration) this.#inDuration(type);
    else this.#inExpression(type, index);
    return context;
  }

  #deepen(): void {
    this.depth++;
    this.#levels[this.#levels.length - 1]!++;
  }

  #open(kind: ContextKind, wantsOperand = false): void {
    this.#context = { kind, outer: this.#context };
    this.#wantsOperand = wantsOperand;
    this.depth++;
    this.#levels.push(0);
  }

  #close(): ContextKind {
    const { kind, outer } = this.#context;
    if (outer === undefined) return kind;
    this.#context = outer;
    this.#wantsOperand = false;
    this.depth -= 1 + (this.#levels.pop() ?? 0);
    return kind;
  }

  #inDuration(type: string): void {
    const isSign = type === '+' || type === '-';
    if (type === '(') this.#open('duration');
    else if (type === ')' || type === ']') this.#close();
    if (!isSign && !durationWords.has(type)) this.#isOffset = false;
  }

  #inExpression(type: string, index: number): void {
    if (type === '(') this.#openParen(index);
    else if (type === ')') this.#closeParen(index);
    else if (type === '{') this.#open('braces');
    else if (type === '[') this.#open('brackets');
    else if (type === '}') this.#close();
    else if (type === ',') this.#comma();
    else this.#word(type, index);
  }

  #comma(): void {
    this.#wantsOperand = this.#context.kind === 'arguments';
    const last = this.#levels.length - 1;
    this.depth -= this.#levels[last]!;
    this.#levels[last] = 0;
  }

  #openParen(index: number): void {
    const kind = this.#kindOfParen(index);
    this.#open(kind, kind === 'arguments' || kind === 'paren');
  }

  #kindOfParen(index: number): ContextKind {
    const before = this.#tokens[index - 1]?.type ?? '';
    const isModifier = !this.#wantsOperand;
    if (groupings.has(before) && isModifier) return 'grouping';
    if (matchings.has(before)) return 'matching';
    if (before.startsWith('fill')) return 'fill';
    if (this.#tokens[index - 2]?.type === '@') return 'at';
    return this.#context.kind === 'aggregation' || isModifier ? 'arguments' : 'paren';
  }

  #closeParen(index: number): void {
    const closed = this.#close();
    const next = this.#tokens[index + 1]?.type ?? '';
    if (closed === 'matching' || closed === 'fill') this.#wantsOperand = true;
    if (closed === 'arguments' && this.#context.kind === 'aggregation') {
      this.#close();
      if (groupings.has(next)) this.#open('aggregated');
    } else if (this.#context.kind === 'aggregated') this.#close();
  }

  #word(type: string, index: number): void {
    const isName = this.#wantsOperand && !reservedWords.has(type);
    const next = this.#tokens[index + 1]?.type ?? '';
    if (type === 'bool' || matchings.has(type)) {
      this.#wantsOperand = true;
    } else if (aggregations.has(type) && isName && (next === '(' || groupings.has(next))) {
      this.#open('aggregation');
    } else if (binaryOperators.has(type)) {
      const isMetric = isName && /^[a-z]/.test(type);
      this.#wantsOperand = !isMetric;
    } else {
      if (type === 'offset' && !isName) this.#isOffset = true;
      this.#wantsOperand = false;
    }
  }
}
