/** Why a metric of a row is null, or a convention rather than a measurement. Said once an answer, with the number of rows. */
import type { MetricName } from './metric-names.js';

const sentences = {
  no_truth: 'null where no prediction has truth',
  no_prediction: 'null where no prediction with truth names a class or value',
  not_numbers: 'null where no prediction has a number and a number for its truth',
  no_score: 'null where no prediction with truth has a score',
  no_class_scores: 'null where no prediction with truth has scores, a probability for each class',
  one_class: 'null where the truth holds one class only',
  class_without_truth: 'null where a class has no truth, or all of it',
  not_probability: 'null where a score lies outside 0 to 1',
  too_few: 'null where fewer than two predictions have truth',
  nothing_predicted: '0 where a class is never predicted, as in scikit-learn',
  nothing_true: '0 where a class never occurs, as in scikit-learn',
  constant_truth: '1 or 0 where the truth is constant, as in scikit-learn',
  overflow: 'null where it is too large for a 64-bit float',
  not_of_task: 'null: it does not apply to this task',
} as const;

export type Remark = keyof typeof sentences;

/** A metric's value; null where it is undefined, with the reason. */
export interface Figure {
  readonly value: number | null;
  readonly remark?: Remark;
}

export const undefinedFigure = (remark: Remark): Figure => ({ value: null, remark });

export interface Remarks {
  /** Takes the value of one row's metric and remembers what is to say of it. */
  take(metric: MetricName, figure: Figure): number | null;
  /** One sentence for each remark, naming its metrics and the most rows that one of them concerns. */
  notes(): string[];
}

export function createRemarks(): Remarks {
  const rowsByMetric = new Map<Remark, Map<MetricName, number>>();
  return {
    take(metric, figure) {
      const { value, remark } =
        figure.value === null || Number.isFinite(figure.value) ? figure : undefinedFigure('overflow');
      if (remark === undefined) return value;
      const rows = rowsByMetric.get(remark) ?? new Map<MetricName, number>();
      rowsByMetric.set(remark, rows.set(metric, (rows.get(metric) ?? 0) + 1));
      return value;
    },
    notes: () =>
      [...rowsByMetric].map(([remark, rows]) => {
        const count = Math.max(...rows.values());
        return `${[...rows.keys()].join(', ')}: ${sentences[remark]} (${count} ${count === 1 ? 'row' : 'rows'}).`;
      }),
  };
}
