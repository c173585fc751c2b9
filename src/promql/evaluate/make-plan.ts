/** Expressions become plans. Source: Prometheus, promql/engine.go, `PreprocessExpr` and `getTimeRangesForSelector`. */
import { assert, unreachable } from '../../base/assert.js';
import type { Matcher } from '../../model/matcher.js';
import {
  type AtModifier,
  type Call,
  childrenOf,
  type Duration,
  type Expression,
  type MatrixSelector,
  type RangeExtension,
  type SourceRange,
  type Subquery,
  type VectorSelector,
} from '../ast.js';
import { infoMatchers } from './info-matchers.js';
import type { Plan, PlanNode, RangeSelectorNode, ReadTime, Selection, SelectorNode } from './plan.js';
import type { QueryRange } from './query-range.js';
import { resolveDuration } from './resolve-duration.js';

export interface PlanOptions {
  readonly lookbackMs: number;
  /** Step of a subquery that names none, milliseconds. */
  readonly subqueryStepMs: number;
}

/** What is known on the way down to an expression. */
interface Place {
  /** First and last time at which the expression is evaluated, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly functionName: string | undefined;
  /** What of histograms is asked for: all; or the counts and sums only, unless a function further in needs more. */
  readonly histogramParts: 'all' | 'counts' | 'any';
}

interface Planned {
  readonly node: PlanNode;
  readonly isInvariant: boolean;
  /** Whether it is worth marking: literals and range vectors are not. */
  readonly isWrapped: boolean;
}

interface Planner {
  readonly query: QueryRange;
  readonly options: PlanOptions;
  readonly selections: Selection[];
}

/** Functions whose result changes with the time of evaluation though their arguments do not. */
const timeDependent: ReadonlySet<string> = new Set([
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month', 'year'],
  ...['predict_linear', 'time', 'timestamp'],
]);

const countFunctions: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const bucketFunctions: ReadonlySet<string> = new Set([
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
]);

/** Throws `query_failed` for a duration expression that gives no duration. */
export function makePlan(expression: Expression, query: QueryRange, options: PlanOptions): Plan {
  const planner: Planner = { query, options, selections: [] };
  const place: Place = {
    fromMs: query.startMs,
    toMs: query.endMs,
    stepMs: query.stepMs,
    functionName: undefined,
    histogramParts: 'any',
  };
  return { root: wrapped(planned(planner, expression, place)), selections: planner.selections };
}

const rangeOf = ({ from, to }: SourceRange): SourceRange => ({ from, to });

const wrapped = ({ node, isWrapped }: Planned): PlanNode =>
  isWrapped ? { kind: 'invariant', expression: node, range: node.range } : node;

const constant = (node: PlanNode): Planned => ({ node, isInvariant: true, isWrapped: false });

function planned(planner: Planner, expression: Expression, place: Place): Planned {
  const range = rangeOf(expression);
  switch (expression.kind) {
    case 'number_literal':
      return constant({ kind: 'number', value: expression.value, range });
    case 'string_literal':
      return constant({ kind: 'string', value: expression.value, range });
    case 'paren':
    case 'step_invariant':
      return planned(planner, expression.expression, place);
    case 'unary': {
      const inner = planned(planner, expression.expression, place);
      return expression.op === '+' ? inner : { ...inner, node: { kind: 'negation', expression: inner.node, range } };
    }
    case 'vector_selector': {
      const node = selectorNode(planner, expression, 0, place);
      return { node, isInvariant: node.atMs !== undefined, isWrapped: node.atMs !== undefined };
    }
    case 'matrix_selector': {
      const node = rangeSelectorNode(planner, expression, place);
      return { node, isInvariant: node.atMs !== undefined, isWrapped: false };
    }
    case 'subquery':
      return plannedSubquery(planner, expression, place);
    case 'binary': {
      const isTrim = expression.op === '</' || expression.op === '>/';
      const parts = isTrim ? 'all' : place.histogramParts;
      const inside: Place = { ...place, functionName: undefined, histogramParts: parts };
      const left = planned(planner, expression.left, inside);
      const right = planned(planner, expression.right, inside);
      const isInvariant = left.isInvariant && right.isInvariant;
      const [l, r] = isInvariant ? [left.node, right.node] : [wrapped(left), wrapped(right)];
      const node: PlanNode = { kind: 'binary', source: expression, left: l, right: r, range };
      return { node, isInvariant, isWrapped: isInvariant };
    }
    case 'aggregate': {
      const inside = { ...place, functionName: expression.op };
      const inner = planned(planner, expression.expression, inside);
      const parameter = expression.parameter && planned(planner, expression.parameter, inside);
      const isInvariant = inner.isInvariant && (parameter?.isInvariant ?? true);
      const node: PlanNode = {
        kind: 'aggregate',
        source: expression,
        expression: isInvariant ? inner.node : wrapped(inner),
        parameter: parameter && (isInvariant ? parameter.node : wrapped(parameter)),
        range,
      };
      return { node, isInvariant, isWrapped: isInvariant };
    }
    case 'call':
      return plannedCall(planner, expression, place);
    default:
      return unreachable(expression);
  }
}

