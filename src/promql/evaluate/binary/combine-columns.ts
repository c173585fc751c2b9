/** An operator on two series, step by step. */
import type { Binary, BinaryOperator, SourceRange } from '../../ast.js';
import { incompatibleTypes } from '../annotation-kinds.js';
import type { Annotations } from '../annotations.js';
import { type SeriesBuilder, setFloat, setHistogram } from '../series-builder.js';
import { absent, isFloat, isHistogram, type VectorSeries } from '../value.js';
import { combineSamples, type Sample } from './histogram-operators.js';
import { arithmetic, comparisons, isArithmetic, isComparison } from './number-operators.js';

/** What each step of a column holds. */
export type Column = Pick<VectorSeries, 'values' | 'presence' | 'histograms'>;

export interface ColumnOperation {
  readonly op: BinaryOperator;
  readonly returnsBool: boolean;
  readonly annotations: Annotations;
  /** Where the operation stands in the query. */
  readonly at: SourceRange;
  /** Which side a comparison gives on. */
  readonly givenSide: 'left' | 'right';
}

export const operationOf = (
  { op, returnsBool }: Binary,
  annotations: Annotations,
  at: SourceRange,
  givenSide: 'left' | 'right' = 'left',
): ColumnOperation => ({ op, returnsBool, annotations, at, givenSide });

/**
 * Fills in `out` wherever both columns have a value and `isMasked` is not set. `matched` gets a 1 wherever the two could be combined,
 * though a filter may have dropped the result.
 */
export function combineColumns(
  left: Column,
  right: Column,
  operation: ColumnOperation,
  out: SeriesBuilder,
  matched: Uint8Array | undefined,
  isMasked?: Uint8Array,
): void {
  const hasHistograms = left.histograms !== undefined || right.histograms !== undefined;
  const { op } = operation;
  if (isArithmetic(op)) combineNumbers(left, right, arithmetic[op], out, matched, isMasked);
  else if (isComparison(op)) compareNumbers(left, right, operation, comparisons[op], out, matched, isMasked);
  else noteTrimOfNumbers(left, right, operation, isMasked);
  if (!hasHistograms) return;
  for (let step = 0; step < out.values.length; step++) {
    if (left.presence[step] === absent || right.presence[step] === absent || isMasked?.[step] === 1) continue;
    if (left.presence[step] === isHistogram || right.presence[step] === isHistogram)
      combineStep(left, right, operation, out, matched, step);
  }
}

function combineNumbers(
  left: Column,
  right: Column,
  compute: (left: number, right: number) => number,
  out: SeriesBuilder,
  matched: Uint8Array | undefined,
  isMasked: Uint8Array | undefined,
): void {
  for (let step = 0; step < out.values.length; step++) {
    if (left.presence[step] !== isFloat || right.presence[step] !== isFloat || isMasked?.[step] === 1) continue;
    out.values[step] = compute(left.values[step]!, right.values[step]!);
    out.presence[step] = isFloat;
    if (matched !== undefined) matched[step] = 1;
  }
}

function compareNumbers(
  left: Column,
  right: Column,
  { returnsBool, givenSide }: ColumnOperation,
  holds: (left: number, right: number) => boolean,
  out: SeriesBuilder,
  matched: Uint8Array | undefined,
  isMasked: Uint8Array | undefined,
): void {
  const given = givenSide === 'left' ? left.values : right.values;
  for (let step = 0; step < out.values.length; step++) {
    if (left.presence[step] !== isFloat || right.presence[step] !== isFloat || isMasked?.[step] === 1) continue;
    if (matched !== undefined) matched[step] = 1;
    const isTrue = holds(left.values[step]!, right.values[step]!);
    if (returnsBool) setFloat(out, step, isTrue ? 1 : 0);
    else if (isTrue) setFloat(out, step, given[step]!);
  }
}

/** Trimming takes a histogram. */
function noteTrimOfNumbers(
  left: Column,
  right: Column,
  { op, annotations, at }: ColumnOperation,
  isMasked: Uint8Array | undefined,
): void {
  const meets = left.presence.some(
    (held, step) => held === isFloat && right.presence[step] === isFloat && isMasked?.[step] !== 1,
  );
  if (meets) annotations.add(incompatibleTypes('float', op, 'float', at));
}

function combineStep(
  left: Column,
  right: Column,
  { op, returnsBool, annotations, at, givenSide }: ColumnOperation,
  out: SeriesBuilder,
  matched: Uint8Array | undefined,
  step: number,
): void {
  const [l, r] = [sampleAt(left, step), sampleAt(right, step)];
  const combined = combineSamples(op, l, r, annotations, at);
  if (combined === undefined) return;
  if (matched !== undefined) matched[step] = 1;
  if (returnsBool) setFloat(out, step, combined.keeps ? 1 : 0);
  else if (combined.keeps) setSample(out, step, isComparison(op) && givenSide === 'right' ? r : combined.value);
}

const sampleAt = ({ values, presence, histograms }: Column, step: number): Sample =>
  presence[step] === isHistogram ? histograms![step]! : values[step]!;

function setSample(out: SeriesBuilder, step: number, sample: Sample): void {
  if (typeof sample === 'number') setFloat(out, step, sample);
  else setHistogram(out, step, sample);
}
