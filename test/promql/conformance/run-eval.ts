/**
 * Runs an `eval` as Prometheus' own runner does: an instant query also at other times with its selectors pinned to the first by `@`,
 * and each of these also as the middle step of a range query. Source: Prometheus, promql/promqltest/test.go.
 */
import { messageOf } from '../../../src/base/errors.js';
import type { Expression, VectorSelector } from '../../../src/promql/ast.js';
import { childrenOf } from '../../../src/promql/ast.js';
import { annotationText } from '../../../src/promql/evaluate/annotations.js';
import { evaluateQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import { defaultQueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryRange } from '../../../src/promql/evaluate/query-range.js';
import type { QueryData, QueryResult, ResultSample } from '../../../src/promql/evaluate/query-result.js';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import { seriesLabels } from '../../../src/promql/evaluate/series-labels.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';
import { differenceOf } from './compare-result.js';
import type { EvalCommand, ExpectationKind } from './script.js';

/** As Prometheus' test engine: counter resets are also told by start times. */
const options = { ...defaultQueryOptions, usesStartTimes: true };

interface TimedExpression {
  readonly expression: Expression;
  readonly timeMs: number;
}

/** Whether an instant query is also asked at other times. */
export type Times = 'as written' | 'pinned as well';

/** What is wrong, if anything is. */
export async function problemOf(
  command: EvalCommand,
  source: SampleSource,
  times: Times = 'pinned as well',
): Promise<string | undefined> {
  let expression: Expression;
  try {
    expression = parseQuery(command.query);
  } catch (error) {
    return command.expectations.has('fail') ? failureProblem(command, error) : `not parsed: ${messageOf(error)}`;
  }
  if (command.isRange) return onceProblem(command, expression, command, source);
  // Of a range vector's result, the borders were read; the query is asked at its end.
  const timeMs = command.endMs;
  const pinned = times === 'as written' ? [] : pinnedCases(expression, timeMs);
  for (const each of [{ expression, timeMs }, ...pinned]) {
    const problem = await instantProblem(command, each, source);
    if (problem !== undefined) return `at ${each.timeMs}${each.expression === expression ? '' : ' pinned'}: ${problem}`;
  }
  return undefined;
}

async function onceProblem(
  command: EvalCommand,
  expression: Expression,
  query: QueryRange,
  source: SampleSource,
): Promise<string | undefined> {
  let result: QueryResult;
  try {
    const { startMs, endMs, stepMs } = query;
    result = await evaluateQuery(expression, { startMs, endMs, stepMs }, source, options);
  } catch (error) {
    return command.expectations.has('fail') ? failureProblem(command, error) : `failed: ${stackOf(error)}`;
  }
  if (command.expectations.has('fail')) return 'did not fail';
  return annotationProblem(command, result) ?? differenceOf(command, result.data);
}

const stackOf = (error: unknown): string =>
  error instanceof Error && error.name !== 'BarographError' ? (error.stack ?? error.message) : messageOf(error);

function failureProblem({ expectations }: EvalCommand, error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'BarographError') return stackOf(error);
  return expectations.get('fail')![0]!(error.message) ? undefined : `failed otherwise: ${error.message}`;
}

/** Source: `checkAnnotations`. */
function annotationProblem({ expectations, query }: EvalCommand, { annotations }: QueryResult): string | undefined {
  for (const [kind, level] of [
    ['warn', 'warning'],
    ['info', 'info'],
  ] as const) {
    const texts = annotations.filter((each) => each.level === level).map((each) => annotationText(each, query));
    const wanted = expectations.get(kind as ExpectationKind) ?? [];
    if (wanted.length > 0 && !wanted.every((expectation) => texts.some(expectation)))
      return `wanted another ${kind}, got ${JSON.stringify(texts)}`;
    const unexpected =
      wanted.length > 0 ? texts.find((text) => !wanted.some((expectation) => expectation(text))) : undefined;
    if (unexpected !== undefined) return `did not want the ${kind} ${unexpected}`;
    if (expectations.has(`no_${kind}` as ExpectationKind) && texts.length > 0)
      return `wanted no ${kind}, got ${JSON.stringify(texts)}`;
  }
  return undefined;
}

