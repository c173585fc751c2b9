/**
 * Operators in the order of Prometheus' precedence. The grammar for editors does not give modifiers one: it reads
 * `a / b offset 1d` as `(a / b) offset 1d`, and `-1^2` as `(-1)^2`. So its tree is taken apart again, into operands and
 * operators as they stand in the query, and put together by precedence. Source: Prometheus 3.14, generated_parser.y.
 */
import type { SyntaxNode } from '@lezer/common';
import type { Expression } from '../ast.js';

/** How operators are applied; `node` is the grammar's node that the operator made. */
export interface OperatorActions {
  readonly operand: (node: SyntaxNode) => Expression;
  /** `from` is where the sign stands. */
  readonly sign: (from: number, operand: Expression) => Expression;
  /** Whether the grammar took a sign into a number, which it does where it should not. */
  readonly isSigned: (number: SyntaxNode) => boolean;
  /** `offset`, `@`, ranges, subqueries, `anchored` and `smoothed`. */
  readonly modifier: (node: SyntaxNode, expression: Expression) => Expression;
  readonly binary: (node: SyntaxNode, left: Expression, right: Expression) => Expression;
}

type Item = { readonly kind: 'operand' | 'sign' | 'modifier' | 'binary'; readonly node: SyntaxNode };

const modifiers: ReadonlySet<string> = new Set([
  ...['OffsetExpr', 'StepInvariantExpr', 'MatrixSelector', 'SubqueryExpr', 'AnchoredExpr', 'SmoothedExpr'],
]);

/** Signs bind as multiplication does. */
const multiplication = 5;
const power = 6;

/** By the name of the operator's node. Modifiers bind tighter than all of them. */
const precedences: Readonly<Record<string, number>> = {
  Or: 1,
  And: 2,
  Unless: 2,
  ...Object.fromEntries(['Eql', 'Neq', 'Gte', 'Gtr', 'Lte', 'Lss', 'TrimUpper', 'TrimLower'].map((name) => [name, 3])),
  Add: 4,
  Sub: 4,
  ...Object.fromEntries(['Mul', 'Div', 'Mod', 'Atan2'].map((name) => [name, multiplication])),
  Pow: power,
};

/** The expression of a node, with all operators that stand at its level. */
export function applyOperators(node: SyntaxNode, actions: OperatorActions): Expression {
  return new Sequence(node, actions).read(0);
}

class Sequence {
  readonly #items: Item[] = [];
  readonly #actions: OperatorActions;
  #at = 0;

  constructor(node: SyntaxNode, actions: OperatorActions) {
    this.#actions = actions;
    this.#takeApart(node);
  }

  #takeApart(node: SyntaxNode): void {
    const push = (kind: Item['kind'], part: SyntaxNode) => this.#items.push({ kind, node: part });
    if (node.name === 'BinaryExpr') {
      this.#takeApart(node.firstChild!);
      push('binary', node);
      this.#takeApart(node.lastChild!);
    } else if (node.name === 'UnaryExpr') {
      push('sign', node);
      this.#takeApart(node.lastChild!);
    } else if (modifiers.has(node.name)) {
      this.#takeApart(node.firstChild!);
      push('modifier', node);
    } else {
      if (node.name === 'NumberDurationLiteral' && this.#actions.isSigned(node)) push('sign', node);
      push('operand', node);
    }
  }

  /** Reads operators that bind at least as tight as `least`. */
  read(least: number): Expression {
    let left = this.#readOperand();
    for (;;) {
      const item = this.#items[this.#at];
      if (item?.kind !== 'binary') return left;
      const precedence = precedences[item.node.firstChild!.nextSibling!.name]!;
      if (precedence < least) return left;
      this.#at++;
      // Only powers are grouped from the right.
      const right = this.read(precedence === power ? precedence : precedence + 1);
      left = this.#actions.binary(item.node, left, right);
    }
  }

  #readOperand(): Expression {
    const item = this.#items[this.#at++]!;
    if (item.kind === 'sign') return this.#actions.sign(item.node.from, this.read(multiplication + 1));
    let expression = this.#actions.operand(item.node);
    for (let next = this.#items[this.#at]; next?.kind === 'modifier'; next = this.#items[this.#at]) {
      expression = this.#actions.modifier(next.node, expression);
      this.#at++;
    }
    return expression;
  }
}
