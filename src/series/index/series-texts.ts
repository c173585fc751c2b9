/** The labels of a series out of the index, as texts and as canonical bytes. */
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
