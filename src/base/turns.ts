/** Long work on the thread that acknowledges writes, cut into slices between which others have their turn. */
import { setImmediate } from 'node:timers/promises';

/** Longest slice. With what waits in front of it, an acknowledgement stays within about 10 ms. */
export const sliceMs = 4;

export interface Turns {
  /** Lets others have their turn where the slice is over. Throws the signal's reason where it aborted. */
  breathe(): Promise<void>;
  /** Whether the slice is over: for loops that would rather not await each time. */
  isDue(): boolean;
}

export function createTurns(signal: AbortSignal): Turns {
  let startedMs = performance.now();
  const isDue = (): boolean => performance.now() - startedMs >= sliceMs;
  return {
    isDue,
    async breathe() {
      if (!isDue()) return;
      await setImmediate();
      signal.throwIfAborted();
      startedMs = performance.now();
    },
  };
}
