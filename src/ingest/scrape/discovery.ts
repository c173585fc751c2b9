/** What every discovery of targets is. A group that was found stays until a later reading succeeds and does not find it. */
import type { ScrapeClock } from './scrape-clock.js';
import type { TargetGroup } from './target-group.js';

export interface Discovery {
  stop(): Promise<void>;
}

export interface DiscoveryOptions {
  readonly clock: ScrapeClock;
  /** Takes all groups of the discovery, whenever they changed, and after the first reading. */
  readonly onGroups: (groups: readonly TargetGroup[]) => void;
  /** Takes a sentence for every reading that failed. */
  readonly onProblem: (problem: string) => void;
  /** Told of every reading, whether it went well. */
  readonly onRead: (isWell: boolean) => void;
}

/** Largest file or answer with target groups, bytes. A guess: some 500,000 targets. */
export const discoveryBytesMax = 64 * 1024 * 1024;
