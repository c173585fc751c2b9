/** Aggregations of floats, which leave histograms out with a remark, and those to which all samples are alike. */
import { sortedQuantile } from '../../functions/range/quantile-over-time.js';
import { ignoredInAggregation } from '../annotation-kinds.js';
import { setFloat } from '../series-builder.js';
import { absent, isFloat } from '../value.js';
import type { Aggregation, AggregationCall } from './aggregation.js';

function noteHistograms(name: string, { members, annotations, at }: AggregationCall): void {
  if (members.some(({ histograms }) => histograms !== undefined)) annotations.add(ignoredInAggregation(name, at));
}

/** NaN gives way to any number. */
const extreme =
  (name: 'min' | 'max', sign: 1 | -1): Aggregation =>
  (call, out) => {
    noteHistograms(name, call);
    for (const { values, presence } of call.members) {
      for (let step = 0; step < values.length; step++) {
        if (presence[step] !== isFloat) continue;
        const value = values[step]!;
        const best = out.values[step]!;
        if (out.presence[step] === absent || sign * value > sign * best || Number.isNaN(best))
          setFloat(out, step, value);
      }
    }
  };

/** Welford's method. A first value that is infinite or NaN makes the result NaN. */
const variance =
  (name: 'stdvar' | 'stddev', resultOf: (variance: number) => number): Aggregation =>
  (call, out) => {
    noteHistograms(name, call);
    const steps = out.values.length;
    const counts = new Float64Array(steps);
    const means = new Float64Array(steps);
    const squares = new Float64Array(steps);
    for (const { values, presence } of call.members) {
      for (let step = 0; step < steps; step++) {
        if (presence[step] !== isFloat) continue;
        const value = values[step]!;
        const delta = value - means[step]!;
        means[step]! += delta / ++counts[step]!;
        squares[step]! += delta * (value - means[step]!);
      }
    }
    for (let step = 0; step < steps; step++)
      if (counts[step]! > 0) setFloat(out, step, resultOf(squares[step]! / counts[step]!));
  };

const count: Aggregation = ({ members }, out) => {
  for (const { presence } of members)
    for (let step = 0; step < presence.length; step++)
      if (presence[step] !== absent) setFloat(out, step, out.values[step]! + 1);
};

const group: Aggregation = ({ members }, out) => {
  for (const { presence } of members)
    for (let step = 0; step < presence.length; step++) if (presence[step] !== absent) setFloat(out, step, 1);
};

const quantile: Aggregation = (call, out) => {
  noteHistograms('quantile', call);
  const gathered = new Float64Array(call.members.length);
  for (let step = 0; step < out.values.length; step++) {
    let held = 0;
    let nanCount = 0;
    for (const { values, presence } of call.members) {
      if (presence[step] !== isFloat) continue;
      const value = values[step]!;
      if (!Number.isNaN(value)) gathered[held++] = value;
      else nanCount++;
    }
    if (held + nanCount === 0) continue;
    const sorted = gathered.subarray(0, held).sort();
    setFloat(out, step, sortedQuantile(call.parameter![step]!, sorted, held + nanCount, nanCount));
  }
};

export const floatAggregations: Readonly<Record<string, Aggregation>> = {
  count,
  group,
  max: extreme('max', 1),
  min: extreme('min', -1),
  quantile,
  stddev: variance('stddev', Math.sqrt),
  stdvar: variance('stdvar', (value) => value),
};
