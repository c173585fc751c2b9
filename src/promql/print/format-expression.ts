/** A query on one line, as Prometheus writes it. Source: Prometheus 3.14, promql/parser/printer.go. */

import { metricNameLabel } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import type {
  AtModifier,
  Binary,
  Duration,
  DurationOperand,
  Expression,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  VectorSelector,
} from '../ast.js';
import { formatDuration } from '../parse/literal-value.js';
import { formatDecimal, formatShort } from './format-number.js';
import { goQuote } from './go-quote.js';

/** The text of an expression; parsed again it gives an equal tree. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number_literal':
      return formatLiteral(expression);
    case 'string_literal':
      return goQuote(expression.value);
    case 'vector_selector':
      return formatSelector(expression);
    case 'matrix_selector':
      return formatMatrix(expression);
    case 'subquery':
      return formatExpression(expression.expression) + subquerySuffix(expression);
    case 'unary':
      return expression.op + formatExpression(expression.expression);
    case 'binary':
      return `${formatExpression(expression.left)} ${operatorText(expression)} ${formatExpression(expression.right)}`;
    case 'aggregate': {
      const args = expression.parameter === undefined ? [] : [expression.parameter];
      return `${aggregationHead(expression)}(${[...args, expression.expression].map(formatExpression).join(', ')})`;
    }
    case 'call':
      return `${expression.function.name}(${expression.args.map(formatExpression).join(', ')})`;
    case 'paren':
      return `(${formatExpression(expression.expression)})`;
    case 'step_invariant':
      return formatExpression(expression.expression);
  }
}

function formatLiteral({ value, isDuration }: NumberLiteral): string {
  return isDuration ? formatDuration(value * 1000) : formatDecimal(value);
}

/** The aggregation's name with its labels, without its arguments. */
export function aggregationHead({ op, grouping, without }: Extract<Expression, { kind: 'aggregate' }>): string {
  if (!without && grouping.length === 0) return op;
  return `${op} ${without ? 'without' : 'by'} (${formatLabels(grouping)}) `;
}

/** A binary operator with all that stands between it and its right side. */
export function operatorText({ op, returnsBool, matching }: Binary): string {
  const parts: string[] = [returnsBool ? `${op} bool` : op];
  if (matching === undefined) return parts[0]!;
  const { cardinality, labels, on, include, fill } = matching;
  const isGrouped = cardinality === 'many-to-one' || cardinality === 'one-to-many';
  if (labels.length > 0 || on || isGrouped) parts.push(`${on ? 'on' : 'ignoring'} (${formatLabels(labels)})`);
  if (isGrouped) parts.push(`group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${formatLabels(include)})`);
  if (fill.left !== undefined && fill.left === fill.right) {
    parts.push(`fill (${formatShort(fill.left)})`);
  } else {
    if (fill.left !== undefined) parts.push(`fill_left (${formatShort(fill.left)})`);
    if (fill.right !== undefined) parts.push(`fill_right (${formatShort(fill.right)})`);
  }
  return parts.join(' ');
}

const legacyLabel = /^[A-Za-z_][A-Za-z0-9_]*$/;
const formatLabel = (label: string): string => (legacyLabel.test(label) ? label : goQuote(label));
const formatLabels = (labels: readonly string[]): string => labels.map(formatLabel).join(', ');

function formatSelector(selector: VectorSelector): string {
  const { at, extension, offset } = selector;
  return withoutModifiers(selector) + atText(at) + extensionText(extension) + offsetText(offset);
}

function withoutModifiers({ name = '', matchers }: VectorSelector): string {
  const shown = matchers.filter(
    (matcher) => !(matcher.name === metricNameLabel && matcher.op === '=' && matcher.value === name && name !== ''),
  );
  if (shown.length === 0) return name;
  return `${name}{${shown.map(formatMatcher).sort(byBytes).join(',')}}`;
}

const formatMatcher = ({ name, op, value }: Matcher): string => formatLabel(name) + op + goQuote(value);
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Behind a range the order of modifiers is another than behind a lone selector. */
function formatMatrix({ selector, range }: MatrixSelector): string {
  const { extension, at, offset } = selector;
  return `${withoutModifiers(selector)}[${formatRange(range)}]${extensionText(extension)}${atText(at)}${offsetText(offset)}`;
}

/** The range, step and modifiers behind a subquery's expression. */
export function subquerySuffix({ range, step, at, offset }: Subquery): string {
  return `[${formatRange(range)}:${step === undefined ? '' : formatRange(step)}]${atText(at)}${offsetText(offset)}`;
}

const extensionText = (extension: VectorSelector['extension']): string =>
  extension === undefined ? '' : ` ${extension}`;

function atText(at: AtModifier | undefined): string {
  if (at === undefined) return '';
  return at.kind === 'time' ? ` @ ${formatSeconds(at.ms)}` : ` @ ${at.kind}()`;
}

/** Milliseconds as seconds with three decimals, exact however large. */
function formatSeconds(ms: number): string {
  const digits = BigInt(Math.abs(ms)).toString().padStart(4, '0');
  return `${ms < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

function offsetText(offset: Duration | undefined): string {
  const isNone = offset === undefined || (offset.kind === 'fixed_duration' && offset.ms === 0);
  return isNone ? '' : ` offset ${formatRange(offset)}`;
}

/** A range, step or offset. */
export function formatRange(duration: Duration): string {
  return duration.kind === 'fixed_duration' ? formatDuration(duration.ms) : formatOperand(duration);
}

function formatOperand(operand: DurationOperand): string {
  if (operand.kind === 'number_literal') return formatLiteral(operand);
  const text = unwrapped(operand);
  return operand.isWrapped ? `(${text})` : text;
}

function unwrapped(operand: Exclude<DurationOperand, NumberLiteral>): string {
  switch (operand.kind) {
    case 'duration_of_query':
      return `${operand.op}()`;
    case 'duration_sign':
      return (operand.op === '-' ? '-' : '') + formatOperand(operand.operand);
    case 'duration_binary': {
      const { op, left, right } = operand;
      const isCall = op === 'min_of' || op === 'max_of';
      if (isCall) return `${op}(${formatOperand(left)}, ${formatOperand(right)})`;
      return `${formatOperand(left)} ${op} ${formatOperand(right)}`;
    }
  }
}
