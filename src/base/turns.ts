/** Long work on the thread that acknowledges writes, cut into slices between which others have their turn. */
import { setImmediate } from 'node:timers/promises';

/** Longest slice. With what waits in front of it, an acknowledgement stays within about 10 ms. */
export const sliceMs = 4;

export interface Turns {
  /** Lets others have their turn where the slice is over. Throws the signal's reason where it aborted. */
  breathe(): Promise<void>;
}

export function createTurns(signal?: AbortSignal): Turns {
  let startedMs = performance.now();
  return {
    async breathe() {
      if (performance.now() - startedMs < sliceMs) return;
      await setImmediate();
      signal?.throwIfAborted();
      startedMs = performance.now();
    },
  };
}
