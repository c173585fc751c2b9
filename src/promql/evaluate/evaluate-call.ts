/** Function calls: over selectors' own times, over range vectors, over instant vectors and scalars. */
import { assert } from '../../base/assert.js';
import { absentSeries } from '../functions/absent.js';
import { functionTable } from '../functions/function-table.js';
import { callRangeFunction, type RangeArgument } from '../functions/range/call-range-function.js';
import { rangeFunctions } from '../functions/range/range-functions.js';
import { startTimesOfSamples, timesOfSamples, timesOfSteps } from '../functions/timestamp-functions.js';
import type { Evaluation } from './evaluation.js';
import type { Grid } from './grid.js';
import type { CallNode, PlanNode, RangeSelectorNode, SubqueryNode } from './plan.js';
import { selectedRange, subqueryRange } from './range-series.js';
import { readGrid } from './read-grid.js';
import { type Value, type VectorSeries, vectorOf } from './value.js';

export function evaluateCall(node: CallNode, grid: Grid, evaluation: Evaluation): Value {
  const { name } = node.source.function;
  if (name === 'timestamp' || name === 'start_timestamp') return evaluateTimestamp(node, grid, evaluation);
  if (rangeFunctions.has(name)) return evaluateRangeCall(node, grid, evaluation);
  const args = node.args.map((arg) => evaluation.evaluate(arg, grid));
  if (name === 'absent') return vectorOf(absentSeries(seriesOf(args[0]!), node.args[0]!, grid, false));
  const implementation = functionTable.get(name);
  assert(implementation !== undefined, `function ${name} has an implementation`);
  return implementation({ node, args, grid, evaluation });
}

function seriesOf(value: Value): readonly VectorSeries[] {
  assert(value.kind === 'vector', 'the argument is a vector');
  return value.series;
}

function evaluateTimestamp(node: CallNode, grid: Grid, evaluation: Evaluation): Value {
  const isStart = node.source.function.name === 'start_timestamp';
  const arg = node.args[0]!;
  // A selector marked as the same at every step is read at each of them: the time of its sample is what is asked for.
  const inside = arg.kind === 'invariant' ? arg.expression : arg;
  if (inside.kind === 'selector' && inside.extension === undefined)
    return (isStart ? startTimesOfSamples : timesOfSamples)(inside, grid, evaluation);
  const series = seriesOf(evaluation.evaluate(arg, grid));
  return isStart ? vectorOf([]) : timesOfSteps(series, grid);
}

function evaluateRangeCall(node: CallNode, grid: Grid, evaluation: Evaluation): Value {
  const { name } = node.source.function;
  const isRange = (arg: PlanNode): arg is RangeSelectorNode | SubqueryNode =>
    arg.kind === 'range_selector' || arg.kind === 'subquery';
  const range = node.args.find(isRange);
  assert(range !== undefined, `${name} takes a range vector`);
  const others = node.args.filter((arg) => arg !== range);
  const scalars = others.map((arg) => {
    const value = evaluation.evaluate(arg, grid);
    assert(value.kind === 'scalar', `the other arguments of ${name} are scalars`);
    return value.values;
  });
  const argument: RangeArgument = {
    ...rangeArgument(range, grid, evaluation),
    scalarsAt: others.map((arg) => arg.range),
  };
  const results = callRangeFunction(name, argument, scalars, grid, evaluation);
  return vectorOf(name === 'absent_over_time' ? absentSeries(results, range, grid, true) : results);
}

function rangeArgument(
  range: RangeSelectorNode | SubqueryNode,
  grid: Grid,
  evaluation: Evaluation,
): Omit<RangeArgument, 'scalarsAt'> {
  const windows = { ...readGrid(range, grid), rangeMs: range.rangeMs };
  if (range.kind === 'subquery') {
    const series = subqueryRange(range, grid, evaluation);
    return { series, windows, extension: undefined, at: range.range };
  }
  const series = selectedRange(range, evaluation);
  return { series, windows, extension: range.extension, at: range.range };
}
