import { grownArray } from '../../base/grown-array.js';

/** Which series' labels need not go into the log any more, because a record of it or the tables have them. By ref. */
export interface RecordedSeries {
  has(ref: number): boolean;
  add(ref: number): void;
  /** Refs that may be given to other series. */
  forget(refs: Uint32Array): void;
}

export function createRecordedSeries(): RecordedSeries {
  let flags = new Uint8Array(1024);
  return {
    has: (ref) => flags[ref] === 1,
    add(ref) {
      if (ref >= flags.length) flags = grownArray(flags, Math.max(ref + 1, flags.length * 2));
      flags[ref] = 1;
    },
    forget(refs) {
      for (const ref of refs) if (ref < flags.length) flags[ref] = 0;
    },
  };
}
