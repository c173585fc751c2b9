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

/** Long work that yields where it may pause. */
export type Steps<Result> = Generator<undefined, Result>;

/** Does work in slices. What it works on must be its own, or change for nobody meanwhile. */
export async function inTurns<Result>(steps: Steps<Result>, turns: Turns = createTurns()): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turns.breathe();
  }
}

export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
