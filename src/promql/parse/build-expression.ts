/** Turns the grammar's tree into our own; see ast.ts. What the types forbid is for check-types.ts to say. */
import type { SyntaxNode } from '@lezer/common';
import {
  type Aggregate,
  type AggregationOperator,
  type AtModifier,
  type Call,
  type Expression,
  parameterAggregations,
} from '../ast.js';
import { functionSignatures } from '../function-signatures.js';
import { goQuote } from '../print/go-quote.js';
import { buildBinary, buildLabels, buildSigned, digitsFrom, type WrittenMatchings } from './build-binary.js';
import { buildOffset, buildRange } from './build-duration.js';
import { buildNumber } from './build-number.js';
import { buildVectorSelector, stringOf, withAt, withExtension, withOffset } from './build-selector.js';
import { childNodes } from './child-nodes.js';
import { applyOperators, type OperatorActions } from './operator-sequence.js';
import { promqlError } from './promql-error.js';

export interface BuiltExpression {
  readonly expression: Expression;
  readonly written: WrittenMatchings;
}

/** `node` is the one expression of a tree without errors, whose places are the query's. Throws `invalid_promql`. */
export function buildExpression(node: SyntaxNode, query: string): BuiltExpression {
  const builder = new Builder(query);
  const expression = builder.build(node);
  return { expression, written: builder.written };
}

class Builder {
  readonly written: WrittenMatchings = new Map();
  readonly #query: string;
  readonly #actions: OperatorActions = {
    operand: (node) => this.#operand(node),
    sign: (from, operand) => signed(this.#query[from] === '-' ? '-' : '+', operand, from),
    isSigned: ({ from }) => digitsFrom(from, this.#query) > from,
    modifier: (node, expression) => this.#modifier(node, expression),
    binary: (node, left, right) => buildBinary(node, this.#query, left, right, this.written),
  };

  constructor(query: string) {
    this.#query = query;
  }

  build(node: SyntaxNode): Expression {
    return applyOperators(node, this.#actions);
  }

  #operand(node: SyntaxNode): Expression {
    const query = this.#query;
    const { from, to } = node;
    switch (node.name) {
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'FunctionCall':
        return this.#call(node);
      case 'NumberDurationLiteral':
        return buildNumber({ from: digitsFrom(from, query), to }, query);
      case 'StringLiteral':
        return Object.freeze({ kind: 'string_literal', value: stringOf(node, query), from, to });
      case 'ParenExpr':
        return Object.freeze({ kind: 'paren', expression: this.build(node.firstChild!), from, to });
      case 'VectorSelector':
        return buildVectorSelector(node, query);
      default:
        throw new Error(`the grammar has a node that this does not know: ${node.name}`);
    }
  }

  #modifier(node: SyntaxNode, expression: Expression): Expression {
    const query = this.#query;
    switch (node.name) {
      case 'MatrixSelector':
        return this.#matrix(node, expression);
      case 'SubqueryExpr':
        return this.#subquery(node, expression);
      case 'OffsetExpr':
        return withOffset(expression, buildOffset(node.lastChild!, query), node.to, query);
      case 'AnchoredExpr':
        return withExtension(expression, 'anchored', query);
      case 'SmoothedExpr':
        return withExtension(expression, 'smoothed', query);
      default:
        return this.#at(node, expression);
    }
  }

  #arguments(node: SyntaxNode): Expression[] {
    const body = node.getChild('FunctionCallBody');
    return body === null ? [] : childNodes(body).map((argument) => this.build(argument));
  }

  #aggregate(node: SyntaxNode): Aggregate {
    const query = this.#query;
    const { from, to } = node;
    const opNode = node.getChild('AggregateOp')!;
    const op = query.slice(opNode.from, opNode.to).toLowerCase() as AggregationOperator;
    const modifier = node.getChild('AggregateModifier');
    const grouping = buildLabels(modifier?.getChild('GroupingLabels'), query);
    const args = this.#arguments(node);
    if (args.length === 0) throw promqlError(query, from, 'no arguments for aggregate expression provided');
    const wanted = (parameterAggregations as readonly string[]).includes(op) ? 2 : 1;
    if (args.length !== wanted) {
      const message = `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`;
      throw promqlError(query, from, message);
    }
    return Object.freeze({
      kind: 'aggregate',
      op,
      expression: args[wanted - 1]!,
      parameter: wanted === 2 ? args[0] : undefined,
      grouping,
      without: modifier?.getChild('Without') != null,
      from,
      to,
    });
  }

  #call(node: SyntaxNode): Call {
    const { from, to } = node;
    const word = /[A-Za-z0-9_]+/y;
    word.lastIndex = from;
    const name = word.exec(this.#query)?.[0] ?? '';
    const args = this.#arguments(node);
    const signature = functionSignatures.get(name);
    if (signature === undefined) throw promqlError(this.#query, from, `unknown function with name ${goQuote(name)}`);
    return Object.freeze({ kind: 'call', function: signature, args: Object.freeze(args), from, to });
  }

  #matrix(node: SyntaxNode, selector: Expression): Expression {
    const query = this.#query;
    const rangeNode = node.lastChild!;
    const range = buildRange(rangeNode, query);
    const refuse = (why: string): never => {
      // The bracket is where Prometheus points.
      throw promqlError(query, query.lastIndexOf('[', rangeNode.from), why);
    };
    if (selector.kind !== 'vector_selector') return refuse('ranges only allowed for vector selectors');
    const { offset, at } = selector;
    const hasOffset = offset !== undefined && !(offset.kind === 'fixed_duration' && offset.ms === 0);
    if (hasOffset) return refuse('no offset modifiers allowed before range');
    if (at !== undefined) return refuse('no @ modifiers allowed before range');
    return Object.freeze({ kind: 'matrix_selector', selector, range, from: selector.from, to: node.to });
  }

  #subquery(node: SyntaxNode, expression: Expression): Expression {
    const [, rangeNode, stepNode] = childNodes(node);
    const range = buildRange(rangeNode!, this.#query);
    const step = stepNode === undefined ? undefined : buildRange(stepNode, this.#query);
    const places = { from: expression.from, to: node.to };
    return Object.freeze({ kind: 'subquery', expression, range, step, offset: undefined, at: undefined, ...places });
  }

  #at(node: SyntaxNode, expression: Expression): Expression {
    const query = this.#query;
    const time = node.lastChild!;
    const at = time.name === 'AtModifierPreprocessors' ? undefined : buildSigned(time, query);
    if (at === undefined) {
      const kind = time.getChild('AtStart') === null ? 'end' : 'start';
      return withAt(expression, Object.freeze({ kind }), node.to, query);
    }
    if (!(Math.abs(at) < 2 ** 63)) {
      throw promqlError(query, expression.from, `timestamp out of bounds for @ modifier: ${goFixed(at)}`);
    }
    const modifier: AtModifier = { kind: 'time', ms: Math.sign(at) * Math.round(Math.abs(at) * 1000) };
    return withAt(expression, Object.freeze(modifier), node.to, query);
  }
}

/** A sign becomes part of a number. */
function signed(op: '+' | '-', operand: Expression, from: number): Expression {
  if (operand.kind !== 'number_literal') {
    return Object.freeze({ kind: 'unary', op, expression: operand, from, to: operand.to });
  }
  return Object.freeze({ ...operand, value: op === '-' ? -operand.value : operand.value, from });
}

/** A number as Go's %f writes it. */
function goFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return `${BigInt(Math.round(value))}.000000`;
}
