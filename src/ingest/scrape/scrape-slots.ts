/** A bound on the scrapes that go on at a time. More wait in the order in which they came; there are never more than targets. */
export interface ScrapeSlots {
  /** Resolves once there is a slot, to what gives it back. */
  take(): Promise<() => void>;
}

export function createScrapeSlots(count: number): ScrapeSlots {
  const waiting: (() => void)[] = [];
  let free = count;

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }

  return {
    async take() {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return release;
    },
  };
}
