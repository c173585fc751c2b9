import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

/** Far more than anything waited for takes; only so that a failure is told instead of waited for. */
const waitMsMax = 10_000;

/** Resolves once the condition holds, looking again and again. */
export async function waitUntil(condition: () => boolean): Promise<void> {
  const startedMs = performance.now();
  while (!condition()) {
    if (performance.now() - startedMs > waitMsMax) assert.fail(`in vain: ${condition}`);
    await setTimeout(1);
  }
}
