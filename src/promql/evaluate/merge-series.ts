/** Series that end up with the same labels become one, where their values do not meet at any step. */
import { BarographError } from '../../base/errors.js';
import { copyStep, createSeries, type SeriesBuilder } from './series-builder.js';
import { labelsKey } from './series-labels.js';
import { absent, type VectorSeries } from './value.js';

/** Throws `invalid_promql_result` where two series with the same labels have values at the same step. */
export function mergeSameLabels(series: readonly VectorSeries[]): readonly VectorSeries[] {
  if (series.length < 2) return series;
  const byKey = new Map<string, VectorSeries>();
  const merged = new Map<string, SeriesBuilder>();
  for (const each of series) {
    const key = labelsKey(each.labels);
    const first = byKey.get(key);
    if (first === undefined) {
      byKey.set(key, each);
      continue;
    }
    let target = merged.get(key);
    if (target === undefined) {
      target = copyOf(first);
      merged.set(key, target);
      byKey.set(key, target);
    }
    mergeInto(target, each);
  }
  return merged.size === 0 ? series : [...byKey.values()];
}

function copyOf(series: VectorSeries): SeriesBuilder {
  const copy = createSeries(series.labels, series.values.length, series.dropsName);
  for (let step = 0; step < series.values.length; step++) copyStep(copy, series, step);
  return copy;
}

function mergeInto(target: SeriesBuilder, series: VectorSeries): void {
  const { presence } = series;
  for (let step = 0; step < presence.length; step++) {
    if (presence[step] === absent) continue;
    if (target.presence[step] !== absent) throw duplicateLabels();
    copyStep(target, series, step);
  }
}

export const duplicateLabels = (): BarographError =>
  new BarographError('query_failed', 'vector cannot contain metrics with the same labelset');
