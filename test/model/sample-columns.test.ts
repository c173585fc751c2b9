import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { createRejectionTally } from '../../src/model/rejection-tally.js';
import { rejectionsMax, valueWords } from '../../src/model/sample-batch.js';
import { SampleColumns } from '../../src/model/sample-columns.js';

const noKeys = new Uint8Array(0);

describe('the columns of samples', () => {
  it('keep every bit of a NaN as they grow', () => {
    const columns = new SampleColumns();
    for (let i = 0; i < 5000; i++) columns.addBits(i, i, 0x7ff00000);
    columns.endRun(0, 0);
    const { values, timesMs, sampleCount } = columns.batch('canonical', noKeys);
    const words = valueWords(values);
    assert.equal(sampleCount, 5000);
    for (let i = 0; i < sampleCount; i++)
      assert.deepEqual([timesMs[i], words[2 * i], words[2 * i + 1]], [i, i, 0x7ff00000]);
  });

  it('leave out the samples of a run that is dropped, or not ended', () => {
    const columns = new SampleColumns();
    columns.add(1, 1);
    assert.equal(columns.endRun(0, 3), true);
    columns.add(2, 2);
    columns.add(3, 3);
    assert.equal(columns.dropRun(), 2);
    assert.equal(columns.endRun(3, 6), false);
    columns.add(4, 4);
    const batch = columns.batch('canonical', noKeys);
    assert.deepEqual([batch.runCount, batch.sampleCount, batch.sampleEnds[0]], [1, 1, 1]);
    assert.deepEqual([batch.keyStarts[0], batch.keyEnds[0]], [0, 3]);
  });

  it('hold any number of runs, and begin anew when they are cleared', () => {
    const columns = new SampleColumns();
    for (let run = 0; run < 3000; run++) {
      columns.add(run, -run);
      columns.endRun(run, run + 1);
    }
    const batch = columns.batch('canonical', noKeys);
    for (let run = 0; run < 3000; run++)
      assert.deepEqual([batch.keyStarts[run], batch.keyEnds[run], batch.sampleEnds[run]], [run, run + 1, run + 1]);
    columns.clear();
    columns.add(7, 8);
    columns.endRun(0, 1);
    const next = columns.batch('canonical', noKeys);
    assert.deepEqual([next.runCount, next.sampleCount, next.timesMs[0], next.values[0]], [1, 1, 7, 8]);
  });

  it('refuse more samples than their bound', () => {
    const columns = new SampleColumns(1000);
    for (let i = 0; i < 1000; i++) columns.add(i, i);
    assert.throws(
      () => columns.add(0, 0),
      (error) => isBarographError(error, 'body_too_large'),
    );
  });
});

describe('the tally of rejections', () => {
  it('counts all and tells the first', () => {
    const tally = createRejectionTally();
    let described = 0;
    for (let line = 1; line <= 300; line++)
      tally.add(line, line % 2 === 0 ? 'too_long' : 'empty_field', () => `${described++}`, 2);
    assert.equal(tally.rejected, 600);
    assert.deepEqual(
      tally.rejectedByCode,
      new Map([
        ['empty_field', 300],
        ['too_long', 300],
      ]),
    );
    assert.equal(tally.rejections.length, rejectionsMax);
    assert.equal(described, rejectionsMax);
    assert.deepEqual(tally.rejections[1], { line: 2, code: 'too_long', message: '1' });
  });
});
