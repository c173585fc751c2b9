/**
 * How many series a query gives at most, and at least as far as its form tells: a selector gives its series, an aggregation that
 * groups by labels anything from one up. Refusals go by the least, so that none hits a query that would have been small.
 */
import type { PlanNode } from '../evaluate/plan.js';

export interface SeriesBounds {
  readonly least: number;
  readonly most: number;
}

const exactly = (series: number): SeriesBounds => ({ least: series, most: series });

const picking: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

/** Functions that give other series than those they are given. All others give one for each. */
const merging: ReadonlySet<string> = new Set([
  ...['absent', 'absent_over_time', 'scalar'],
  ...['histogram_quantile', 'histogram_quantiles', 'histogram_fraction'],
]);

/** `seriesOf` gives the series of the plan's selections. */
export function answerSeries(node: PlanNode, seriesOf: (selection: number) => number): SeriesBounds {
  const inside = (child: PlanNode): SeriesBounds => answerSeries(child, seriesOf);
  switch (node.kind) {
    case 'number':
    case 'string':
      return exactly(1);
    case 'selector':
    case 'range_selector':
      return exactly(seriesOf(node.selection));
    case 'subquery':
    case 'negation':
    case 'invariant':
    case 'info':
      return inside(node.expression);
    case 'binary': {
      const left = inside(node.left);
      if (node.source.matching === undefined) return withScalar(left, inside(node.right), node.source.op);
      const right = inside(node.right);
      // Which series find each other is not known before they are there; `or` alone keeps all.
      if (node.source.op === 'or') return { least: left.least, most: left.most + right.most };
      return { least: 0, most: Math.max(left.most, right.most) };
    }
    case 'aggregate': {
      const { most, least } = inside(node.expression);
      if (node.source.op === 'count_values') return { least: Math.min(1, least), most: Number.POSITIVE_INFINITY };
      const isOne = !picking.has(node.source.op) && node.source.grouping.length === 0 && !node.source.without;
      return isOne ? exactly(Math.min(1, most)) : { least: Math.min(1, least), most };
    }
    case 'call':
      return callSeries(node.source.function.name, node.args.map(inside));
  }
}

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>=']);

/** A scalar counts as one series; a comparison may drop any. */
function withScalar(left: SeriesBounds, right: SeriesBounds, op: string): SeriesBounds {
  const most = Math.max(left.most, right.most);
  return { least: comparisons.has(op) ? 0 : Math.max(left.least, right.least), most };
}

function callSeries(name: string, args: readonly SeriesBounds[]): SeriesBounds {
  if (args.length === 0) return exactly(1);
  const most = Math.max(...args.map((arg) => arg.most));
  return { least: merging.has(name) ? 0 : Math.max(...args.map((arg) => arg.least)), most };
}
