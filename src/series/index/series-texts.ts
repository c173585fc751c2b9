/** The labels of a series out of the index, as texts, as rows of columns and as canonical bytes. */
import type { MapBuilder, TextBuilder } from '../../model/column-builders.js';
import type { Label } from '../../model/labels.js';
import type { IndexState } from './index-state.js';

/** The labels of a live or removed series. */
export function seriesTexts({ pairs, series }: IndexState, ref: number): Label[] {
  const labels: Label[] = [];
  for (const pair of series.labelsOf(ref)) {
    labels.push([pairs.names.textOf(pairs.nameIds[pair]!), pairs.values.textOf(pairs.valueIds[pair]!)]);
  }
  return labels;
}

/** Columns of series: the metric's name, '' where there is none, and the labels but the name. */
export interface SeriesColumns {
  readonly metric: TextBuilder;
  readonly labels: MapBuilder<TextBuilder, TextBuilder>;
}

/** Appends a live or removed series as a row. Its bytes are copied: no text is made of them. */
export function appendSeriesRow({ pairs, series }: IndexState, ref: number, { metric, labels }: SeriesColumns): void {
  const rows = metric.length;
  for (const pair of series.labelsOf(ref)) {
    const name = pairs.nameIds[pair]!;
    const value = pairs.valueIds[pair]!;
    if (name === pairs.metricName) {
      pairs.values.append(value, metric);
      continue;
    }
    pairs.names.append(name, labels.names);
    pairs.values.append(value, labels.values);
  }
  metric.padTo(rows + 1);
  labels.endRow();
}

/** Length of the canonical bytes of a live or removed series. */
export function seriesKeyLength({ pairs, series }: IndexState, ref: number): number {
  const { names, values, nameIds, valueIds } = pairs;
  let length = 0;
  for (const pair of series.labelsOf(ref)) {
    length += names.lengthOf(nameIds[pair]!) + values.lengthOf(valueIds[pair]!) + 2;
  }
  return length;
}

/** Writes the canonical bytes of a live or removed series to the start of `into`, which must have room. */
export function writeSeriesKey({ pairs, series }: IndexState, ref: number, into: Uint8Array): void {
  const { names, values, nameIds, valueIds } = pairs;
  let at = 0;
  for (const pair of series.labelsOf(ref)) {
    at = names.write(nameIds[pair]!, into, at);
    at = values.write(valueIds[pair]!, into, at);
  }
}
