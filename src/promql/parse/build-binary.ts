/** Binary operations of the syntax tree. */
import type { SyntaxNode } from '@lezer/common';
import {
  type Binary,
  type BinaryOperator,
  type Expression,
  type MatchCardinality,
  type VectorMatching,
  valueTypeOf,
} from '../ast.js';
import { goQuote } from '../print/go-quote.js';
import { buildNumber } from './build-number.js';
import { stringOf } from './build-selector.js';
import { childNodes } from './child-nodes.js';
import { promqlError } from './promql-error.js';

/** What was written on matching, wherever it may stand: the tree keeps it only between instant vectors. */
export type WrittenMatchings = Map<Binary, VectorMatching>;

const setOperators: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

export function buildBinary(
  node: SyntaxNode,
  query: string,
  left: Expression,
  right: Expression,
  written: WrittenMatchings,
): Binary {
  const opNode = node.firstChild!.nextSibling!;
  const op = query.slice(opNode.from, opNode.to).toLowerCase() as BinaryOperator;
  const matching = buildMatching(node, op, query);
  const isMatched = valueTypeOf(left) === 'vector' && valueTypeOf(right) === 'vector';
  const binary: Binary = Object.freeze({
    kind: 'binary',
    op,
    left,
    right,
    matching: isMatched ? matching : undefined,
    returnsBool: node.getChild('BoolModifier') !== null,
    from: left.from,
    to: right.to,
  });
  written.set(binary, matching);
  return binary;
}

function buildMatching(node: SyntaxNode, op: BinaryOperator, query: string): VectorMatching {
  const clause = node.getChild('MatchingModifierClause');
  const isLeft = clause?.getChild('GroupLeft') != null;
  const isRight = clause?.getChild('GroupRight') != null;
  const plain: MatchCardinality = setOperators.has(op) ? 'many-to-many' : 'one-to-one';
  const lists = clause?.getChildren('GroupingLabels') ?? [];
  return Object.freeze({
    cardinality: isLeft ? 'many-to-one' : isRight ? 'one-to-many' : plain,
    on: clause?.getChild('On') != null,
    labels: buildLabels(lists[0], query),
    include: buildLabels(lists[1], query),
    fill: buildFill(node.getChild('FillModifier'), query),
  });
}

/** The labels of a list in parentheses. */
export function buildLabels(list: SyntaxNode | null | undefined, query: string): readonly string[] {
  if (list == null) return Object.freeze([]);
  const labels = childNodes(list).map((item) => {
    if (item.name !== 'QuotedLabelName') return query.slice(item.from, item.to);
    const label = stringOf(item.firstChild!, query);
    if (label === '') throw promqlError(query, item.from, `invalid label name for grouping: ${goQuote(label)}`);
    return label;
  });
  return Object.freeze(labels);
}

function buildFill(modifier: SyntaxNode | null, query: string): VectorMatching['fill'] {
  let left: number | undefined;
  let right: number | undefined;
  for (const clause of modifier === null ? [] : childNodes(modifier)) {
    const literal = clause.getChild('NumberDurationLiteral')!;
    const value = buildSigned(literal, query);
    if (clause.name !== 'FillRightClause') left = value;
    if (clause.name !== 'FillLeftClause') right = value;
  }
  return Object.freeze({ left, right });
}

/** The value of a number that may have a sign. */
export function buildSigned({ from, to }: SyntaxNode, query: string): number {
  const { value } = buildNumber({ from: digitsFrom(from, query), to }, query);
  return query[from] === '-' ? -value : value;
}

/** Where a number begins behind its sign, if it has one, and the space and comments after that. */
export function digitsFrom(from: number, query: string): number {
  if (query[from] !== '-' && query[from] !== '+') return from;
  const gap = /(?:[ \t\r\n]|#[^\r\n]*)*/y;
  gap.lastIndex = from + 1;
  gap.test(query);
  return gap.lastIndex;
}
