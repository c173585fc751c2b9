import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../../src/base/errors.js';
import { decodeMetricRecord, encodeMetricRecord, type MetricEntry } from '../../../src/ingest/metrics/metric-record.js';
import { encodeLabels } from '../../../src/model/labels.js';
import { HistogramWriter, histogramBytesAt, readHistogramBytes } from '../../../src/model/native-histogram-bytes.js';
import { noRef } from '../../../src/model/series-ref.js';
import { createSeriesIndex } from '../../../src/series/index/series-index.js';
import { nativeHistogram } from '../../model/histogram-arbitraries.js';

const labelsOf = (i: number): Uint8Array =>
  encodeLabels([
    ['__name__', 'm'],
    ['i', String(i)],
  ]);
const index = await createSeriesIndex();
const series = {
  get idLow() {
    return index.idLow;
  },
  get idHigh() {
    return index.idHigh;
  },
  canonicalBytesOf: (ref: number) => index.canonicalBytesOf(ref),
  add: (bytes: Uint8Array) => index.add(bytes, 0, bytes.length),
  refOfId: (low: number, high: number) => Math.max(index.refOfId(low, high), -1) >>> 0,
};
const refs = Array.from({ length: 5 }, (_, i) => series.add(labelsOf(i)));

/** Times that lie close together, at one moment, or further apart than 32 bits of milliseconds. */
const times = fc.oneof(
  fc.constant([1_700_000_000_000]),
  fc.array(fc.nat({ max: 1e6 }), { minLength: 1 }),
  fc.array(fc.nat({ max: 4e12 }), { minLength: 1 }),
);
/** A record as the log hands it out: a Buffer that lies anywhere in a larger one. */
const read = (payload: Uint8Array): Uint8Array => Buffer.concat([Buffer.alloc(3), payload]).subarray(3);
const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('a metric record', () => {
  it('of samples comes back with every bit, whatever its runs and times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ref: fc.constantFrom(...refs), times }), { minLength: 1, maxLength: 6 }),
        bits,
        (runs, value) => {
          const timesMs = Float64Array.from(runs.flatMap((run) => run.times));
          const values = new Float64Array(
            BigUint64Array.from(timesMs, (_, i) => BigInt.asUintN(64, value + BigInt(i))).buffer,
          );
          let end = 0;
          const sampleEnds = Uint32Array.from(runs, (run) => (end += run.times.length));
          const samples = {
            refs: Uint32Array.from(runs, ({ ref }) => ref),
            runCount: runs.length,
            sampleEnds,
            sampleCount: end,
            timesMs,
            values,
          };
          const payload = encodeMetricRecord({ kind: 'samples', samples, newSeries: [refs[0]!] }, 123.5, series);
          const record = decodeMetricRecord(9, read(payload), series);
          assert.ok(record.kind === 'samples');
          assert.deepEqual([record.sequence, record.arrivedMs, record.rowCount], [9, 123.5, end]);
          assert.deepEqual(record.samples.refs, samples.refs);
          assert.deepEqual(record.samples.sampleEnds, sampleEnds);
          assert.deepEqual(record.samples.timesMs, timesMs);
          assert.ok(
            Buffer.from(record.samples.values.buffer, record.samples.values.byteOffset, 8 * end).equals(
              Buffer.from(values.buffer),
            ),
          );
          assert.deepEqual(record.newSeries, [refs[0]]);
        },
      ),
    );
  });

  it('of native histograms comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            ref: fc.constantFrom(...refs),
            histograms: fc.array(nativeHistogram, { minLength: 1, maxLength: 3 }),
          }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        (runs) => {
          const writer = new HistogramWriter();
          for (const each of runs.flatMap(({ histograms }) => histograms)) writer.add(each);
          let end = 0;
          const samples = {
            refs: Uint32Array.from(runs, ({ ref }) => ref),
            runCount: runs.length,
            sampleEnds: Uint32Array.from(runs, ({ histograms }) => (end += histograms.length)),
            sampleCount: end,
            timesMs: Float64Array.from({ length: end }, (_, i) => 1_700_000_000_000 + i),
            ...writer.finish(),
          };
          const payload = encodeMetricRecord({ kind: 'histograms', samples, newSeries: [refs[1]!] }, 7, series);
          const record = decodeMetricRecord(9, read(payload), series);
          assert.ok(record.kind === 'histograms');
          assert.deepEqual([record.rowCount, record.arrivedMs, record.newSeries], [end, 7, [refs[1]]]);
          assert.deepEqual(record.samples, samples);
          assert.deepEqual(
            Array.from({ length: end }, (_, i) => readHistogramBytes(histogramBytesAt(record.samples, i))),
            runs.flatMap(({ histograms }) => histograms),
          );
        },
      ),
    );
  });

  it('brings along the labels of series that the reader has never met', async () => {
    const other = await createSeriesIndex();
    const samples = {
      refs: Uint32Array.of(refs[2]!),
      runCount: 1,
      sampleEnds: Uint32Array.of(1),
      sampleCount: 1,
      timesMs: Float64Array.of(5),
      values: Float64Array.of(7),
    };
    const payload = encodeMetricRecord({ kind: 'samples', samples, newSeries: [refs[2]!] }, 0, series);
    const record = decodeMetricRecord(0, payload, {
      ...series,
      add: (bytes) => other.add(bytes, 0, bytes.length),
      refOfId: (low, high) => other.refOfId(low, high),
    });
    assert.ok(record.kind === 'samples');
    assert.deepEqual(Buffer.from(other.canonicalBytesOf(record.samples.refs[0]!)), Buffer.from(labelsOf(2)));
  });

  it('names a series without labels that it does not know as none', async () => {
    const samples = {
      refs: Uint32Array.of(refs[1]!),
      runCount: 1,
      sampleEnds: Uint32Array.of(1),
      sampleCount: 1,
      timesMs: Float64Array.of(5),
      values: Float64Array.of(7),
    };
    const payload = encodeMetricRecord({ kind: 'samples', samples, newSeries: [] }, 0, series);
    const record = decodeMetricRecord(0, payload, { ...series, refOfId: () => noRef });
    assert.ok(record.kind === 'samples');
    assert.deepEqual(record.samples.refs, Uint32Array.of(noRef));
  });

  it('of notes, a deletion, or routed samples comes back', () => {
    const entries: MetricEntry[] = [
      {
        kind: 'notes',
        metadata: [{ metric: 'größe', type: 'gauge', help: 'h', unit: '' }],
        exemplars: [{ series: labelsOf(1), labels: labelsOf(2), timeMs: 4, value: Number.POSITIVE_INFINITY }],
      },
      { kind: 'deletion', refs: Uint32Array.from(refs), fromMs: 1, toMs: 2 },
      { kind: 'routed', labels: labelsOf(3), timesMs: Float64Array.of(1, 2), values: Float64Array.of(0.5, Number.NaN) },
    ];
    for (const entry of entries) {
      const { sequence, rowCount, bytes, arrivedMs, ...found } = decodeMetricRecord(
        3,
        encodeMetricRecord(entry, 8, series),
        series,
      );
      assert.deepEqual([sequence, arrivedMs], [3, 8]);
      assert.equal(rowCount, entry.kind === 'routed' ? 2 : 1);
      assert.ok(bytes > 0);
      assert.deepEqual(found, entry);
    }
  });

  it('of another form or version is told', () => {
    for (const payload of [
      new Uint8Array(3),
      Uint8Array.of(9, 1, ...new Uint8Array(20)),
      Uint8Array.of(1, 2, ...new Uint8Array(40)),
    ])
      assert.throws(
        () => decodeMetricRecord(5, read(payload), series),
        (error) => isBarographError(error, 'log_corrupt') && /record 5/.test(error.message),
      );
  });
});
