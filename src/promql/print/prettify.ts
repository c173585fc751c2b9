/**
 * A query on as many lines as it needs: what does not fit on a line is split at its operators and parentheses and indented. What
 * `format_query` answers. Source: Prometheus 3.14, promql/parser/prettier.go.
 */
import type { Expression } from '../ast.js';
import { aggregationHead, formatExpression, operatorText, subquerySuffix } from './format-expression.js';

/** Longest part that stays on one line, bytes. Prometheus' number. */
const lineBytesMax = 100;

const indentOf = (level: number): string => '  '.repeat(level);

/** The text of an expression, split and indented; parsed again it gives an equal tree. */
export function prettify(expression: Expression): string {
  return new Prettier().print(expression, 0);
}

class Prettier {
  /** Whether an expression is too long for one line, found from the innermost out. */
  readonly #isLong = new Map<Expression, boolean>();

  #needsSplit(expression: Expression): boolean {
    let isLong = this.#isLong.get(expression);
    if (isLong === undefined) {
      isLong = Buffer.byteLength(formatExpression(expression)) > lineBytesMax;
      this.#isLong.set(expression, isLong);
    }
    return isLong;
  }

  print(expression: Expression, level: number): string {
    const indent = indentOf(level);
    switch (expression.kind) {
      case 'step_invariant':
        return this.print(expression.expression, level);
      case 'unary':
        return indent + expression.op + this.print(expression.expression, level).trim();
      case 'subquery':
        // A subquery that is short is not indented; so does Prometheus.
        if (!this.#needsSplit(expression)) return formatExpression(expression);
        return this.print(expression.expression, level) + subquerySuffix(expression);
      case 'aggregate':
      case 'binary':
      case 'call':
      case 'paren':
        return this.#needsSplit(expression) ? this.#split(expression, level) : indent + formatExpression(expression);
      default:
        return indent + formatExpression(expression);
    }
  }

  #split(expression: Extract<Expression, { kind: 'aggregate' | 'binary' | 'call' | 'paren' }>, level: number): string {
    const indent = indentOf(level);
    const inner = (part: Expression): string => this.print(part, level + 1);
    switch (expression.kind) {
      case 'aggregate': {
        const { parameter, expression: aggregated } = expression;
        const args = parameter === undefined ? [aggregated] : [parameter, aggregated];
        return `${indent}${aggregationHead(expression)}(\n${args.map(inner).join(',\n')}\n${indent})`;
      }
      case 'binary':
        return `${inner(expression.left)}\n${indent}${operatorText(expression)}\n${inner(expression.right)}`;
      case 'call':
        return `${indent}${expression.function.name}(\n${expression.args.map(inner).join(',\n')}\n${indent})`;
      case 'paren':
        return `${indent}(\n${inner(expression.expression)}\n${indent})`;
    }
  }
}
