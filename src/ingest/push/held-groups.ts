/**
 * The groups in memory, with what they hold together. Invariant: the index holds exactly the families of the groups, those of their push times
 * among them.
 */
import { BarographError } from '../../base/errors.js';
import { atOnce, type Steps } from '../../base/turns.js';
import {
  allFamilies,
  byteSizeOfGroup,
  type PushedFamily,
  type PushedGroup,
  seriesCountOf,
  timeFamilies,
} from './pushed-group.js';
import { createPushedIndex } from './pushed-index.js';

export interface PushLimits {
  readonly groupsMax: number;
  /** Most series of one group. */
  readonly groupSeriesMax: number;
  /** Most memory of all groups, bytes. */
  readonly bytesMax: number;
}

export interface HeldGroupsOptions {
  readonly groups: readonly PushedGroup[];
  readonly limits: PushLimits;
}

export interface HeldGroup {
  readonly group: PushedGroup;
  /** When its values were last written, epoch milliseconds. */
  writtenMs: number;
}

export interface HeldGroups {
  get(id: string): HeldGroup | undefined;
  entries(): HeldGroup[];
  /** In steps, puts `after` in the place of `before`, which gave up `replaced` for `families`. */
  put(before: PushedGroup, after: PushedGroup, replaced: PushedFamily[], families: PushedFamily[]): Steps<HeldGroup>;
  remove(group: PushedGroup): Steps<void>;
  /** Throws `push_limit` where `after` has no room in the place of `before`. */
  checkRoom(before: PushedGroup, after: PushedGroup): void;
  /** In steps. Throws `inconsistent_push` where `families` of a group do not go with what is held once `replaced` is gone. */
  checkConsistent(after: PushedGroup, replaced: PushedFamily[], families: PushedFamily[]): Steps<void>;
}

export function createHeldGroups({ groups, limits }: HeldGroupsOptions): HeldGroups {
  const index = createPushedIndex();
  const byId = new Map<string, HeldGroup>();
  let bytes = 0;

  function* put(
    before: PushedGroup,
    after: PushedGroup,
    replaced: PushedFamily[],
    families: PushedFamily[],
  ): Steps<HeldGroup> {
    const isNew = !byId.has(after.id);
    yield* index.release(replaced);
    yield* index.hold(after.id, isNew ? [...families, ...timeFamilies(after)] : families);
    bytes += byteSizeOfGroup(after) - (isNew ? 0 : byteSizeOfGroup(before));
    const entry = { group: after, writtenMs: 0 };
    byId.set(after.id, entry);
    return entry;
  }

  for (const group of groups) atOnce(put(group, group, [], [...group.families.values()]));
  return {
    put,
    get: (id: string) => byId.get(id),
    entries: () => Array.from(byId.values()),
    *remove(group: PushedGroup): Steps<void> {
      yield* index.release(allFamilies(group));
      bytes -= byteSizeOfGroup(group);
      byId.delete(group.id);
    },
    checkRoom(before: PushedGroup, after: PushedGroup): void {
      const isNew = !byId.has(after.id);
      const bytesAfter = bytes + byteSizeOfGroup(after) - (isNew ? 0 : byteSizeOfGroup(before));
      const series = seriesCountOf(after.families.values());
      if (isNew && byId.size >= limits.groupsMax)
        throw overLimit(`${byId.size + 1} groups`, limits.groupsMax, 'groups_max');
      if (series > limits.groupSeriesMax)
        throw overLimit(`a group of ${series} series`, limits.groupSeriesMax, 'group_series_max');
      if (bytesAfter > limits.bytesMax) throw overLimit(`groups of ${bytesAfter} bytes`, limits.bytesMax, 'bytes_max');
    },
    checkConsistent: (after, replaced, families) =>
      index.check(after.id, byId.has(after.id) ? families : [...families, ...timeFamilies(after)], replaced),
  };
}

const overLimit = (got: string, wanted: number, key: string): BarographError =>
  new BarographError('push_limit', `the push would make ${got}, wanted at most ${wanted}`, {
    retryAfterSeconds: 60,
    hint: `Delete groups that are not needed any more, or raise metrics.push.${key}.`,
  });
