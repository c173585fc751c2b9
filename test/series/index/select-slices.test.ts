import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLabels, sortedLabels } from '../../../src/model/labels.js';
import { parseSelector } from '../../../src/promql/parse-selector.js';
import { createSeriesIndex } from '../../../src/series/index/series-index.js';

test('slices of a selection are together what is selected at once, series that come meanwhile aside', async () => {
  const index = await createSeriesIndex();
  const add = (i: number): number => {
    const bytes = encodeLabels(
      sortedLabels([
        ['__name__', `m${i % 3}`],
        ['pod', `p${i}`],
      ]),
    );
    return index.add(bytes, 0, bytes.length);
  };
  for (let i = 0; i < 70_000; i++) index.observe(Uint32Array.of(add(i)), 1, Uint32Array.of(1), Float64Array.of(i));
  const range = { fromMs: 100, toMs: 69_000 };
  for (const selector of ['{__name__=~".+"}', 'm1', '{pod="p500"}', 'm1{pod!~"p1.*"}', '{pod="nothing"}']) {
    const matchers = parseSelector(selector);
    const atOnce = Array.from(index.select(matchers, range));
    const slices: number[] = [];
    for (const slice of index.selectInSlices(matchers, range)) {
      slices.push(...slice);
      add(1_000_000 + slices.length);
    }
    assert.deepEqual(slices, atOnce, selector);
  }
});
