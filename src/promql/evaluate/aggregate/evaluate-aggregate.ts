/** Aggregations. Source: Prometheus, promql/engine.go, `rangeEvalAgg`. */
import { assert } from '../../../base/assert.js';
import { invalidQuantile } from '../annotation-kinds.js';
import type { Evaluation } from '../evaluation.js';
import type { Grid } from '../grid.js';
import type { AggregateNode } from '../plan.js';
import { createSeries } from '../series-builder.js';
import { hasValues, type VectorSeries, type VectorValue, vectorOf } from '../value.js';
import { aggregateStreamed } from './aggregate-streamed.js';
import type { Aggregation } from './aggregation.js';
import { countValues } from './count-values.js';
import { floatAggregations } from './float-aggregations.js';
import { pickSeries } from './pick-series.js';
import { groupSeries } from './series-groups.js';
import { average, sum } from './sum-and-average.js';

const aggregations: Readonly<Partial<Record<string, Aggregation>>> = { ...floatAggregations, avg: average, sum };

export function evaluateAggregate(node: AggregateNode, grid: Grid, evaluation: Evaluation): VectorValue {
  const { op } = node.source;
  const parameter = node.parameter && evaluation.evaluate(node.parameter, grid);
  const streamed = aggregateStreamed(node, grid, evaluation);
  if (streamed !== undefined) return vectorOf(streamed);
  const input = evaluation.evaluate(node.expression, grid);
  assert(input.kind === 'vector', 'aggregations take vectors');
  if (parameter?.kind === 'string')
    return vectorOf(countValues(parameter.value, input.series, node.source, grid.steps, evaluation.budget));
  const numbers = parameter?.kind === 'scalar' ? parameter.values : undefined;
  const aggregation = aggregations[op];
  if (aggregation === undefined) return vectorOf(pickSeries(node, input.series, numbers!, grid.steps, evaluation));
  if (op === 'quantile') noteQuantiles(numbers!, node, evaluation);
  const results: VectorSeries[] = [];
  for (const { labels, members } of groupSeries(input.series, node.source)) {
    evaluation.checkpoint();
    const out = createSeries(
      labels,
      grid.steps,
      members.some(({ dropsName }) => dropsName),
    );
    const { annotations } = evaluation;
    aggregation({ members, parameter: numbers, annotations, at: node.expression.range }, out);
    if (hasValues(out)) results.push(out);
  }
  return vectorOf(results);
}

function noteQuantiles(quantiles: Float64Array, node: AggregateNode, { annotations }: Evaluation): void {
  const at = node.parameter!.range;
  const numbers = quantiles.filter((q) => !Number.isNaN(q));
  if (numbers.length < quantiles.length) annotations.add(invalidQuantile(Number.NaN, at));
  const most = numbers.reduce((a, b) => Math.max(a, b), 0);
  const least = numbers.reduce((a, b) => Math.min(a, b), 1);
  if (most > 1) annotations.add(invalidQuantile(most, at));
  if (least < 0) annotations.add(invalidQuantile(least, at));
}
