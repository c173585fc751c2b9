/** The tree of a query as `parse_query` answers it. Source: Prometheus 3.14, web/api/v1/translate_ast.go. */
import type { Duration, DurationOperand, Expression, VectorMatching, VectorSelector } from '../ast.js';
import { formatDecimal } from './format-number.js';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type AstJson = { readonly [key: string]: JsonValue };

/** Milliseconds are whole; a part that the query does not have is null, or 0 or '' where Prometheus says so. */
export function astJson(expression: Expression): AstJson {
  switch (expression.kind) {
    case 'number_literal':
      return { type: 'numberLiteral', val: formatDecimal(expression.value) };
    case 'string_literal':
      return { type: 'stringLiteral', val: expression.value };
    case 'vector_selector':
      return { type: 'vectorSelector', ...selectorJson(expression) };
    case 'matrix_selector':
      return {
        type: 'matrixSelector',
        ...selectorJson(expression.selector),
        ...durationJson('range', expression.range),
      };
    case 'subquery':
      return {
        type: 'subquery',
        expr: astJson(expression.expression),
        ...durationJson('range', expression.range),
        ...durationJson('step', expression.step),
        ...durationJson('offset', expression.offset),
        ...atJson(expression),
      };
    case 'unary':
      return { type: 'unaryExpr', op: expression.op, expr: astJson(expression.expression) };
    case 'paren':
      return { type: 'parenExpr', expr: astJson(expression.expression) };
    case 'step_invariant':
      return astJson(expression.expression);
    case 'binary':
      return {
        type: 'binaryExpr',
        op: expression.op,
        lhs: astJson(expression.left),
        rhs: astJson(expression.right),
        matching: expression.matching === undefined ? null : matchingJson(expression.matching),
        bool: expression.returnsBool,
      };
    case 'aggregate': {
      const { op, parameter, grouping, without } = expression;
      const param = parameter === undefined ? null : astJson(parameter);
      return { type: 'aggregation', op, expr: astJson(expression.expression), param, grouping, without };
    }
    case 'call':
      return { type: 'call', func: functionJson(expression.function), args: expression.args.map(astJson) };
  }
}

type Signature = Extract<Expression, { kind: 'call' }>['function'];

function functionJson({ name, argTypes, variadic, returnType }: Signature): AstJson {
  return { name, argTypes, variadic: Number.isFinite(variadic) ? variadic : -1, returnType };
}

function selectorJson(selector: VectorSelector): AstJson {
  return {
    name: selector.name ?? '',
    ...durationJson('offset', selector.offset),
    matchers: selector.matchers.map(({ name, op, value }) => ({ name, value, type: op })),
    ...atJson(selector),
    anchored: selector.extension === 'anchored',
    smoothed: selector.extension === 'smoothed',
  };
}

function atJson({ at }: Pick<VectorSelector, 'at'>): AstJson {
  const startOrEnd = at === undefined || at.kind === 'time' ? null : at.kind;
  return { timestamp: at?.kind === 'time' ? at.ms : null, startOrEnd };
}

function durationJson(key: string, duration: Duration | undefined): AstJson {
  if (duration === undefined) return { [key]: 0, [`${key}Expr`]: null };
  if (duration.kind === 'fixed_duration') return { [key]: duration.ms, [`${key}Expr`]: null };
  return { [key]: 0, [`${key}Expr`]: operandJson(duration) };
}

function operandJson(operand: DurationOperand): AstJson {
  if (operand.kind === 'number_literal') {
    return { type: 'numberLiteral', val: formatDecimal(operand.value), duration: operand.isDuration };
  }
  const { op, isWrapped: wrapped } = operand;
  const sides = { lhs: null, rhs: null } as { lhs: AstJson | null; rhs: AstJson | null };
  if (operand.kind === 'duration_sign') sides.rhs = operandJson(operand.operand);
  if (operand.kind === 'duration_binary') {
    sides.lhs = operandJson(operand.left);
    sides.rhs = operandJson(operand.right);
  }
  return { type: 'durationExpr', op, ...sides, wrapped };
}

function matchingJson({ cardinality, labels, on, include, fill }: VectorMatching): AstJson {
  // Infinities and NaN have no JSON; Prometheus fails on them, this says them as text.
  const value = (filled: number | undefined): JsonValue =>
    filled === undefined ? null : Number.isFinite(filled) ? filled : formatDecimal(filled);
  return {
    card: cardinality,
    labels,
    on,
    include,
    fillValues: { lhs: value(fill.left), rhs: value(fill.right) },
  };
}
