/** Operators of which at least one side is a histogram. Source: Prometheus, promql/engine.go, `vectorElemBinop`. */
import type { BinaryOperator, SourceRange } from '../../ast.js';
import { addHistograms, type CombinedHistogram, subtractHistograms } from '../../histogram/add-histograms.js';
import { compactHistogram } from '../../histogram/bucket-bounds.js';
import { areHistogramsEqual } from '../../histogram/compare-histograms.js';
import {
  divideHistogram,
  type FloatHistogram,
  multiplyHistogram,
  withCounterReset,
} from '../../histogram/float-histogram.js';
import { trimHistogram } from '../../histogram/trim-histogram.js';
import { incompatibleBuckets, incompatibleTypes, reconciledBuckets, resetCollision } from '../annotation-kinds.js';
import type { Annotations } from '../annotations.js';

export type Sample = number | FloatHistogram;

/** A result that a filter may still drop. */
export interface Combined {
  readonly value: Sample;
  readonly keeps: boolean;
}

const kept = (value: Sample): Combined => ({ value, keeps: true });

/** Undefined where the operator does not work on the two, which is remarked on. At least one side is a histogram. */
export function combineSamples(
  op: BinaryOperator,
  left: Sample,
  right: Sample,
  annotations: Annotations,
  at: SourceRange,
): Combined | undefined {
  const combined =
    typeof left === 'number'
      ? numberWithHistogram(op, left, right as FloatHistogram)
      : typeof right === 'number'
        ? histogramWithNumber(op, left, right)
        : histogramWithHistogram(op, left, right, annotations, at);
  if (combined === 'incompatible') {
    annotations.add(incompatibleTypes(kindOf(left), op, kindOf(right), at));
    return undefined;
  }
  return combined;
}

export const kindOf = (sample: Sample): string => (typeof sample === 'number' ? 'float' : 'histogram');

const numberWithHistogram = (op: BinaryOperator, left: number, right: FloatHistogram): Combined | 'incompatible' =>
  op === '*' ? kept(compactHistogram(multiplyHistogram(right, left))) : 'incompatible';

function histogramWithNumber(op: BinaryOperator, left: FloatHistogram, right: number): Combined | 'incompatible' {
  switch (op) {
    case '*':
      return kept(compactHistogram(multiplyHistogram(left, right)));
    case '/':
      return kept(compactHistogram(divideHistogram(left, right)));
    case '</':
      return kept(trimHistogram(left, right, 'below'));
    case '>/':
      return kept(trimHistogram(left, right, 'above'));
    default:
      return 'incompatible';
  }
}

function histogramWithHistogram(
  op: BinaryOperator,
  left: FloatHistogram,
  right: FloatHistogram,
  annotations: Annotations,
  at: SourceRange,
): Combined | 'incompatible' | undefined {
  switch (op) {
    case '+':
      return noted(addHistograms(left, right), op, annotations, at);
    case '-':
      return noted(subtractHistograms(left, right), op, annotations, at);
    case '==':
      return { value: left, keeps: areHistogramsEqual(left, right) };
    case '!=':
      return { value: left, keeps: !areHistogramsEqual(left, right) };
    default:
      return 'incompatible';
  }
}

function noted(
  combined: CombinedHistogram | undefined,
  op: '+' | '-',
  annotations: Annotations,
  at: SourceRange,
): Combined | undefined {
  if (combined === undefined) {
    annotations.add(incompatibleBuckets(op, at));
    return undefined;
  }
  const operation = op === '+' ? 'addition' : 'subtraction';
  // What both say of resets contradicts: there is no telling what the result is.
  if (combined.hasResetCollision) {
    annotations.add(resetCollision(operation, at));
    return undefined;
  }
  if (combined.isReconciled) annotations.add(reconciledBuckets(operation, at));
  const histogram = compactHistogram(combined.histogram);
  return kept(op === '-' ? withCounterReset(histogram, 'gauge') : histogram);
}
