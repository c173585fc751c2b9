/**
 * What a PromQL query is once parsed and type-checked: a tree of frozen nodes, told apart by `kind`. The shapes follow
 * Prometheus' own tree (promql/parser/ast.go, 3.14). Every node says where in the query it stands.
 */
import type { Matcher } from '../model/matcher.js';
import type { FunctionSignature } from './function-signatures.js';
import type { ValueType } from './value-type.js';

/** Where a node stands in the query, UTF-16 code units; `to` is exclusive. */
export interface SourceRange {
  readonly from: number;
  readonly to: number;
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Unary
  | Binary
  | Aggregate
  | Call
  | Paren
  | StepInvariant;

export interface NumberLiteral extends SourceRange {
  readonly kind: 'number_literal';
  /** Seconds where the literal was written as a duration. */
  readonly value: number;
  /** Whether it was written as a duration (`5m`), and is printed as one. */
  readonly isDuration: boolean;
}

export interface StringLiteral extends SourceRange {
  readonly kind: 'string_literal';
  readonly value: string;
}

/** The `@` modifier: a fixed time, or the start or end of the query's range. */
export type AtModifier = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'start' | 'end' };

/** How a range selector's borders are filled in (experimental in Prometheus). */
export type RangeExtension = 'anchored' | 'smoothed';

export interface VectorSelector extends SourceRange {
  readonly kind: 'vector_selector';
  /** The metric's name where it stands before the braces; else it may be among the matchers. */
  readonly name: string | undefined;
  /** All conditions, that on the name before the braces last, as `__name__="…"`. */
  readonly matchers: readonly Matcher[];
  readonly offset: Duration | undefined;
  readonly at: AtModifier | undefined;
  readonly extension: RangeExtension | undefined;
}

/** A range vector; its offset, `@` and extension stand on its selector. */
export interface MatrixSelector extends SourceRange {
  readonly kind: 'matrix_selector';
  readonly selector: VectorSelector;
  readonly range: Duration;
}

export interface Subquery extends SourceRange {
  readonly kind: 'subquery';
  readonly expression: Expression;
  readonly range: Duration;
  /** Undefined: the default evaluation interval. */
  readonly step: Duration | undefined;
  readonly offset: Duration | undefined;
  readonly at: AtModifier | undefined;
}

/** A sign. A sign before a number literal is part of the literal instead. */
export interface Unary extends SourceRange {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expression: Expression;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOperator = '==' | '!=' | '<' | '>' | '<=' | '>=';
/** `</` keeps a histogram's observations below a value, `>/` those above. */
export type TrimOperator = '</' | '>/';
export type SetOperator = 'and' | 'or' | 'unless';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | TrimOperator | SetOperator;

export interface Binary extends SourceRange {
  readonly kind: 'binary';
  readonly op: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  /** Present exactly where both sides are instant vectors. */
  readonly matching: VectorMatching | undefined;
  /** `bool`: a comparison gives 0 or 1 and filters nothing. */
  readonly returnsBool: boolean;
}

export type MatchCardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

export interface VectorMatching {
  /** `group_left` is many-to-one, `group_right` one-to-many; set operators are many-to-many. */
  readonly cardinality: MatchCardinality;
  /** True: series match on `labels` only; false: on all labels but `labels`. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels that a result takes from the "one" side: what stands in `group_left(…)`. */
  readonly include: readonly string[];
  /** Values for series that have no partner on the left or right side (experimental); undefined: such series are dropped. */
  readonly fill: { readonly left: number | undefined; readonly right: number | undefined };
}

export const parameterAggregations = ['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'] as const;
export const plainAggregations = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'] as const;
export type AggregationOperator = (typeof parameterAggregations)[number] | (typeof plainAggregations)[number];

export interface Aggregate extends SourceRange {
  readonly kind: 'aggregate';
  readonly op: AggregationOperator;
  readonly expression: Expression;
  /** Present exactly for `parameterAggregations`: a string for `count_values`, else a scalar. */
  readonly parameter: Expression | undefined;
  readonly grouping: readonly string[];
  /** True: groups by all labels but `grouping`. */
  readonly without: boolean;
}

export interface Call extends SourceRange {
  readonly kind: 'call';
  readonly function: FunctionSignature;
  readonly args: readonly Expression[];
}

export interface Paren extends SourceRange {
  readonly kind: 'paren';
  readonly expression: Expression;
}

/** Evaluates to the same at every step. The parser makes none; a planner wraps such parts to evaluate them once. */
export interface StepInvariant extends SourceRange {
  readonly kind: 'step_invariant';
  readonly expression: Expression;
}

/** A range, step or offset. All but `fixed_duration` are experimental in Prometheus, and need the query's range and step. */
export type Duration = FixedDuration | DurationExpression;

export interface FixedDuration extends SourceRange {
  readonly kind: 'fixed_duration';
  /** Whole milliseconds; an offset may be negative, ranges and steps are positive. */
  readonly ms: number;
}

export type DurationExpression = DurationOfQuery | DurationSign | DurationBinary;

/** A part of a duration expression: a number of seconds, or a further expression. */
export type DurationOperand = NumberLiteral | DurationExpression;

/** `step()` and `range()`: the query's step, and its end minus its start; both 0 for an instant query. */
export interface DurationOfQuery extends SourceRange {
  readonly kind: 'duration_of_query';
  readonly op: 'step' | 'range';
  readonly isWrapped: boolean;
}

/** A minus, or a plus where parentheses stand around a lone number. */
export interface DurationSign extends SourceRange {
  readonly kind: 'duration_sign';
  readonly op: '+' | '-';
  readonly operand: DurationOperand;
  readonly isWrapped: boolean;
}

export interface DurationBinary extends SourceRange {
  readonly kind: 'duration_binary';
  readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of';
  readonly left: DurationOperand;
  readonly right: DurationOperand;
  /** Whether parentheses stand around it. */
  readonly isWrapped: boolean;
}

/** What an expression evaluates to. */
export function valueTypeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number_literal':
      return 'scalar';
    case 'string_literal':
      return 'string';
    case 'vector_selector':
    case 'aggregate':
      return 'vector';
    case 'matrix_selector':
    case 'subquery':
      return 'matrix';
    case 'call':
      return expression.function.returnType;
    case 'binary':
      return valueTypeOf(expression.left) === 'scalar' && valueTypeOf(expression.right) === 'scalar'
        ? 'scalar'
        : 'vector';
    case 'unary':
    case 'paren':
    case 'step_invariant':
      return valueTypeOf(expression.expression);
  }
}

/** The expressions directly inside one, in the order of Prometheus' traversal. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number_literal':
    case 'string_literal':
    case 'vector_selector':
      return [];
    case 'matrix_selector':
      return [expression.selector];
    case 'aggregate':
      return expression.parameter === undefined
        ? [expression.expression]
        : [expression.expression, expression.parameter];
    case 'binary':
      return [expression.left, expression.right];
    case 'call':
      return expression.args;
    case 'subquery':
    case 'unary':
    case 'paren':
    case 'step_invariant':
      return [expression.expression];
  }
}
