import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdmittedSamples } from '../../../src/ingest/metrics/admitted-samples.js';
import { sampleBlocks, sampleColumns } from '../../../src/ingest/metrics/sample-blocks.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { SampleSorter } from '../../../src/kernel/sample-sorter.js';
import type { NumberColumn, TextColumn, TimeColumn } from '../../../src/model/columns.js';
import { textAt } from '../../../src/model/columns.js';
import { noRef } from '../../../src/model/series-ref.js';
import { decodeBlocks } from '../../../src/storage/native/decode.js';
import { migrate } from '../../../src/storage/schema/migrate.js';
import { startTestEngine, type TestEngine } from '../../storage/test-engine.js';

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
}

const keyTypes = { metric: 'String', series: 'UInt64', ts: "DateTime64(3, 'UTC')" };

/** The pieces of a block without its last two columns, each a piece with its name and one with its bytes. */
function keysOf(pieces: readonly Uint8Array[]) {
  const [head, ...columns] = pieces.slice(0, -4);
  return decodeBlocks<Columns>(Buffer.concat([Uint8Array.of(3), head!.subarray(1), ...columns]), keyTypes).columns;
}

/** The values that the table computes of a block's last two columns, and their scales. */
function valuesOf(pieces: readonly Uint8Array[]) {
  const scales = new Uint8Array(pieces.at(-1)!);
  const mantissas = new BigInt64Array(new Uint8Array(pieces.at(-3)!).buffer);
  const values = new Float64Array(mantissas.length);
  const bits = new BigInt64Array(values.buffer);
  for (const [i, mantissa] of mantissas.entries())
    if (scales[i] === 255) bits[i] = mantissa;
    else {
      assert.ok(scales[i]! <= 18 && mantissa >= -(2n ** 53n) && mantissa <= 2n ** 53n, 'exact as a double');
      values[i] = Number(mantissa) / Number(10n ** BigInt(scales[i]!));
    }
  return { values, bits, scales };
}

type Row = readonly [day: number, metric: string, id: number, timeMs: number, value: number];

