import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLabelWriter } from '../../src/model/label-writer.js';
import {
  compareUtf8,
  decodeLabels,
  encodeLabels,
  firstRepeated,
  type Label,
  sortedLabels,
} from '../../src/model/labels.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../src/model/sample-batch.js';
import { createSampleBatchBuilder } from '../../src/model/sample-batch-builder.js';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const distinctLabels = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name });

describe('labels', () => {
  it('come back from their canonical bytes, sorted, without the empty ones', () => {
    const labels = sortedLabels([
      ['job', 'api'],
      ['__name__', 'up'],
      ['empty', ''],
    ]);
    assert.deepEqual(labels, [
      ['__name__', 'up'],
      ['job', 'api'],
    ]);
    assert.equal(Buffer.from(encodeLabels(labels)).toString('latin1'), '__name__\xffup\xffjob\xffapi\xff');
    assert.deepEqual(decodeLabels(encodeLabels([['\ufeffa', '\ufeff']])), [['\ufeffa', '\ufeff']]);
    fc.assert(
      fc.property(distinctLabels, (pairs) => {
        assert.deepEqual(decodeLabels(encodeLabels(sortedLabels(pairs))), sortedLabels(pairs));
      }),
    );
  });

  it('are ordered as their UTF-8 bytes are', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    assert.ok(compareUtf8('\u{1f600}', '\uffee') > 0);
  });

  it('tell a name that comes twice', () => {
    const twice: Label[] = [
      ['a', '1'],
      ['b', '1'],
      ['b', '2'],
    ];
    assert.equal(firstRepeated(sortedLabels(twice)), 'b');
    assert.equal(firstRepeated(sortedLabels(twice.slice(0, 2))), undefined);
  });
});

describe('the label writer', () => {
  it('writes the canonical bytes of labels in any order', () => {
    const writer = createLabelWriter();
    fc.assert(
      fc.property(distinctLabels, (pairs) => {
        writer.clear();
        for (const [name, value] of pairs) writer.addText(name, value);
        assert.deepEqual(Buffer.from(writer.finish()), Buffer.from(encodeLabels(sortedLabels(pairs))));
        assert.equal(writer.hasRepeats, false);
      }),
    );
  });

  it('tells a name that was added twice, side by side or not', () => {
    const writer = createLabelWriter();
    for (const names of [
      ['a', 'a'],
      ['a', 'b', 'a'],
      ['b', 'a', 'b'],
    ]) {
      writer.clear();
      for (const name of names) writer.addText(name, 'x');
      writer.finish();
      assert.equal(writer.hasRepeats, true, names.join());
    }
  });
});

describe('the sample batch builder', () => {
  it('keeps every bit of a value, runs in their order, and drops runs without samples', () => {
    const builder = createSampleBatchBuilder();
    const key = Buffer.from('ab');
    builder.beginRun(key, 0, 1);
    builder.beginRun(key, 1, 2);
    builder.addStaleMarker(5);
    builder.beginRun(key, 0, 2);
    for (let i = 0; i < 1000; i++) builder.add(i, i / 2);
    builder.beginRun(key, 0, 2);
    const batch = builder.finish();
    assert.equal(batch.runCount, 2);
    assert.deepEqual(Array.from(batch.sampleEnds.subarray(0, 2)), [1, 1001]);
    const keyOf = (run: number) =>
      Buffer.from(batch.keys.subarray(batch.keyStarts[run], batch.keyEnds[run])).toString();
    assert.deepEqual([keyOf(0), keyOf(1)], ['b', 'ab']);
    const words = valueWords(batch.values);
    assert.deepEqual([words[0], words[1]], [staleMarkerLow, staleMarkerHigh]);
    assert.deepEqual([batch.timesMs[1000], batch.values[1000]], [999, 499.5]);
  });
});
