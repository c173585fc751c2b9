import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FoldAggregate } from '../../../src/ingest/cardinality/fold-aggregate.js';
import { createFolder } from '../../../src/ingest/cardinality/folder.js';
import { folderSnapshot, restoredFolder } from '../../../src/ingest/cardinality/folder-snapshot.js';
import {
  createFolderState,
  defaultFolderOptions,
  type FolderState,
} from '../../../src/ingest/cardinality/folder-state.js';
import {
  decodeSources,
  encodeSources,
  foldAgain,
  type LoggedSources,
} from '../../../src/ingest/metrics/logged-sources.js';
import { asRuns, type Event, events, oneTarget, startMs } from '../cardinality/one-target.js';
import { sourceRuns } from '../cardinality/source-runs.js';

/** What the log has of a batch for the one target. */
function logged(batch: readonly Event[], aggregate: FoldAggregate): LoggedSources {
  const runs = sourceRuns(asRuns(batch).map((run) => ({ ...run, target: 0 })));
  const targetLows = new Uint32Array(runs.runCount).fill(2);
  const targetHighs = new Uint32Array(runs.runCount).fill(1);
  const written = encodeSources({ runs, targetLows, targetHighs, aggregates: batch.map(() => aggregate) });
  return decodeSources(Buffer.concat([Buffer.alloc(5), written, Buffer.alloc(3)]).subarray(5));
}

describe('what was folded, in the log', () => {
  const copied = (state: FolderState): FolderState => restoredFolder(folderSnapshot(state, 0), state.options)!.state;

  it('brings totals back to where they were at a crash, from any snapshot before it', () => {
    fc.assert(
      fc.property(
        events,
        fc.constantFrom<FoldAggregate>('counter', 'sum', 'max'),
        fc.nat(),
        (batches, aggregate, at) => {
          const snapshotAt = at % batches.length;
          const run = oneTarget(aggregate);
          let snapshot = copied(run.state);
          for (const [i, batch] of batches.entries()) {
            if (i === snapshotAt) snapshot = copied(run.state);
            run.fold(...asRuns(batch));
          }
          const folder = createFolder(snapshot);
          // Batches that the snapshot has already change nothing.
          for (const batch of batches.slice(Math.max(0, snapshotAt - 2))) foldAgain(folder, logged(batch, aggregate));
          const next = { source: 6, samples: [[startMs + 1_000_000, 5]] as const };
          assert.deepEqual(oneTarget(aggregate, {}, snapshot).fold(next), run.fold(next));
        },
      ),
    );
  });

  it('brings back all of it where there is no snapshot', () => {
    const state = createFolderState(defaultFolderOptions);
    foldAgain(createFolder(state), logged([{ source: 1, timeMs: startMs, value: 8 }], 'counter'));
    const { fold } = oneTarget('counter', {}, state);
    assert.deepEqual(fold({ source: 2, samples: [[startMs + 1, 1]] }), [[startMs + 1, 9]]);
  });

  it('is given out when it is sent again, where it did not reach the log', () => {
    const { folder, fold } = oneTarget('counter');
    fold({ source: 1, samples: [[startMs, 8]] });
    assert.deepEqual(fold({ source: 1, samples: [[startMs, 8]] }), []);
    folder.owe(Uint32Array.of(7));
    assert.deepEqual(fold({ source: 1, samples: [[startMs, 8]] }), [[startMs, 8]]);
    assert.deepEqual(fold({ source: 1, samples: [[startMs, 8]] }), []);
  });
});
