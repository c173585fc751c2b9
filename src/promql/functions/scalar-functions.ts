/** Functions that give scalars, or vectors of one. */
import { gridTime } from '../evaluate/grid.js';
import { noLabels } from '../evaluate/series-labels.js';
import { constantScalar, isFloat, scalarOf, vectorOf } from '../evaluate/value.js';
import { type FunctionCall, type PromqlFunction, scalarArg, seriesArg } from './function-call.js';

const ofTwo =
  (choose: (a: number, b: number) => number): PromqlFunction =>
  (call) => {
    const other = scalarArg(call, 1);
    return scalarOf(scalarArg(call, 0).map((value, step) => choose(value, other[step]!)));
  };

/** The value of a vector's only float; NaN where it has none or several. */
function scalar(call: FunctionCall): ReturnType<PromqlFunction> {
  const values = new Float64Array(call.grid.steps).fill(Number.NaN);
  const seen = new Uint8Array(call.grid.steps);
  for (const series of seriesArg(call, 0)) {
    for (let step = 0; step < values.length; step++) {
      if (series.presence[step] !== isFloat) continue;
      values[step] = seen[step] === 0 ? series.values[step]! : Number.NaN;
      seen[step] = 1;
    }
  }
  return scalarOf(values);
}

const vector: PromqlFunction = (call) =>
  vectorOf([
    {
      labels: noLabels,
      dropsName: false,
      values: scalarArg(call, 0),
      presence: new Uint8Array(call.grid.steps).fill(isFloat),
      histograms: undefined,
    },
  ]);

export const scalarFunctions: Readonly<Record<string, PromqlFunction>> = {
  max_of: ofTwo(Math.max),
  min_of: ofTwo(Math.min),
  pi: ({ grid }) => constantScalar(Math.PI, grid.steps),
  scalar,
  time: ({ grid }) => scalarOf(Float64Array.from({ length: grid.steps }, (_, step) => gridTime(grid, step) / 1000)),
  vector,
};
