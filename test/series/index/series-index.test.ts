import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AssertionError } from '../../../src/base/assert.js';
import { isBarographError } from '../../../src/base/errors.js';
import { MapBuilder, TextBuilder } from '../../../src/model/column-builders.js';
import type { TextColumn } from '../../../src/model/columns.js';
import { encodeLabels, type Label, sortedLabels } from '../../../src/model/labels.js';
import { createMatcher } from '../../../src/model/matcher.js';
import { createSeriesIndex, type SeriesIndex } from '../../../src/series/index/series-index.js';

const keyOf = (labels: Record<string, string>): Uint8Array => encodeLabels(sortedLabels(Object.entries(labels)));

const textsOf = ({ bytes, offsets }: TextColumn): string[] =>
  Array.from(offsets.subarray(1), (end, i) => Buffer.from(bytes.subarray(offsets[i], end)).toString());

function add(index: SeriesIndex, labels: Record<string, string>): number {
  const key = keyOf(labels);
  return index.add(key, 0, key.length);
}

const all = (index: SeriesIndex, ...matchers: [string, string, string][]): number[] =>
  Array.from(index.select(matchers.map(([name, op, value]) => createMatcher(name, op, value))));

describe('the series index', () => {
  it('gives series dense refs, and the ids that every node computes', async () => {
    const index = await createSeriesIndex();
    assert.deepEqual([add(index, { __name__: 'up', job: 'a' }), add(index, { __name__: 'up', job: 'b' })], [0, 1]);
    assert.equal(add(index, { job: 'a', __name__: 'up' }), 0);
    // XXH64 of "__name__\xffup\xffjob\xffa\xff", seed 0, by Python's xxhash 4.1.0.
    assert.equal((BigInt(index.idHigh[0]!) << 32n) | BigInt(index.idLow[0]!), 6_193_206_268_627_925_327n);
    assert.equal(index.refOfId(index.idLow[1]!, index.idHigh[1]!), 1);
    assert.equal(index.refOfId(1, 2), -1);
  });

  it('appends series as rows of columns, the name apart from the other labels', async () => {
    const index = await createSeriesIndex();
    const series: Record<string, string>[] = [
      { Zone: 'ü', __name__: 'up', job: 'a' },
      { job: 'b' },
      { __name__: 'only' },
    ];
    const columns = { metric: new TextBuilder(), labels: new MapBuilder(new TextBuilder()) };
    for (const labels of series) index.appendRow(add(index, labels), columns);
    const { offsets, names, values } = columns.labels.finish();
    assert.deepEqual(textsOf(columns.metric.finish()), ['up', '', 'only']);
    assert.deepEqual(Array.from(offsets), [0, 2, 3, 3]);
    assert.deepEqual(
      [textsOf(names as TextColumn), textsOf(values as TextColumn)],
      [
        ['Zone', 'job', 'job'],
        ['ü', 'a', 'b'],
      ],
    );
  });

  it('finds a series by its bytes wherever they lie', async () => {
    const index = await createSeriesIndex();
    const key = keyOf({ __name__: 'up', job: 'api' });
    const body = Buffer.concat([Buffer.from('before'), key, Buffer.from('after')]);
    const ref = index.add(body, 6, 6 + key.length);
    assert.equal(index.find(key, 0, key.length), ref);
    assert.equal(index.find(body.subarray(3), 3, 3 + key.length), ref);
    assert.equal(index.find(key, 0, key.length - 5), -1);
    assert.equal(index.find(new Uint8Array(), 0, 0), -1);
  });

  it('takes a series without labels', async () => {
    const index = await createSeriesIndex();
    const ref = add(index, {});
    assert.equal(index.find(new Uint8Array(), 0, 0), ref);
    assert.deepEqual(index.labelsOf(ref), []);
    assert.deepEqual(all(index), [ref]);
    index.remove(Uint32Array.of(ref));
    index.release(Uint32Array.of(ref));
    assert.equal(add(index, { a: '1' }), ref);
  });

  it('keeps texts that are prefixes of each other, or long, apart', async () => {
    const index = await createSeriesIndex();
    const long = 'x'.repeat(65_536);
    const values = ['a', 'ab', 'abc', 'abcd', 'abcde', long, `${long.slice(1)}y`, '\ufeffa'];
    const refs = values.map((value) => add(index, { l: value }));
    assert.deepEqual(
      refs,
      values.map((_, i) => i),
    );
    values.forEach((value, ref) => {
      assert.deepEqual(index.labelsOf(ref), [['l', value]] satisfies Label[]);
      assert.deepEqual(all(index, ['l', '=', value]), [ref]);
    });
  });

  it('refuses a second set of labels with the id of a first, and changes nothing', async () => {
    const index = await createSeriesIndex({ hash64: (bytes) => BigInt(bytes.length) });
    const first = add(index, { job: 'a' });
    const { stateBytes } = index;
    const before = stateBytes();
    assert.throws(
      () => add(index, { job: 'b' }),
      (error) => isBarographError(error, 'series_id_taken') && error.message.includes('{"job":"a"}'),
    );
    assert.equal(index.seriesCount, 1);
    assert.deepEqual(stateBytes(), before);
    assert.deepEqual(index.labelValues('job').texts, ['a']);
    assert.equal(add(index, { job: 'cc' }), 1);
    index.remove(Uint32Array.of(first));
    assert.equal(add(index, { job: 'b' }), 2);
  });

  it('keeps a ref from being given out until it is released', async () => {
    const index = await createSeriesIndex();
    const gone = [add(index, { pod: 'a', job: 'x' }), add(index, { pod: 'b', job: 'x' })];
    index.remove(Uint32Array.from(gone));
    assert.deepEqual(all(index, ['job', '=', 'x']), []);
    assert.deepEqual(index.labelNames().texts, []);
    assert.equal(add(index, { pod: 'a', job: 'x' }), 2);
    assert.deepEqual(index.labelsOf(0), [
      ['job', 'x'],
      ['pod', 'a'],
    ]);
    index.release(Uint32Array.from(gone));
    assert.deepEqual([add(index, { pod: 'c' }), add(index, { pod: 'd' }), add(index, { pod: 'e' })], [0, 1, 3]);
    assert.deepEqual(all(index, ['job', '=', 'x']), [2]);
    assert.deepEqual(all(index, ['pod', '!=', '']), [0, 1, 2, 3]);
  });

  it('stops at a series that is removed twice, or released while it is live', async () => {
    const index = await createSeriesIndex();
    const ref = add(index, { a: '1' });
    assert.throws(() => index.release(Uint32Array.of(ref)), AssertionError);
    index.remove(Uint32Array.of(ref));
    assert.throws(() => index.remove(Uint32Array.of(ref)), AssertionError);
  });

  it('never gives the number of a metric to another, even when its series are gone', async () => {
    const index = await createSeriesIndex();
    const ref = add(index, { __name__: 'first' });
    const metric = index.metricOf(ref);
    index.remove(Uint32Array.of(ref));
    index.release(Uint32Array.of(ref));
    const next = add(index, { __name__: 'second' });
    assert.notEqual(index.metricOf(next), metric);
    assert.equal(index.metricName(metric), 'first');
    assert.equal(Buffer.from(index.metricNameBytes(index.metricOf(next))).toString(), 'second');
    assert.equal(index.metricOf(add(index, { __name__: 'first', a: '1' })), metric);
    assert.equal(index.metricOf(add(index, { a: '1' })), 0);
  });

  it('selects all series where every matcher is satisfied by a missing label', async () => {
    const index = await createSeriesIndex();
    for (const job of ['a', 'b', 'c']) add(index, { job });
    add(index, { other: 'x' });
    assert.deepEqual(all(index), [0, 1, 2, 3]);
    assert.deepEqual(all(index, ['job', '!=', 'a']), [1, 2, 3]);
    assert.deepEqual(all(index, ['job', '!~', 'a|b']), [2, 3]);
    assert.deepEqual(all(index, ['job', '=', '']), [3]);
    assert.deepEqual(all(index, ['job', '=~', '.*']), [0, 1, 2, 3]);
    assert.deepEqual(all(index, ['job', '!~', '.*']), []);
    assert.deepEqual(all(index, ['unknown', '=~', 'x|']), [0, 1, 2, 3]);
  });

  it('returns to the memory it had when labels that came and went are released', async () => {
    const index = await createSeriesIndex();
    add(index, { __name__: 'm', pod: 'stays' });
    const totals: number[] = [];
    for (let round = 0; round < 12; round++) {
      const refs = Array.from({ length: 3_000 }, (_, i) =>
        add(index, { __name__: 'm', pod: `pod-${round}-${i + 10_000}` }),
      );
      index.remove(Uint32Array.from(refs));
      index.release(Uint32Array.from(refs));
      totals.push(index.stateBytes().total);
    }
    // How much dead text waits for a rewrite differs from round to round; what a round leaves behind would add up.
    const grown = Math.max(...totals.slice(6)) - Math.max(...totals.slice(0, 6));
    assert.ok(grown < 3_000 * 14, totals.join(' '));
    assert.equal(index.refLimit, 3_001);
    assert.deepEqual(index.labelValues('pod').texts, ['stays']);
  });
});

describe('times of series', () => {
  it('choose what a range selects, its ends included', async () => {
    const index = await createSeriesIndex();
    for (const job of ['a', 'b', 'c']) add(index, { job });
    const times = Float64Array.of(100, 50, 75, 200, 300);
    index.observe(Uint32Array.of(0, 0xffffffff, 1), 3, Uint32Array.of(2, 3, 5), times);
    const within = (fromMs: number, toMs: number) => Array.from(index.select([], { fromMs, toMs }));
    assert.deepEqual(within(0, 49), []);
    assert.deepEqual(within(0, 50), [0]);
    assert.deepEqual(within(100, 200), [0, 1]);
    assert.deepEqual(within(101, 199), []);
    assert.deepEqual(index.labelValues('job', { range: { fromMs: 300, toMs: 999 } }).texts, ['b']);
    assert.deepEqual(index.labelNames({ range: { fromMs: 400, toMs: 999 } }).texts, []);
  });
});
