/** Targets of a job among the addresses that its discoveries found, and what became of the other addresses. */
import type { Labels } from '../../model/labels.js';
import type { ScrapeJob } from './scrape-config.js';
import { findTarget, type Target } from './target.js';
import type { TargetGroup } from './target-group.js';

export interface FoundTargets {
  /** By key. */
  readonly targets: ReadonlyMap<string, Target>;
  /** The first of the targets that rules dropped. */
  readonly dropped: readonly Labels[];
  readonly droppedCount: number;
  /** Addresses, dropped ones too. */
  readonly discoveredCount: number;
  /** Addresses of which no target could be made. */
  readonly invalidCount: number;
  /** A sentence for each address that is left out, and for the bound where it was met. */
  readonly problems: readonly string[];
}

export const nothingFound: FoundTargets = {
  targets: new Map(),
  dropped: [],
  droppedCount: 0,
  discoveredCount: 0,
  invalidCount: 0,
  problems: [],
};

/** Takes each target once, and at most `targetsMax`. */
export function findTargets(job: ScrapeJob, groups: readonly TargetGroup[], targetsMax: number): FoundTargets {
  const targets = new Map<string, Target>();
  const dropped: Labels[] = [];
  const problems: string[] = [];
  let droppedCount = 0;
  let discoveredCount = 0;
  let leftOut = 0;
  for (const { targets: addresses, labels } of groups)
    for (const address of addresses) {
      discoveredCount++;
      const found = findTarget(job, address, labels);
      if (found.kind === 'dropped') {
        droppedCount++;
        if (dropped.length < job.droppedTargetsMax) dropped.push(found.discoveredLabels);
      } else if (found.kind === 'invalid')
        problems.push(`the target ${JSON.stringify(address)} is left out: ${found.problem}`);
      else if (targets.size < targetsMax || targets.has(found.target.key)) targets.set(found.target.key, found.target);
      else leftOut++;
    }
  const invalidCount = problems.length;
  if (leftOut > 0) problems.push(`${leftOut} targets are left out, more than ${targetsMax} are not taken`);
  return { targets, dropped, droppedCount, discoveredCount, invalidCount, problems };
}
