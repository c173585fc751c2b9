/** Ranges, steps and offsets of the syntax tree. Source: Prometheus 3.14, generated_parser.y, `duration_expr`. */
import type { SyntaxNode } from '@lezer/common';
import type { Duration, DurationOperand, NumberLiteral } from '../ast.js';
import { buildNumber } from './build-number.js';
import { childNodes } from './child-nodes.js';
import { durationMsMax } from './literal-value.js';
import { promqlError } from './promql-error.js';

/** A range or step. Throws `invalid_promql` where it is a number that is not positive. */
export function buildRange(node: SyntaxNode, query: string): Duration {
  const operand = buildOperand(node, query);
  if (operand.kind === 'number_literal' && !(operand.value > 0)) {
    throw promqlError(query, operand.from, 'duration must be greater than 0');
  }
  return durationOf(operand);
}

/** An offset, which may be negative. */
export function buildOffset(node: SyntaxNode, query: string): Duration {
  const operand = buildOperand(node, query);
  const [sign, signedNode] = childNodes(node);
  const isPlus = sign!.name === 'UnaryOp' && query[node.from] === '+';
  const isWord = signedNode?.firstChild?.name.startsWith('Duration') && signedNode.firstChild.name !== 'DurationExpr';
  if (!isPlus || !isWord || operand.kind === 'number_literal') return durationOf(operand);
  // Only here Prometheus keeps a plus, and does not print it.
  return Object.freeze({ kind: 'duration_sign', op: '+', operand, isWrapped: false, from: node.from, to: operand.to });
}

function durationOf(operand: DurationOperand): Duration {
  if (operand.kind !== 'number_literal') return operand;
  // Prometheus rounds to nanoseconds, and evaluates and prints whole milliseconds.
  const ms = Math.trunc(Math.round(operand.value * 1e9) / 1e6);
  return Object.freeze({ kind: 'fixed_duration', ms, from: operand.from, to: operand.to });
}

function buildOperand(node: SyntaxNode, query: string): DurationOperand {
  const [first, second, third] = childNodes(node);
  const { from, to } = node;
  switch (first!.name) {
    case 'NumberDurationLiteralInDurationContext':
      return withinRange(buildNumber(first!, query), query, from);
    case 'DurationStep':
    case 'DurationRange': {
      const op = first!.name === 'DurationStep' ? 'step' : 'range';
      return Object.freeze({ kind: 'duration_of_query', op, isWrapped: false, from, to });
    }
    case 'DurationMinOf':
    case 'DurationMaxOf': {
      const op = first!.name === 'DurationMinOf' ? 'min_of' : 'max_of';
      const [left, right] = [buildOperand(second!, query), buildOperand(third!, query)];
      return Object.freeze({ kind: 'duration_binary', op, left, right, isWrapped: false, from, to });
    }
    case 'UnaryOp':
      return signed(query[first!.from] === '-', buildOperand(second!, query), query, from);
    default:
      // Parentheses leave no node of their own.
      return second === undefined ? wrapped(buildOperand(first!, query), from, to) : buildBinary(node, query);
  }
}

function signed(isNegative: boolean, operand: DurationOperand, query: string, from: number): DurationOperand {
  if (operand.kind === 'number_literal') {
    const value = isNegative ? -operand.value : operand.value;
    return withinRange(Object.freeze({ ...operand, value, from }), query, from);
  }
  if (!isNegative) return operand;
  return Object.freeze({ kind: 'duration_sign', op: '-', operand, isWrapped: false, from, to: operand.to });
}

function wrapped(operand: DurationOperand, from: number, to: number): DurationOperand {
  if (operand.kind !== 'number_literal') return Object.freeze({ ...operand, isWrapped: true });
  return Object.freeze({ kind: 'duration_sign', op: '+', operand, isWrapped: true, from, to });
}

const binaryOperators: Readonly<Record<string, '+' | '-' | '*' | '/' | '%' | '^'>> = {
  Add: '+',
  Sub: '-',
  Mul: '*',
  Div: '/',
  Mod: '%',
  Pow: '^',
};

function buildBinary(node: SyntaxNode, query: string): DurationOperand {
  const [leftNode, opNode, rightNode] = childNodes(node);
  const op = binaryOperators[opNode!.name]!;
  const left = buildOperand(leftNode!, query);
  const right = buildOperand(rightNode!, query);
  if ((op === '/' || op === '%') && right.kind === 'number_literal' && right.value === 0) {
    throw promqlError(query, opNode!.from, op === '/' ? 'division by zero' : 'modulo by zero');
  }
  return Object.freeze({ kind: 'duration_binary', op, left, right, isWrapped: false, from: node.from, to: node.to });
}

function withinRange(literal: NumberLiteral, query: string, at: number): NumberLiteral {
  if (Math.abs(literal.value) * 1000 > durationMsMax) throw promqlError(query, at, 'duration out of range');
  return literal;
}
