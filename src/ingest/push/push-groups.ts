/**
 * The groups of pushed metrics, which go on being written after their pushers are gone. Source of what pushes mean: prometheus/pushgateway, README
 * and storage/diskmetricstore.go. Changes are made one at a time.
 */
import type { Clock } from '../../base/clock.js';
import { isBarographError } from '../../base/errors.js';
import type { Labels } from '../../model/labels.js';
import type { MetricIntake, MetricIntakeResult } from '../metrics/metric-intake.js';
import { createChangeQueue } from './change-queue.js';
import { createGroupChanges, type GroupFiles, type Push } from './group-changes.js';
import { createHeldGroups, type PushLimits } from './held-groups.js';
import { groupIdOf, type PushedGroup } from './pushed-group.js';

export interface PushGroupsOptions {
  /** Those of an earlier run. */
  readonly groups: readonly PushedGroup[];
  readonly files: GroupFiles;
  readonly intake: Pick<MetricIntake, 'take'>;
  readonly clock: Clock;
  readonly limits: PushLimits;
  /** A group that heard of no push for so long is deleted, milliseconds; Infinity for never. */
  readonly maxAgeMs: number;
  readonly onProblem: (problem: string) => void;
}

export interface PushGroups {
  readonly groups: readonly PushedGroup[];
  /**
   * Resolves once what was pushed is on disk. Fails with what decoding fails with, `inconsistent_push`, `push_limit`, `too_many_requests`, or as the
   * intake does. A series that the intake rejects stays in its group, and is offered again with it.
   */
  push(push: Push): Promise<MetricIntakeResult>;
  /** Ends the series of a group and forgets it. There need not be one. */
  delete(labels: Labels): Promise<void>;
  deleteAll(): Promise<void>;
  /** Deletes groups that are too old, and writes the values of all others with the time `timeMs`. Fails as the intake does. */
  emit(timeMs: number): Promise<void>;
}

/** Guesses: pushers are jobs that end, not streams. */
const queueLimits = { changesMax: 1_000, bytesMax: 256 * 1024 * 1024 };

/** Failures that a group remembers: those of what was pushed, not those of bodies that cannot be read. */
const rememberedCodes = ['time_refused', 'inconsistent_push', 'push_limit'] as const;

export function createPushGroups(options: PushGroupsOptions): PushGroups {
  const queue = createChangeQueue(queueLimits);
  const held = createHeldGroups(options);
  const changes = createGroupChanges({ ...options, held });
  const { maxAgeMs } = options;

  const isOld = ({ pushedMs, failedMs }: PushedGroup, nowMs: number): boolean =>
    nowMs - Math.max(pushedMs, failedMs) > maxAgeMs;

  async function deleteIf(condition: (group: PushedGroup) => boolean): Promise<void> {
    for (const { group } of held.entries())
      if (condition(group))
        await queue.run(async () => {
          const now = held.get(group.id)?.group;
          if (now !== undefined && condition(now)) await changes.remove(now);
        });
  }

  return {
    get groups() {
      return held.entries().map(({ group }) => group);
    },
    push: ({ bytes, ...push }) =>
      queue.admit(bytes, async () => {
        try {
          return await changes.push(push);
        } catch (error) {
          if (rememberedCodes.some((code) => isBarographError(error, code))) await changes.noteFailure(push);
          throw error;
        }
      }),
    delete: (labels) =>
      queue.admit(0, async () => {
        const entry = held.get(groupIdOf(labels));
        if (entry !== undefined) await changes.remove(entry.group);
      }),
    deleteAll: () => deleteIf(() => true),
    async emit(timeMs) {
      await deleteIf((group) => isOld(group, timeMs));
      const ids = held.entries().map(({ group }) => group.id);
      for (let next = 0; next < ids.length; ) next = await queue.run(() => changes.emitFrom(ids, next, timeMs));
    },
  };
}
