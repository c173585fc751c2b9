/** What groups are as samples: in batches, so that a group of many series holds up nobody while it is written. */
import { atOnce, type Steps } from '../../base/turns.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { forEachKeyText, keyTexts, type PushedFamily, type PushedSeries, stepSeries } from './pushed-group.js';

export interface GroupSamples {
  /** Families whose values are written. */
  readonly values: Iterable<PushedFamily>;
  /** Families whose series end, but for those in `kept`. */
  readonly ended?: Iterable<PushedFamily>;
  /** From `keysOf`. */
  readonly kept?: ReadonlySet<string>;
}

/** Batches of at most `seriesMax` series at `timeMs`, at least one, and undefined where the work may pause besides. */
export function* sampleBatches(
  { values, ended = [], kept = new Set() }: GroupSamples,
  timeMs: number,
  seriesMax: number,
): Generator<SampleBatch | undefined> {
  let builder = createSampleBatchBuilder();
  function* begin(series: PushedSeries, i: number): Generator<SampleBatch> {
    if (builder.sampleCount === seriesMax) {
      yield builder.finish();
      builder = createSampleBatchBuilder();
    }
    builder.beginRun(series.keys, i === 0 ? 0 : series.ends[i - 1]!, series.ends[i]!);
  }
  for (const { series } of values)
    for (let i = 0; i < series.ends.length; i++) {
      if (i % stepSeries === 0) yield;
      yield* begin(series, i);
      builder.add(timeMs, series.values[i]!);
    }
  for (const { series } of ended) {
    // They were made when the group came to be held.
    const texts = atOnce(keyTexts(series));
    for (let i = 0; i < texts.length; i++) {
      if (i % stepSeries === 0) yield;
      if (kept.has(texts[i]!)) continue;
      yield* begin(series, i);
      builder.addStaleMarker(timeMs);
    }
  }
  yield builder.finish();
}

/** In steps, the keys of the series of families as texts. */
export function* keysOf(families: Iterable<PushedFamily>): Steps<Set<string>> {
  const keys = new Set<string>();
  yield* forEachKeyText(families, (key) => keys.add(key));
  return keys;
}
