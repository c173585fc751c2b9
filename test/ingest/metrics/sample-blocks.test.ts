import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdmittedSamples } from '../../../src/ingest/metrics/admitted-samples.js';
import { sampleBlocks } from '../../../src/ingest/metrics/sample-blocks.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { SampleSorter } from '../../../src/kernel/sample-sorter.js';
import type { NumberColumn, TextColumn, TimeColumn } from '../../../src/model/columns.js';
import { textAt } from '../../../src/model/columns.js';
import { noRef } from '../../../src/model/series-ref.js';
import { decodeBlocks } from '../../../src/storage/native/decode.js';

const dayMs = 86_400_000;
const refCount = 6;
const ranks = Uint32Array.of(3, 1, 5, 0, 2, 4);
const refs = Uint32Array.from(ranks, (_, rank) => ranks.indexOf(rank));
const series = {
  ranks,
  refs,
  // By ref: the first three ranks are of one metric, the others of another.
  metrics: Uint32Array.from(ranks, (rank) => (rank < 3 ? 7 : 9)),
  idLow: Uint32Array.from(ranks, (_, ref) => 1000 + ref),
  idHigh: Uint32Array.from(ranks, (_, ref) => ref),
  metricName: (metric: number) => `metric_${metric}`,
};
const idOf = (ref: number): number => ref * 2 ** 32 + 1000 + ref;

interface Sample {
  readonly ref: number;
  readonly timeMs: number;
  readonly value: number;
}

/** A batch of runs of one sample; the last ref stands for none. */
const batchOf = (samples: readonly Sample[]): AdmittedSamples => ({
  refs: Uint32Array.from(samples, ({ ref }) => (ref === refCount ? noRef : ref)),
  runCount: samples.length,
  sampleEnds: Uint32Array.from(samples, (_, i) => i + 1),
  sampleCount: samples.length,
  timesMs: Float64Array.from(samples, ({ timeMs }) => timeMs),
  values: Float64Array.from(samples, ({ value }) => value),
});

interface Columns {
  readonly metric: TextColumn;
  readonly series: NumberColumn;
  readonly ts: TimeColumn;
  readonly value: NumberColumn;
}

type Row = readonly [day: number, metric: string, id: number, timeMs: number, value: number];

async function rowsOf(batches: readonly AdmittedSamples[], sorter: SampleSorter): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { day, pieces, rowCount, refs: present, firstMs, lastMs } of sampleBlocks(batches, series, sorter)) {
    const types = { metric: 'String', series: 'UInt64', ts: "DateTime64(3, 'UTC')", value: 'Float64' };
    const { columns } = decodeBlocks<Columns>(Buffer.concat(pieces), types);
    assert.equal(columns.value.values.length, rowCount);
    const ofBlock = Array.from(
      columns.value.values,
      (value, i): Row => [day, textAt(columns.metric, i), columns.series.values[i]!, columns.ts.values[i]!, value],
    );
    const spans = Array.from(present, (ref) => {
      const times = ofBlock.filter(([, , id]) => id === idOf(ref)).map(([, , , timeMs]) => timeMs);
      return [Math.min(...times), Math.max(...times)];
    });
    assert.deepEqual(
      Array.from(present, (_, i) => [firstMs[i], lastMs[i]]),
      spans,
    );
    for (const row of ofBlock) rows.push(row);
  }
  return rows;
}

function expectedRows(samples: readonly Sample[]): Row[] {
  const kept = new Map(samples.filter(({ ref }) => ref < refCount).map((each) => [`${each.ref} ${each.timeMs}`, each]));
  return Array.from(kept.values(), ({ ref, timeMs, value }): Row & { rank?: number } => [
    Math.floor(timeMs / dayMs),
    ranks[ref]! < 3 ? 'metric_7' : 'metric_9',
    idOf(ref),
    timeMs,
    value,
  ]).sort(
    (a, b) => a[0] - b[0] || ranks[Math.floor(a[2] / 2 ** 32)]! - ranks[Math.floor(b[2] / 2 ** 32)]! || a[3] - b[3],
  );
}

const sampleWithin = (spanMs: number): fc.Arbitrary<Sample> =>
  fc.record({ ref: fc.nat({ max: refCount }), timeMs: fc.nat({ max: spanMs }), value: fc.double() });

const sorterOf = (): SampleSorter => new SampleSorter(new Kernel());

describe('blocks of samples', () => {
  it('are sorted by series and time, one a day, and of equal samples the last to come stays, to the bit', async () => {
    const sorter = sorterOf();
    const batches = (spanMs: number) => fc.array(fc.array(sampleWithin(spanMs), { maxLength: 12 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(batches(8), batches(3 * dayMs)), async (each) => {
        assert.deepEqual(await rowsOf(each.map(batchOf), sorter), expectedRows(each.flat()));
      }),
    );
  });

  it('are sorted where many samples of a series come in any order', async () => {
    const sorter = sorterOf();
    const shuffled = fc.array(
      fc.record({ ref: fc.nat({ max: 1 }), timeMs: fc.nat({ max: 2_000 }), value: fc.double() }),
      {
        minLength: 500,
        maxLength: 1_500,
      },
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async (samples) => {
        assert.deepEqual(await rowsOf([batchOf(samples)], sorter), expectedRows(samples));
      }),
      { numRuns: 30 },
    );
  });

  it('are sorted where there are more samples than are worked on at once', async () => {
    const count = 150_000;
    const samples = Array.from({ length: count }, (_, i) => ({ ref: (i * 7) % refCount, timeMs: count - i, value: i }));
    const rows = await rowsOf([batchOf(samples.slice(0, 90_000)), batchOf(samples.slice(90_000))], sorterOf());
    assert.deepEqual(rows, expectedRows(samples));
  });

  it('keep the payload of a NaN', async () => {
    const values = new Float64Array(2);
    new Uint32Array(values.buffer).set([2, 0x7ff00000, 7, 0x7ff80000]);
    const batch = {
      ...batchOf([
        { ref: 0, timeMs: 5, value: 0 },
        { ref: 1, timeMs: 5, value: 0 },
      ]),
      values,
    };
    const { value: block } = await sampleBlocks([batch], series, sorterOf()).next();
    assert.deepEqual(
      new Uint8Array(block!.pieces.at(-1)!),
      new Uint8Array(Uint32Array.of(7, 0x7ff80000, 2, 0x7ff00000).buffer),
    );
  });
});
