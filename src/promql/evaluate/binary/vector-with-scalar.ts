/** A vector and a scalar. A comparison filters the vector, on whichever side it stands. */
import type { Binary } from '../../ast.js';
import type { Evaluation } from '../evaluation.js';
import type { BinaryNode } from '../plan.js';
import { createSeriesAllocator } from '../series-builder.js';
import { hasValues, isFloat, type VectorSeries } from '../value.js';
import { type Column, combineColumns, operationOf } from './combine-columns.js';
import { isArithmetic } from './number-operators.js';

export function vectorWithScalar(
  node: BinaryNode,
  series: readonly VectorSeries[],
  scalar: Float64Array,
  scalarSide: 'left' | 'right',
  { annotations, checkpoint }: Evaluation,
): VectorSeries[] {
  const vectorSide = scalarSide === 'left' ? 'right' : 'left';
  const operation = operationOf(node.source, annotations, node.range, vectorSide);
  const other: Column = {
    values: scalar,
    presence: new Uint8Array(scalar.length).fill(isFloat),
    histograms: undefined,
  };
  const results: VectorSeries[] = [];
  const allocator = createSeriesAllocator(scalar.length, series.length);
  for (const each of series) {
    checkpoint();
    const out = allocator.create(each.labels, each.dropsName || changesMeaning(node.source));
    if (scalarSide === 'right') combineColumns(each, other, operation, out, undefined);
    else combineColumns(other, each, operation, out, undefined);
    if (hasValues(out)) results.push(out);
    else allocator.discard(out);
  }
  return results;
}

/** Whether results no longer are what the metric's name says. */
const changesMeaning = ({ op, returnsBool }: Binary): boolean => isArithmetic(op) || returnsBool;
