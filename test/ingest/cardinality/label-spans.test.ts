import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { hashBytes } from '../../../src/ingest/cardinality/label-hash.js';
import {
  createLabelSpans,
  mergeLabel,
  readLabels,
  replaceValue,
  valueText,
  writeDraft,
} from '../../../src/ingest/cardinality/label-spans.js';
import { encodeLabels, type Label, sortedLabels } from '../../../src/model/labels.js';

const name = fc.constantFrom('A', '__name__', 'a', 'ab', 'abc', 'b', 'ü', 'zone');
const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const series = fc
  .uniqueArray(fc.tuple(name, value), { selector: ([label]) => label, minLength: 1 })
  .map((pairs) => sortedLabels(pairs));

it('labels are read as they are, one series after the other', () => {
  const spans = createLabelSpans();
  fc.assert(
    fc.property(series, (labels) => {
      const bytes = encodeLabels(labels);
      readLabels(spans, bytes);
      assert.deepEqual(
        spans.names.map((label, i) => [label, valueText(spans, i)]),
        labels,
      );
      assert.deepEqual(writeDraft(spans), bytes);
      assert.equal(spans.metric, labels.find(([label]) => label === '__name__')?.[1] ?? '');
      for (const [i, [label, text]] of labels.entries()) {
        const [nameBytes, valueBytes] = [Buffer.from(label), Buffer.from(text)];
        assert.equal(spans.nameHashes[i], hashBytes(nameBytes, 0, nameBytes.length));
        assert.equal(spans.valueHashes[i], hashBytes(valueBytes, 0, valueBytes.length));
      }
    }),
  );
});

it('a draft with values replaced, labels left out and merged is canonical', () => {
  const change = fc.constantFrom('keep', 'replace', 'drop', 'merge');
  const spans = createLabelSpans();
  fc.assert(
    fc.property(series, fc.array(change, { minLength: 8, maxLength: 8 }), value, (labels, changes, other) => {
      readLabels(spans, encodeLabels(labels));
      const wanted: Label[] = [];
      labels.forEach(([label, text], i) => {
        if (changes[i] === 'keep') wanted.push([label, text]);
        if (changes[i] === 'replace') wanted.push([label, other]);
        if (changes[i] === 'replace') replaceValue(spans, i, other);
        if (changes[i] === 'drop') replaceValue(spans, i, '');
        if (changes[i] === 'merge') mergeLabel(spans, i);
      });
      if (labels.some((_, i) => changes[i] === 'merge')) wanted.push(['__other__', '__other__']);
      assert.deepEqual(writeDraft(spans), encodeLabels(sortedLabels(wanted)));
    }),
  );
});
