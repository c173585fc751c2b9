/** What governance asks of the series index. */
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { StoredSeries } from '../cardinality/stored-series.js';

export function storedSeriesOf(index: SeriesIndex): StoredSeries {
  /** Numbers of metrics never change, so names are read once each. */
  const numbers = new Map<string, number>();
  let known = 0;
  return {
    get seriesCount() {
      return index.seriesCount;
    },
    seriesOfMetric(metric) {
      for (; known < index.metricLimit; known++) numbers.set(index.metricName(known), known);
      const number = numbers.get(metric);
      return number === undefined ? 0 : index.statistics.seriesOfMetric(number);
    },
    hasSeries: (labels) => index.find(labels, 0, labels.length) >= 0,
  };
}
