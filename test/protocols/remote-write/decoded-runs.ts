/** What a batch says, as values that tests can compare: for each run its labels, and its samples with the bits of their values. */
import assert from 'node:assert/strict';
import { createLabelWriter } from '../../../src/model/label-writer.js';
import { decodeLabels, type Label } from '../../../src/model/labels.js';
import type { NativeHistogram } from '../../../src/model/native-histogram.js';
import { histogramBytesAt, readHistogramBytes } from '../../../src/model/native-histogram-bytes.js';
import type { HistogramBatch, SampleBatch } from '../../../src/model/sample-batch.js';
import { valueWords } from '../../../src/model/sample-batch.js';
import { canonicalLabels } from '../../../src/protocols/remote-write/label-section.js';

export interface DecodedRun {
  readonly labels: readonly Label[];
  readonly samples: readonly { readonly bits: bigint; readonly timeMs: number }[];
}

const writer = createLabelWriter();

function labelsOf({ keyForm, keys, keyStarts, keyEnds }: SampleBatch, run: number): Label[] {
  const start = keyStarts[run]!;
  const end = keyEnds[run]!;
  if (keyForm === 'canonical') return decodeLabels(keys.subarray(start, end));
  const bytes = canonicalLabels(keys, start, end, writer);
  assert.ok(bytes instanceof Uint8Array, JSON.stringify(bytes));
  return decodeLabels(bytes);
}

export function runsOf(batch: SampleBatch): DecodedRun[] {
  const words = valueWords(batch.values);
  return Array.from({ length: batch.runCount }, (_, run) => {
    const start = run === 0 ? 0 : batch.sampleEnds[run - 1]!;
    const samples = Array.from({ length: batch.sampleEnds[run]! - start }, (_, i) => ({
      bits: (BigInt(words[2 * (start + i) + 1]!) << 32n) | BigInt(words[2 * (start + i)]!),
      timeMs: batch.timesMs[start + i]!,
    }));
    return { labels: labelsOf(batch, run), samples };
  });
}

export interface DecodedHistograms {
  readonly labels: readonly Label[];
  readonly histograms: readonly { readonly timeMs: number; readonly histogram: NativeHistogram }[];
}

export function histogramRunsOf(batch: HistogramBatch | undefined): DecodedHistograms[] {
  if (batch === undefined) return [];
  const { runs, histograms } = batch;
  return Array.from({ length: runs.runCount }, (_, run) => {
    const start = run === 0 ? 0 : runs.sampleEnds[run - 1]!;
    const decoded = Array.from({ length: runs.sampleEnds[run]! - start }, (_, i) => ({
      timeMs: runs.timesMs[start + i]!,
      histogram: readHistogramBytes(histogramBytesAt(histograms, runs.values[start + i]!)),
    }));
    return { labels: labelsOf(runs, run), histograms: decoded };
  });
}
