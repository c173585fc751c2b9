import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLabelWriter } from '../../src/model/label-writer.js';
import { encodeLabels, type Label, sortedLabels } from '../../src/model/labels.js';

const writer = createLabelWriter();

function written(pairs: readonly Label[]): Buffer {
  writer.clear();
  for (const [name, value] of pairs) writer.addText(name, value);
  return Buffer.from(writer.finish());
}

describe('the label writer', () => {
  it('sorts any number of labels, however they come', () => {
    const text = fc.string({ unit: 'binary', maxLength: 70 });
    const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 150, size: 'max' });
    fc.assert(
      fc.property(pairs, (labels) => {
        assert.deepEqual(written(labels), Buffer.from(encodeLabels(sortedLabels(labels))));
        assert.equal(writer.hasRepeats, false);
        assert.equal(writer.count, labels.filter(([, value]) => value !== '').length);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps labels of the same name in the order in which they were added', () => {
    for (const others of [0, 100]) {
      const labels = Array.from({ length: others }, (_, i): Label => [`l${i}`, 'x']);
      const twice: Label[] = [['z', '1'], ...labels, ['b', '2'], ['a', '1'], ['b', '1']];
      const bytes = written(twice).toString('latin1');
      assert.equal(writer.hasRepeats, true);
      assert.ok(bytes.startsWith('a\xff1\xffb\xff2\xffb\xff1\xff') && bytes.endsWith('z\xff1\xff'), bytes);
    }
  });
});
