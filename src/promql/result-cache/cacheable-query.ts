/**
 * Which queries' results can be put together from parts of their range. At each step they have to depend on that step's time alone: not on where the
 * range begins or ends, and not on a fixed time. What a query reads around a step must be known too, so that a late sample's steps are.
 */
import { metricNameLabel } from '../../model/labels.js';
import { childrenOf, type Duration, type Expression } from '../ast.js';
import { makePlan, type PlanOptions } from '../evaluate/make-plan.js';
import type { QueryRange } from '../evaluate/query-range.js';
import { formatExpression } from '../print/format-expression.js';

/** Functions that ask for the query's range, or read by it, and those whose remarks depend on there being one. */
const rangeDependent: ReadonlySet<string> = new Set([
  'info',
  ...['start', 'end', 'range', 'step', 'sort', 'sort_desc', 'sort_by_label', 'sort_by_label_desc'],
]);

const texts = new WeakMap<Expression, string | false>();

/** The query's canonical text; undefined where its results cannot be kept. Remembered for as long as the tree is. */
export function cacheableText(expression: Expression): string | undefined {
  let text = texts.get(expression);
  if (text === undefined) {
    text = isCacheable(expression) && formatExpression(expression);
    texts.set(expression, text);
  }
  return text === false ? undefined : text;
}

const isFixed = (duration: Duration | undefined): boolean =>
  duration === undefined || duration.kind === 'fixed_duration';

function isNumber(expression: Expression | undefined): boolean {
  if (expression?.kind === 'paren' || expression?.kind === 'unary') return isNumber(expression.expression);
  return expression?.kind === 'number_literal';
}

function isCacheable(expression: Expression): boolean {
  switch (expression.kind) {
    case 'vector_selector':
      return expression.at === undefined && isFixed(expression.offset);
    case 'matrix_selector':
      if (!isFixed(expression.range)) return false;
      break;
    case 'subquery':
      if (expression.at !== undefined) return false;
      if (![expression.range, expression.step, expression.offset].every(isFixed)) return false;
      break;
    case 'call':
      if (rangeDependent.has(expression.function.name)) return false;
      break;
    case 'aggregate':
      // Their remark names the farthest parameter of the whole range.
      if ((expression.op === 'quantile' || expression.op === 'limit_ratio') && !isNumber(expression.parameter))
        return false;
  }
  return childrenOf(expression).every(isCacheable);
}

/** What a query reads for the value at a step: from so long before it to so long behind it, of these metrics. */
export interface ReadReach {
  readonly backMs: number;
  readonly aheadMs: number;
  /** Undefined for any metric. */
  readonly metrics: ReadonlySet<string> | undefined;
}

export function reachOf(expression: Expression, range: QueryRange, options: PlanOptions): ReadReach {
  const { selections } = makePlan(expression, range, options);
  const names = selections.map(
    ({ matchers }) => matchers.find(({ name, op }) => name === metricNameLabel && op === '=')?.value,
  );
  return {
    backMs: selections.reduce((most, { fromMs }) => Math.max(most, range.startMs - fromMs), 0),
    aheadMs: selections.reduce((most, { toMs }) => Math.max(most, toMs - range.endMs), 0),
    metrics: names.includes(undefined) ? undefined : new Set(names as string[]),
  };
}
