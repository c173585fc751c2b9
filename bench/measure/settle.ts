import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds } from './process-tree.js';

/** Share of a core below which a server counts as quiet. An idle Barograph takes 1 to 3 %, its engine included. */
const quietShare = 0.05;
const quietSeconds = 3;
const settleSecondsMax = 120;

export interface Settled {
  /** CPU seconds of the process tree when it had become quiet; asking whether it is idle is not in them. */
  readonly cpuSeconds: number;
  /** False where it had not become quiet within `settleSecondsMax`. */
  readonly hasSettled: boolean;
}

/**
 * Waits until a process tree was quiet for some seconds in a row and then says that it is idle, so that the CPU of work put
 * off (flushes, merges) is counted.
 */
export async function settle(pid: number, isIdle: () => Promise<boolean>): Promise<Settled> {
  let quiet = 0;
  let before = cpuSeconds(pid);
  for (let second = 0; second < settleSecondsMax; second++) {
    await delay(1000);
    const now = cpuSeconds(pid);
    quiet = now - before < quietShare ? quiet + 1 : 0;
    before = now;
    if (quiet < quietSeconds) continue;
    if (await isIdle()) return { cpuSeconds: now, hasSettled: true };
    quiet = 0;
    before = cpuSeconds(pid);
  }
  return { cpuSeconds: before, hasSettled: false };
}
