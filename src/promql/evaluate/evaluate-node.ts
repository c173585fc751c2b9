/** Evaluates a plan's nodes, each on the whole grid. */
import { assert, unreachable } from '../../base/assert.js';
import { addInfoLabels } from '../functions/info.js';
import { evaluateAggregate } from './aggregate/evaluate-aggregate.js';
import { evaluateBinary } from './binary/evaluate-binary.js';
import { evaluateCall } from './evaluate-call.js';
import { evaluateRange } from './evaluate-range.js';
import type { Evaluation } from './evaluation.js';
import { firstOf, type Grid } from './grid.js';
import type { PlanNode } from './plan.js';
import { negated, repeated } from './repeat-value.js';
import { selectInstant } from './select-instant.js';
import { constantScalar, type Value, vectorOf } from './value.js';

export function evaluateNode(node: PlanNode, grid: Grid, evaluation: Evaluation): Value {
  switch (node.kind) {
    case 'number':
      return constantScalar(node.value, grid.steps);
    case 'string':
      return { kind: 'string', value: node.value };
    case 'selector':
      return selectInstant(node, grid, evaluation);
    case 'range_selector':
    case 'subquery':
      return evaluateRange(node, grid, evaluation);
    case 'negation':
      return negated(evaluation.evaluate(node.expression, grid));
    case 'binary':
      return evaluateBinary(node, grid, evaluation);
    case 'aggregate':
      return evaluateAggregate(node, grid, evaluation);
    case 'call':
      return evaluateCall(node, grid, evaluation);
    case 'info': {
      const value = evaluation.evaluate(node.expression, grid);
      assert(value.kind === 'vector', 'info takes a vector');
      return vectorOf(addInfoLabels(node, value.series, grid, evaluation));
    }
    case 'invariant':
      return repeated(evaluation.evaluate(node.expression, firstOf(grid)), grid.steps);
    default:
      return unreachable(node);
  }
}
