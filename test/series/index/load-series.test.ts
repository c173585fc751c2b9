import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { TextColumn } from '../../../src/model/columns.js';
import { textColumnOf } from '../../../src/model/columns.js';
import { encodeLabels, type Label, type Labels, sortedLabels } from '../../../src/model/labels.js';
import type { SeriesRows } from '../../../src/series/index/load-series.js';
import { createSeriesIndex, type SeriesIndex } from '../../../src/series/index/series-index.js';

function addAll(index: SeriesIndex, series: readonly Labels[]): void {
  for (const labels of series) {
    const key = encodeLabels(labels);
    index.add(key, 0, key.length);
  }
}

/** The rows of an index's live series, their labels in reverse order. */
function rowsOf(index: SeriesIndex): SeriesRows {
  const refs = index.select([]);
  const series = Array.from(refs, (ref) => Array.from(index.labelsOf(ref)).reverse());
  const others = series.map((labels) => labels.filter(([name]) => name !== '__name__'));
  const column = (part: 0 | 1): TextColumn =>
    textColumnOf(others.flatMap((labels) => labels.map((label) => label[part])));
  const offsets = new Uint32Array(refs.length + 1);
  others.forEach((labels, i) => {
    offsets[i + 1] = offsets[i]! + labels.length;
  });
  return {
    rowCount: refs.length,
    metric: textColumnOf(series.map((labels) => new Map(labels).get('__name__') ?? '')),
    labels: { kind: 'map', offsets, names: column(0), values: column(1) },
    idLow: Uint32Array.from(refs, (ref) => index.idLow[ref]!),
    idHigh: Uint32Array.from(refs, (ref) => index.idHigh[ref]!),
  };
}

const some: Labels[] = [
  [
    ['__name__', 'up'],
    ['job', 'a'],
  ],
  [
    ['__name__', 'up'],
    ['job', 'b'],
  ],
  [['job', 'b']],
];

it('an index that is loaded from the rows of another has the same series, metrics and ids', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });
  const name = fc.oneof(text, fc.constantFrom('__name__', 'A', '_'));
  const labels = fc
    .uniqueArray(fc.tuple(name, text), { selector: ([name]) => name, maxLength: 5 })
    .map((pairs): Labels => sortedLabels(pairs as Label[]));
  await fc.assert(
    fc.asyncProperty(fc.array(labels, { maxLength: 20, size: 'max' }), async (series) => {
      const index = await createSeriesIndex();
      addAll(index, series);
      const loaded = await createSeriesIndex();
      assert.deepEqual(loaded.load(rowsOf(index)), { added: index.seriesCount, refusedRows: [] });
      for (const ref of index.select([])) {
        const key = index.canonicalBytesOf(ref);
        const other = loaded.find(key, 0, key.length);
        assert.deepEqual(loaded.labelsOf(other), index.labelsOf(ref));
        assert.deepEqual([loaded.idLow[other], loaded.idHigh[other]], [index.idLow[ref], index.idHigh[ref]]);
        assert.equal(loaded.metricName(loaded.metricOf(other)), index.metricName(index.metricOf(ref)));
      }
    }),
    { numRuns: 60 },
  );
});

it('a row whose id is not that of its labels is refused and told, and its neighbours are loaded', async () => {
  const index = await createSeriesIndex();
  addAll(index, some);
  const rows = rowsOf(index);
  rows.idHigh[1]! ^= 1;
  const loaded = await createSeriesIndex();
  assert.deepEqual(loaded.load(rows), { added: 2, refusedRows: [1] });
  assert.deepEqual(loaded.labelValues('job').texts, ['a', 'b']);
});

it('a row that has a label twice is refused', async () => {
  const loaded = await createSeriesIndex();
  const twice: Label[] = [
    ['job', 'a'],
    ['job', 'b'],
  ];
  const index = await createSeriesIndex();
  addAll(index, [twice]);
  assert.deepEqual(loaded.load({ ...rowsOf(index) }), { added: 0, refusedRows: [0] });
});

it('a row whose id another series has is refused', async () => {
  const hash64 = () => 7n;
  const index = await createSeriesIndex({ hash64 });
  addAll(index, some.slice(0, 1));
  const other = await createSeriesIndex({ hash64 });
  addAll(other, some.slice(1, 2));
  assert.deepEqual(index.load(rowsOf(other)), { added: 0, refusedRows: [0] });
  assert.deepEqual(index.labelsOf(0), some[0]);
});

it('series without times count as having samples at any time, those with times only then, and growth counts neither', async () => {
  const index = await createSeriesIndex();
  addAll(index, some);
  const rows = rowsOf(index);
  const range = { fromMs: 1_000, toMs: 2_000 };
  const timeless = await createSeriesIndex();
  timeless.load(rows);
  assert.equal(timeless.select([], range).length, 3);
  const timed = await createSeriesIndex();
  timed.load({ ...rows, firstMs: Float64Array.of(0, 1_500, 2_001), lastMs: Float64Array.of(999, 1_600, 3_000) });
  assert.deepEqual(Array.from(timed.select([], range)), [1]);
  assert.deepEqual(timed.load(rows), { added: 0, refusedRows: [] });
  assert.equal(timed.select([], range).length, 3);
  assert.deepEqual(timed.statistics.topGrowth(10, 16), []);
});