function plannedCall(planner: Planner, call: Call, place: Place): Planned {
  const range = rangeOf(call);
  const { name } = call.function;
  const queryValue = valueOfQuery(name, planner.query);
  if (queryValue !== undefined) return constant({ kind: 'number', value: queryValue, range });
  const inside: Place = { ...place, functionName: name, histogramParts: partsUnder(name, place) };
  if (name === 'info') return plannedInfo(planner, call, inside);
  const args = call.args.map((arg) => planned(planner, arg, inside));
  const areInvariant = args.every(({ isInvariant }) => isInvariant);
  // The time of a sample is the same at every step where the sample is.
  const isInvariant =
    areInvariant && (!timeDependent.has(name) || (name === 'timestamp' && args[0]!.node.kind === 'selector'));
  const node: PlanNode = {
    kind: 'call',
    source: call,
    isOverTime: !isInvariant && place.fromMs < place.toMs,
    args: isInvariant ? args.map((arg) => arg.node) : args.map(wrapped),
    range,
  };
  return { node, isInvariant, isWrapped: isInvariant };
}

/** Once buckets are needed, or a subquery hides samples from each other, they are needed all the way in. */
function partsUnder(name: string, { histogramParts }: Place): Place['histogramParts'] {
  if (histogramParts === 'all' || bucketFunctions.has(name)) return 'all';
  return countFunctions.has(name) ? 'counts' : histogramParts;
}

/** Functions that ask for a property of the query, seconds. */
function valueOfQuery(name: string, { startMs, endMs, stepMs }: QueryRange): number | undefined {
  switch (name) {
    case 'start':
      return startMs / 1000;
    case 'end':
      return endMs / 1000;
    case 'range':
      return (endMs - startMs) / 1000;
    case 'step':
      return startMs === endMs ? 0 : stepMs / 1000;
    default:
      return undefined;
  }
}

function plannedInfo(planner: Planner, call: Call, place: Place): Planned {
  const inner = planned(planner, call.args[0]!, place);
  const selector = call.args[1];
  assert(selector === undefined || selector.kind === 'vector_selector', 'info takes a selector');
  const { nameMatchers, labelMatchers } = infoMatchers(selector?.matchers);
  const readTime = firstReadTime(planner, call.args[0]!, []) ?? { atMs: undefined, offsetMs: 0 };
  const selection = select(planner, [...labelMatchers, ...nameMatchers], readTime, 0, undefined, place);
  const isInvariant = inner.isInvariant;
  const node: PlanNode = {
    kind: 'info',
    expression: isInvariant ? inner.node : wrapped(inner),
    selection,
    ...readTime,
    nameMatchers,
    labelMatchers,
    range: rangeOf(call),
  };
  return { node, isInvariant, isWrapped: isInvariant };
}

