/**
 * Which of the process' threads the machine runs first where there is work for several: the main one, which acknowledges, before those that compile, collect
 * garbage and answer heavy queries. On Linux only, where each thread has a level of its own; elsewhere the level is the process'.
 */
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

/**
 * Of 20 levels: as the engine's process. At the same level as the main thread, V8's threads took its core for up to 16 ms at a time, on two cores, 89 times
 * in 12 s of predictions at half the highest rate; so lowered, for up to 8 ms, 42 times in 16 s. Measured.
 */
export const levelsLower = 10;

/** What Node starts unless it is told otherwise (`--v8-pool-size`). */
const v8ThreadsDefault = 4;

/** Lets other threads go before the one that calls it. */
export function lowerThisThread(): void {
  if (process.platform === 'linux') lower(0);
}

/** Lets other threads go before those of V8. To be called once, by the main thread. */
export function lowerV8Threads(): void {
  if (process.platform !== 'linux') return;
  for (const thread of v8Threads()) lower(thread);
}

/** Who may not lower it goes without: nothing depends on it but time. */
function lower(thread: number): void {
  try {
    os.setPriority(thread, levelsLower);
  } catch {
    // A thread that has ended, or a machine that forbids it.
  }
}

/** By their names, which Node gives from version 24 on; before, they are the first that it starts, behind the one that keeps their timers. */
function v8Threads(): number[] {
  const folder = '/proc/self/task';
  const threads = readdirSync(folder).map(Number);
  const named = threads.filter((thread) => nameOf(`${folder}/${thread}`) === 'V8Worker');
  if (named.length > 0) return named;
  if (process.execArgv.some((argument) => argument.startsWith('--v8-pool-size'))) return [];
  const others = threads.filter((thread) => thread !== process.pid).sort((a, b) => a - b);
  return others.slice(1, 1 + v8ThreadsDefault);
}

function nameOf(folder: string): string {
  try {
    return readFileSync(`${folder}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