async function rowsOf(batches: readonly AdmittedSamples[], sorter: SampleSorter): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { day, pieces, rowCount, refs: present, firstMs, lastMs } of sampleBlocks(batches, series, sorter)) {
    const columns = keysOf(pieces);
    const { values } = valuesOf(pieces);
    assert.equal(values.length, rowCount);
    const ofBlock = Array.from(
      values,
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
/** A double of any bits: NaNs with payloads, subnormal numbers, infinities. */
const anyBits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bitsOf = (value: number): bigint => new BigUint64Array(Float64Array.of(value).buffer)[0]!;
const decimal = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.nat({ max: 20 }))
  .map(([mantissa, scale]) => Number(`${mantissa}e-${scale}`));
const aroundTheLargest = fc
  .tuple(fc.nat({ max: 19 }), fc.integer({ min: -4, max: 4 }), fc.constantFrom(1, -1), fc.constantFrom(43, 53))
  .map(([scale, off, sign, power]) => (sign * (2 ** power + off)) / 10 ** scale);
const constants = fc.constantFrom(0, -0, 0.1, 0.3, 1e-7, 1e22, 1e23, 5e-324, -5e-324, 2 ** 53, 2 ** 63, 1 / 3);

/** Values of one series: of one kind, or of any. */
const seriesOfValues = fc
  .oneof(
    ...[anyBits, fc.double().map(bitsOf), decimal.map(bitsOf), aroundTheLargest.map(bitsOf), constants.map(bitsOf)].map(
      (bits) => fc.array(bits, { minLength: 1, maxLength: 40 }),
    ),
    fc.array(
      fc.oneof(
        { arbitrary: decimal.map(bitsOf), weight: 8 },
        { arbitrary: anyBits, weight: 1 },
        { arbitrary: aroundTheLargest.map(bitsOf), weight: 1 },
        { arbitrary: constants.map(bitsOf), weight: 1 },
      ),
      { minLength: 1, maxLength: 40 },
    ),
  )
  .map((bits) => new Float64Array(BigUint64Array.from(bits).buffer));

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

  it('hold every double to the bit, as a decimal number or as it is', async () => {
    const sorter = sorterOf();
    await fc.assert(
      fc.asyncProperty(seriesOfValues, async (values) => {
        const { bits } = valuesOf((await blockOf(values, sorter)).pieces);
        assert.deepEqual(bits, new BigInt64Array(values.buffer));
      }),
      { numRuns: 500 },
    );
  });

  const sorter = sorterOf();
  const scalesOf = async (values: readonly number[]) =>
    Array.from(valuesOf((await blockOf(Float64Array.from(values), sorter)).pieces).scales);
  const scaleCases: readonly [name: string, values: readonly number[], scales: readonly number[]][] = [
    ['whole numbers have the scale 0', [0, 5, -7, 2 ** 53, -(2 ** 53)], [0, 0, 0, 0, 0]],
    ['the scale is the least that all are exact at', [1, 0.5, 0.25, 7], [2, 2, 2, 2]],
    ['the smallest steps have the scale 18', [1e-18, 3e-18], [18, 18]],
    ['what is smaller keeps its bits', [1e-19], [255]],
    ['what no scale fits keeps its bits alone', [1.5, Number.NaN, 2.5, 3.5], [1, 255, 1, 1]],
    ['so does -0', [1, -0, 2, 3], [0, 255, 0, 0]],
    ['and what is too large at the scale of others', [0.001, 2 ** 50 + 1, 3, 4], [3, 255, 3, 3]],
    ['where more than a quarter fit no scale, all keep their bits', [1.5, Number.NaN, 2.5], [255, 255, 255]],
    ['where more than a quarter are too large, too', [0.001, 2 ** 50 + 1, 3], [255, 255, 255]],
    ['one full mantissa does not raise the scale of the others', [0.1, 0.1 + 0.2, 0.7, 0.8], [1, 255, 1, 1]],
    ['times in seconds with microseconds keep their bits', [1_700_000_000.123456], [255]],
  ];
  for (const [name, values, scales] of scaleCases)
    it(`are scaled: ${name}`, async () => assert.deepEqual(await scalesOf(values), scales));

  it('have a scale for each series', async () => {
    const samples = [0.5, 3, 1 / 3].flatMap((value, ref) => [0, 1].map((timeMs) => ({ ref, timeMs, value })));
    const { value: block } = await sampleBlocks([batchOf(samples)], series, sorterOf()).next();
    // In the order of ranks: refs 1, 2 and 0 are of the ranks 1, 5 and 3.
    assert.deepEqual(Array.from(valuesOf(block!.pieces).scales), [0, 0, 1, 1, 255, 255]);
  });
});

/** One series with these values, a millisecond apart. */
async function blockOf(values: Float64Array, sorter: SampleSorter) {
  const batch = { ...batchOf(Array.from(values, (_, timeMs) => ({ ref: 0, timeMs, value: 0 }))), values };
  const { value: block } = await sampleBlocks([batch], series, sorter).next();
  return block!;
}

describe('the table of samples', () => {
  let test: TestEngine;
  before(async () => {
    test = await startTestEngine();
    await migrate(test.engine, { topology: { database: test.engine.database }, program: 'test' });
  });
  after(() => test.stop());

  it('computes the very bits of every double that was inserted', async () => {
    const sorter = sorterOf();
    await fc.assert(
      fc.asyncProperty(fc.array(seriesOfValues, { minLength: 1, maxLength: refCount }), async (each) => {
        const all = each.map((values, ref) => ({
          ...batchOf(Array.from(values, (_, timeMs) => ({ ref, timeMs, value: 0 }))),
          values,
        }));
        await test.engine.command({ sql: 'TRUNCATE TABLE metric_samples' });
        for await (const { pieces } of sampleBlocks(all, series, sorter))
          await test.engine.insert({ table: 'metric_samples', columns: sampleColumns, blocks: pieces });
        const rows = await test.engine.query<{ bits: string[] }>({
          sql: `SELECT groupArray(toString(reinterpretAsInt64(value))) AS bits
FROM (SELECT series, value FROM metric_samples FINAL ORDER BY series, ts) GROUP BY series ORDER BY series`,
        });
        assert.deepEqual(
          rows.map(({ bits }) => bits),
          each.map((values) => Array.from(new BigInt64Array(values.buffer), String)),
        );
      }),
      { numRuns: 60 },
    );
  });
});
