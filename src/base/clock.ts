/** Time as the program sees it, so that tests can hold it still. */
export interface Clock {
  /** Wall-clock time, epoch milliseconds, UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
