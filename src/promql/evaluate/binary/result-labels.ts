/** The labels of what an operator makes of two series. Source: Prometheus, promql/engine.go, `resultMetric`. */
import type { BinaryOperator, VectorMatching } from '../../ast.js';
import { dropLabels, dropMetadata, keepLabels, labelOf, type SeriesLabels, setLabels } from '../series-labels.js';
import { isArithmetic } from './number-operators.js';

/** `many` is the side whose labels are kept; labels to include come from the other. */
export function resultLabels(
  many: SeriesLabels,
  one: SeriesLabels,
  op: BinaryOperator,
  { cardinality, on, labels, include }: VectorMatching,
): SeriesLabels {
  let result = isArithmetic(op) ? dropMetadata(many) : many;
  if (cardinality === 'one-to-one') result = on ? keepLabels(result, labels) : dropLabels(result, labels);
  return setLabels(
    result,
    include.map((name) => [name, labelOf(one, name)]),
  );
}
