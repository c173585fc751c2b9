import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { type Head, startHead } from '../../../src/ingest/metrics/head.js';
import { type ChunkStore, createChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import { createHistogramHead } from '../../../src/series/histogram-head.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = Date.parse('2026-01-01T12:00:00Z');

let chunks: ChunkStore;
let head: Head;
let nowMs: number;

beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  nowMs = startMs;
  chunks = createChunkStore({ budgetBytes: 2 ** 22, arenaBytes: 2 ** 20, groupOf: () => 0, completeFromMs: 0 });
  head = startHead({
    index: { observe: () => {} },
    chunks,
    histograms: createHistogramHead({ metricOf: () => 0, metricName: () => '' }),
    clock: { nowMs: () => nowMs },
    onAppended: () => {},
  });
});
afterEach(() => {
  head.stop();
  mock.timers.reset();
});

/** One sample each of so many series, so long before now. */
function append(ageMs: number, seriesCount = 1): void {
  const refs: Uint32Array<ArrayBuffer> = Uint32Array.from({ length: seriesCount }, (_, i) => i);
  const sampleEnds = refs.map((ref) => ref + 1);
  const timesMs = new Float64Array(seriesCount).fill(nowMs - ageMs);
  const values = Float64Array.from(refs);
  head.append({ refs, runCount: seriesCount, sampleEnds, sampleCount: seriesCount, timesMs, values }, 0);
}

/** Lets the clock go on, with something to do every second. */
function pass(ms: number, eachSecond = (): void => {}): void {
  for (let passed = 0; passed < ms; passed += 1_000) {
    nowMs += 1_000;
    eachSecond();
    mock.timers.tick(1_000);
  }
}

const openChunks = (): number => chunks.statistics().openChunks;

describe('packing the chunks of closed hours', () => {
  it('begins five minutes after the hour', () => {
    append(0);
    pass(hourMs + 4 * minuteMs);
    assert.equal(openChunks(), 1);
    pass(2 * minuteMs);
    assert.equal(openChunks(), 0);
  });

  it('waits while samples of closed hours come in, until they pause', () => {
    pass(2_000);
    pass(5 * minuteMs, () => append(3 * hourMs));
    assert.equal(openChunks(), 1);
    pass(minuteMs);
    assert.equal(openChunks(), 0);
  });

  it('does not wait for ever on a sender that is always late', () => {
    pass(2_000);
    append(2 * hourMs);
    pass(11 * minuteMs, () => append(30 * hourMs));
    assert.ok(openChunks() <= 1);
    assert.ok(chunks.statistics().closedChunks >= 1);
  });

  it('does not wait where open chunks take half of the memory', () => {
    pass(2_000);
    append(2 * hourMs, 40_000);
    assert.ok(chunks.openShare > 1 / 2, String(chunks.openShare));
    pass(minuteMs, () => append(30 * hourMs));
    assert.ok(chunks.openShare < 1 / 2, String(chunks.openShare));
  });
});
