/**
 * Events of the last minute, by two counters: this minute's, and as much of the last one's as still lies within sixty
 * seconds, as if its events had been spread evenly.
 */
export interface MinuteCount {
  add(nowMs: number): void;
  at(nowMs: number): number;
}

const minuteMs = 60_000;

export function createMinuteCount(): MinuteCount {
  let minute = 0;
  let current = 0;
  let previous = 0;

  function turnTo(nowMs: number): void {
    const now = Math.floor(nowMs / minuteMs);
    // A clock that goes back stays in the minute that it had reached.
    if (now <= minute) return;
    previous = now === minute + 1 ? current : 0;
    current = 0;
    minute = now;
  }

  return {
    add(nowMs) {
      turnTo(nowMs);
      current++;
    },
    at(nowMs) {
      turnTo(nowMs);
      const passed = Math.min(1, Math.max(0, nowMs / minuteMs - minute));
      return current + previous * (1 - passed);
    },
  };
}
