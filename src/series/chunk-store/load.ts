/**
 * Loads: rows of one group and hour that were read from the engine come back into memory, below what is there. A load begins
 * before its rows are read and keeps the group's hour from being evicted until it ends: otherwise a sample could be stored
 * after the rows were read and evicted before they arrive, and be missing in an hour that passes for resident.
 */
import { assert } from '../../base/assert.js';
import { valueWords } from '../../model/sample-batch.js';
import { appendToHour } from './append-runs.js';
import { hourOf } from './hours.js';
import { sealRefs } from './seal.js';
import type { StoreState } from './store-state.js';
import { takeGroupHour, touch } from './store-state.js';

export interface GroupLoad {
  /**
   * Takes rows in runs, as `append` does. All lie in the hour and belong to the group. Where a sample with the same time is there
   * already, that one stays.
   */
  add(refs: Uint32Array, runCount: number, sampleEnds: Uint32Array, timesMs: Float64Array, values: Float64Array): void;
  /**
   * All rows were added: moves about `chunksMax` of the chunks to where closed ones lie, some microseconds each. Returns whether there are more; what is
   * left, `finish` moves at once.
   */
  seal(chunksMax: number): boolean;
  /** All rows were added: the group's hour is resident. */
  finish(): void;
  /** Ends the load before all rows came. What came stays, but the group's hour is not resident. */
  abandon(): void;
}

export function beginLoad(state: StoreState, group: number, timeMs: number): GroupLoad {
  const hour = state.hours.take(hourOf(timeMs));
  const groupHour = takeGroupHour(state, hour, group);
  groupHour.pins++;
  const load = { droppedRefs: new Set<number>() };
  state.loads.add(load);
  const loadedRefs = new Set<number>();
  const ignored = { appended: 0, outOfOrder: 0, duplicates: 0, replaced: 0 };

  let sealing: number[] | undefined;

  function seal(chunksMax: number): boolean {
    if (hour.index >= state.closedBeforeHour) return false;
    sealing ??= [...loadedRefs].sort((a, b) => b - a);
    const refs = sealing.splice(-Math.min(chunksMax, sealing.length)).reverse();
    if (refs.length > 0) sealRefs(state, hour, group, refs);
    return sealing.length > 0;
  }

  function end(): void {
    assert(state.loads.delete(load), 'the load has ended');
    seal(Number.POSITIVE_INFINITY);
    groupHour.pins--;
  }

  return {
    add(refs, runCount, sampleEnds, timesMs, values) {
      assert(sealing === undefined, 'rows are added before they are sealed');
      const source = { timesMs, values, words: valueWords(values) };
      let from = 0;
      for (let run = 0; run < runCount; run++) {
        const to = sampleEnds[run]!;
        const ref = refs[run]!;
        if (to > from && !load.droppedRefs.has(ref)) {
          const end = appendToHour(state, hour, ref, source, from, to, 'present', ignored);
          assert(end === to, 'a row lies outside the hour that is loaded');
          loadedRefs.add(ref);
        }
        from = to;
      }
    },
    seal,
    finish() {
      end();
      groupHour.isResident = true;
      touch(state, groupHour);
    },
    abandon: end,
  };
}
