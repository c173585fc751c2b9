/** How functions over instant vectors and scalars are written. */

import { assert } from '../../base/assert.js';
import type { Evaluation } from '../evaluate/evaluation.js';
import type { Grid } from '../evaluate/grid.js';
import type { CallNode } from '../evaluate/plan.js';
import type { Value, VectorSeries } from '../evaluate/value.js';

export interface FunctionCall {
  readonly node: CallNode;
  readonly args: readonly Value[];
  readonly grid: Grid;
  readonly evaluation: Evaluation;
}

export type PromqlFunction = (call: FunctionCall) => Value;

/** The arguments' types were checked when the query was parsed. */
export function seriesArg({ args }: FunctionCall, i: number): readonly VectorSeries[] {
  const value = args[i];
  assert(value?.kind === 'vector', `argument ${i} is a vector`);
  return value.series;
}

export function scalarArg({ args }: FunctionCall, i: number): Float64Array {
  const value = args[i];
  assert(value?.kind === 'scalar', `argument ${i} is a scalar`);
  return value.values;
}

export function stringArg({ args }: FunctionCall, i: number): string {
  const value = args[i];
  assert(value?.kind === 'string', `argument ${i} is a string`);
  return value.value;
}