/** When the first selector of an expression reads: at the innermost `@` around it, less the offsets up to there. */
function firstReadTime(
  planner: Planner,
  expression: Expression,
  subqueries: readonly ReadTime[],
): ReadTime | undefined {
  if (expression.kind === 'vector_selector') {
    let { atMs, offsetMs } = readTimeOf(planner, expression);
    for (const subquery of subqueries.toReversed()) {
      if (atMs !== undefined) break;
      offsetMs += subquery.offsetMs;
      atMs = subquery.atMs;
    }
    return { atMs, offsetMs };
  }
  const inside = expression.kind === 'subquery' ? [...subqueries, readTimeOf(planner, expression)] : subqueries;
  for (const child of childrenOf(expression)) {
    const found = firstReadTime(planner, child, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function plannedSubquery(planner: Planner, subquery: Subquery, place: Place): Planned {
  const readTime = readTimeOf(planner, subquery);
  const { atMs, offsetMs } = readTime;
  const rangeMs = resolveDuration(subquery.range, planner.query, false);
  const stepMs =
    subquery.step === undefined ? planner.options.subqueryStepMs : resolveDuration(subquery.step, planner.query, false);
  const inner = planned(planner, subquery.expression, {
    ...place,
    fromMs: (atMs ?? place.fromMs) - offsetMs - rangeMs,
    toMs: (atMs ?? place.toMs) - offsetMs,
    stepMs,
    histogramParts: 'all',
  });
  const expression = inner.isInvariant ? wrapped({ ...inner, isWrapped: true }) : inner.node;
  const node: PlanNode = { kind: 'subquery', expression, rangeMs, stepMs, ...readTime, range: rangeOf(subquery) };
  return { node, isInvariant: atMs !== undefined, isWrapped: false };
}

function rangeSelectorNode(planner: Planner, matrix: MatrixSelector, place: Place): RangeSelectorNode {
  const rangeMs = resolveDuration(matrix.range, planner.query, false);
  const selector = selectorNode(planner, matrix.selector, rangeMs, place);
  return { ...selector, kind: 'range_selector', rangeMs, range: rangeOf(matrix) };
}

function selectorNode(planner: Planner, selector: VectorSelector, rangeMs: number, place: Place): SelectorNode {
  const readTime = readTimeOf(planner, selector);
  const { matchers, extension } = selector;
  const selection = select(planner, matchers, readTime, rangeMs, extension, place);
  return { kind: 'selector', selection, matchers, extension, ...readTime, range: rangeOf(selector) };
}

const readTimeOf = (
  { query }: Planner,
  { at, offset }: { readonly at: AtModifier | undefined; readonly offset: Duration | undefined },
): ReadTime => ({
  atMs: at && (at.kind === 'time' ? at.ms : at.kind === 'start' ? query.startMs : query.endMs),
  offsetMs: offset === undefined ? 0 : resolveDuration(offset, query, true),
});

/** Notes samples to be fetched, unless they are already: windows are open to the left, so that the first millisecond is not needed. */
function select(
  { options: { lookbackMs }, selections }: Planner,
  matchers: readonly Matcher[],
  { atMs, offsetMs }: ReadTime,
  rangeMs: number,
  extension: RangeExtension | undefined,
  place: Place,
): number {
  const reachesBack = rangeMs === 0 || extension !== undefined ? lookbackMs : 0;
  const selection: Selection = {
    matchers,
    fromMs: (atMs ?? place.fromMs) - offsetMs - rangeMs - reachesBack + 1,
    toMs: (atMs ?? place.toMs) - offsetMs + (extension === 'smoothed' ? lookbackMs : 0),
    hints: {
      stepMs: place.stepMs,
      rangeMs,
      functionName: place.functionName,
      needsBuckets: place.histogramParts !== 'counts',
    },
  };
  const same = selections.findIndex((each) => areSameSelection(each, selection));
  return same < 0 ? selections.push(selection) - 1 : same;
}

/** Whether two selectors read the same: it is fetched once. */
function areSameSelection(a: Selection, b: Selection): boolean {
  return (
    a.fromMs === b.fromMs &&
    a.toMs === b.toMs &&
    a.hints.needsBuckets === b.hints.needsBuckets &&
    a.matchers.length === b.matchers.length &&
    a.matchers.every(({ name, op, value }, i) => {
      const other = b.matchers[i]!;
      return name === other.name && op === other.op && value === other.value;
    })
  );
}
