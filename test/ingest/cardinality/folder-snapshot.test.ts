import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FoldAggregate, gaugeAggregates } from '../../../src/ingest/cardinality/fold-aggregate.js';
import { folderSnapshot, restoredFolder } from '../../../src/ingest/cardinality/folder-snapshot.js';
import type { FolderState } from '../../../src/ingest/cardinality/folder-state.js';
import { asRuns, events, oneTarget, startMs } from './one-target.js';

describe('a snapshot of the folder', () => {
  const restored = (state: FolderState): FolderState => {
    const copy = restoredFolder(folderSnapshot(state, 0), state.options)?.state;
    assert.ok(copy !== undefined);
    return copy;
  };

  it('goes on as if there had been no stop, for counters and gauges', () => {
    fc.assert(
      fc.property(events, fc.constantFrom<FoldAggregate>('counter', ...gaugeAggregates), (batches, aggregate) => {
        // `last` names the latest sample of all, which is not in the state of any one source.
        fc.pre(aggregate !== 'last');
        const uninterrupted = oneTarget(aggregate);
        let interrupted = oneTarget(aggregate);
        for (const batch of batches) {
          assert.deepEqual(interrupted.fold(...asRuns(batch)), uninterrupted.fold(...asRuns(batch)));
          interrupted = oneTarget(aggregate, {}, restored(interrupted.state));
        }
      }),
    );
  });

  it('that is older than what was given out holds the total until it has caught up', () => {
    const before = oneTarget('counter');
    before.fold({ source: 1, samples: [[1_000, 100]] });
    const state = restored(before.state);
    assert.deepEqual(before.fold({ source: 1, samples: [[2_000, 150]] }), [[2_000, 150]]);
    const after = oneTarget('counter', {}, state, 150);
    assert.deepEqual(after.fold({ source: 2, samples: [[3_000, 5]] }), [[3_000, 150]]);
    assert.deepEqual(after.fold({ source: 1, samples: [[3_500, 160]] }), [[3_500, 165]]);
  });

  it('is not needed: without it a total goes on from what is stored, and sources from what they say first', () => {
    const { folder, fold } = oneTarget('counter', {}, undefined, 1_000);
    assert.deepEqual(fold({ source: 1, samples: [[startMs, 400]] }), [[startMs, 1_000]]);
    assert.deepEqual(fold({ source: 1, samples: [[startMs + 15_000, 410]] }), [[startMs + 15_000, 1_010]]);
    // Once the settling time is over, who is new is new.
    assert.deepEqual(fold({ source: 2, samples: [[startMs + 600_000, 7]] }), [[startMs + 600_000, 1_017]]);
    assert.equal(folder.counts.baselines, 1);
  });

  it('keeps the sources seen last where fewer are allowed than it has', () => {
    const { state, fold } = oneTarget('sum', { resolutionMs: 1 });
    for (let i = 0; i < 100; i++) fold({ source: i, samples: [[startMs + ((i * 37) % 100), 1]] });
    const smaller = restoredFolder(folderSnapshot(state, 0), { ...state.options, sourcesMax: 30 })!.state;
    const after = oneTarget('sum', {}, smaller);
    assert.equal(after.folder.sourceCount, 30);
    assert.deepEqual(after.fold({ source: 0, samples: [[startMs + 200, 1]] }), [[startMs + 200, 30]]);
  });

  it('that is damaged in any byte is none', () => {
    const { state, fold } = oneTarget('counter');
    fold({ source: 1, samples: [[1_000, 5]] }, { source: 2, samples: [[1_000, 7]] });
    const snapshot = folderSnapshot(state, 2 ** 40 + 7);
    assert.equal(restoredFolder(snapshot, state.options)?.sequence, 2 ** 40 + 7);
    for (let i = 0; i < snapshot.length; i++) {
      const damaged = snapshot.slice();
      damaged[i]! ^= 0x10;
      assert.equal(restoredFolder(damaged, state.options), undefined, `byte ${i}`);
      assert.equal(restoredFolder(snapshot.subarray(0, i), state.options), undefined, `${i} bytes`);
    }
  });
});