async function instantProblem(
  command: EvalCommand,
  { expression, timeMs }: TimedExpression,
  source: SampleSource,
): Promise<string | undefined> {
  const instant = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
  const problem = await onceProblem(command, expression, instant, source);
  if (problem !== undefined || command.expectations.has('fail') || command.isInstantOnly) return problem;
  if (/(start|end|range|step)\(\)/.test(command.query)) return undefined;
  const around = { startMs: timeMs - 60_000, endMs: timeMs + 60_000, stepMs: 60_000 };
  let data: QueryData;
  try {
    ({ data } = await evaluateQuery(expression, around, source, options));
  } catch (error) {
    return `as a range query: ${stackOf(error)}`;
  }
  if (command.expectations.has('ordered')) return undefined;
  const difference = differenceOf(command, middleOf(data, timeMs, command.scalar !== undefined));
  return difference && `as a range query: ${difference}`;
}

function middleOf(data: QueryData, timeMs: number, isScalar: boolean): QueryData {
  if (data.kind !== 'matrix') throw new Error('a range query gives a matrix');
  const samples = data.series.flatMap(({ labels, timesMs, values, histogramTimesMs, histograms }): ResultSample[] => {
    const at = timesMs.indexOf(timeMs);
    const histogramAt = histogramTimesMs.indexOf(timeMs);
    const keyedLabels = seriesLabels(labels);
    if (at >= 0) return [{ labels, keyedLabels, value: values[at]! }];
    return histogramAt >= 0 ? [{ labels, keyedLabels, value: histograms[histogramAt]! }] : [];
  });
  if (isScalar) return { kind: 'scalar', timeMs, value: samples[0]!.value as number };
  return { kind: 'vector', timeMs, samples };
}

const timeDependent = new Set([
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'end', 'hour', 'minute', 'month', 'year'],
  ...['predict_linear', 'range', 'start', 'step', 'time', 'timestamp'],
]);

/** The query with all selectors pinned to a time, asked at that time and others: it must give the same. */
function pinnedCases(expression: Expression, timeMs: number): TimedExpression[] {
  if (usesTime(expression)) return [];
  const pinned = pin(expression, timeMs);
  const at = timeMs === 0 ? [-1000, 0, 1000] : [-10 * timeMs, 0, Math.trunc(timeMs / 5), timeMs, 10 * timeMs];
  return at.map((each) => ({ expression: pinned, timeMs: each }));
}

/** A subquery that is pinned already hides what is inside, as in Prometheus' runner. */
function usesTime(expression: Expression): boolean {
  if (expression.kind === 'call' && timeDependent.has(expression.function.name)) return true;
  if (expression.kind === 'subquery') return false;
  return childrenOf(expression).some(usesTime);
}

function pin(expression: Expression, ms: number): Expression {
  const at = { kind: 'time', ms } as const;
  const pinSelector = (selector: VectorSelector): VectorSelector =>
    selector.at?.kind === 'time' ? selector : { ...selector, at };
  switch (expression.kind) {
    case 'vector_selector':
      return pinSelector(expression);
    case 'matrix_selector':
      return { ...expression, selector: pinSelector(expression.selector) };
    case 'subquery':
      return expression.at?.kind === 'time' ? expression : { ...expression, at };
    case 'aggregate':
      return {
        ...expression,
        expression: pin(expression.expression, ms),
        parameter: expression.parameter && pin(expression.parameter, ms),
      };
    case 'binary':
      return { ...expression, left: pin(expression.left, ms), right: pin(expression.right, ms) };
    case 'call':
      return { ...expression, args: expression.args.map((arg) => pin(arg, ms)) };
    case 'paren':
    case 'unary':
    case 'step_invariant':
      return { ...expression, expression: pin(expression.expression, ms) };
    default:
      return expression;
  }
}
