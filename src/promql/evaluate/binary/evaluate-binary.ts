/** Binary operators, by the kinds of their sides. */
import { assert } from '../../../base/assert.js';
import type { Evaluation } from '../evaluation.js';
import type { Grid } from '../grid.js';
import type { BinaryNode } from '../plan.js';
import { scalarOf, type Value, vectorOf } from '../value.js';
import { arithmetic, comparisons, isArithmetic, isComparison } from './number-operators.js';
import { applySetOperator } from './set-operators.js';
import { vectorWithScalar } from './vector-with-scalar.js';
import { vectorWithVector } from './vector-with-vector.js';

export function evaluateBinary(node: BinaryNode, grid: Grid, evaluation: Evaluation): Value {
  const left = evaluation.evaluate(node.left, grid);
  const right = evaluation.evaluate(node.right, grid);
  if (left.kind === 'scalar' && right.kind === 'scalar') return scalarWithScalar(node, left.values, right.values);
  if (left.kind === 'vector' && right.kind === 'scalar')
    return vectorOf(vectorWithScalar(node, left.series, right.values, 'right', evaluation));
  if (left.kind === 'scalar' && right.kind === 'vector')
    return vectorOf(vectorWithScalar(node, right.series, left.values, 'left', evaluation));
  assert(left.kind === 'vector' && right.kind === 'vector', 'operators take scalars and vectors');
  const { op, matching } = node.source;
  if (op === 'and' || op === 'or' || op === 'unless')
    return vectorOf(applySetOperator(op, left.series, right.series, matching!));
  return vectorOf(vectorWithVector(node, left.series, right.series, grid.steps, evaluation));
}

function scalarWithScalar({ source: { op } }: BinaryNode, left: Float64Array, right: Float64Array): Value {
  if (isComparison(op)) {
    const holds = comparisons[op];
    return scalarOf(left.map((value, step) => (holds(value, right[step]!) ? 1 : 0)));
  }
  assert(isArithmetic(op), `operator ${op} does not take scalars`);
  const compute = arithmetic[op];
  return scalarOf(left.map((value, step) => compute(value, right[step]!)));
}
