/** What groups are as samples. */
import type { SampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { forEachKey, keyTexts, type PushedFamily } from './pushed-group.js';

/** The values of families at `timeMs`. */
export function addValues(builder: SampleBatchBuilder, families: Iterable<PushedFamily>, timeMs: number): void {
  for (const { series } of families)
    forEachKey(series, (bytes, start, end, i) => {
      builder.beginRun(bytes, start, end);
      builder.add(timeMs, series.values[i]!);
    });
}

/** Stale markers at `timeMs` for the series of families `before` that `after` lacks. */
export function addStaleMarkers(
  builder: SampleBatchBuilder,
  before: Iterable<PushedFamily>,
  after: Iterable<PushedFamily>,
  timeMs: number,
): void {
  const kept = new Set<string>();
  for (const { series } of after) for (const key of keyTexts(series)) kept.add(key);
  for (const { series } of before) {
    const texts = keyTexts(series);
    forEachKey(series, (bytes, start, end, i) => {
      if (kept.has(texts[i]!)) return;
      builder.beginRun(bytes, start, end);
      builder.addStaleMarker(timeMs);
    });
  }
}
