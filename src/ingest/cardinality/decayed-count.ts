/** A count whose past fades: what was counted a half-life ago weighs half. It tells what grows now from what grew once. */
export interface DecayedCount {
  add(nowMs: number): void;
  at(nowMs: number): number;
}

export function createDecayedCount(halfLifeMs: number): DecayedCount {
  let count = 0;
  let countedMs = 0;
  const at = (nowMs: number): number => (count === 0 ? 0 : count * 2 ** (-Math.max(0, nowMs - countedMs) / halfLifeMs));
  return {
    at,
    add(nowMs) {
      count = at(nowMs) + 1;
      countedMs = Math.max(countedMs, nowMs);
    },
  };
}
