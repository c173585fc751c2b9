/** Orders of an instant query's result. NaNs come last. In range queries they have no effect: results are ordered by labels. */
import { compareUtf8 } from '../../model/labels.js';
import { sortInRangeQuery } from '../evaluate/annotation-kinds.js';
import { compareLabels, labelOf } from '../evaluate/series-labels.js';
import { absent, hasValues, isFloat, type VectorSeries, vectorOf } from '../evaluate/value.js';
import { type FunctionCall, type PromqlFunction, seriesArg, stringArg } from './function-call.js';
import { compareNatural } from './natural-order.js';

const sorted =
  (sort: (series: readonly VectorSeries[], call: FunctionCall) => readonly VectorSeries[]): PromqlFunction =>
  (call) => {
    const { grid, evaluation, node } = call;
    if (node.isOverTime) evaluation.annotations.add(sortInRangeQuery(node.range));
    const series = seriesArg(call, 0);
    return vectorOf(grid.steps === 1 ? sort(series, call) : series);
  };

const byValue = (direction: 1 | -1): PromqlFunction => {
  const order = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -direction : a > b ? direction : 0;
  };
  const floatsOnly = ({ presence, ...series }: VectorSeries): VectorSeries => ({
    ...series,
    presence: presence.map((held) => (held === isFloat ? isFloat : absent)),
    histograms: undefined,
  });
  const ofValues = sorted((series) => series.toSorted((a, b) => order(a.values[0]!, b.values[0]!)));
  // Histograms have no order, and are left out.
  return (call) => {
    const floats = seriesArg(call, 0).map((each) => (each.histograms === undefined ? each : floatsOnly(each)));
    return ofValues({ ...call, args: [vectorOf(floats.filter(hasValues))] });
  };
};

const byLabels = (direction: 1 | -1): PromqlFunction =>
  sorted((series, call) => {
    const names = call.args.slice(1).map((_, i) => stringArg(call, i + 1));
    return series.toSorted((a, b) => {
      for (const name of names) {
        const [left, right] = [labelOf(a.labels, name), labelOf(b.labels, name)];
        if (left !== right) return direction * (compareNatural(left, right) || compareUtf8(left, right));
      }
      return direction * compareLabels(a.labels, b.labels);
    });
  });

export const sortFunctions: Readonly<Record<string, PromqlFunction>> = {
  sort: byValue(1),
  sort_by_label: byLabels(1),
  sort_by_label_desc: byLabels(-1),
  sort_desc: byValue(-1),
};
