/**
 * What is done to the groups of pushed metrics, one change at a time. A change is checked, its samples are brought to the log, its group to its
 * file, and only then does it count: what fails on the way leaves the group as it was. A large one is made in slices, between which others
 * have their turn; of one that fails at its samples, those of its first batches may be there.
 */
import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import { inTurns, type Steps } from '../../base/turns.js';
import type { Labels } from '../../model/labels.js';
import type { DecodedMetrics, MetricMetadata } from '../../model/sample-batch.js';
import type { MetricIntake, MetricIntakeResult } from '../metrics/metric-intake.js';
import { keysOf, sampleBatches } from './group-samples.js';
import type { HeldGroup, HeldGroups } from './held-groups.js';
import { pushedFamilies } from './pushed-families.js';
import {
  allFamilies,
  emptyGroup,
  groupIdOf,
  type PushedFamily,
  type PushedGroup,
  reservedNames,
  seriesCountOf,
  timeFamilies,
} from './pushed-group.js';
import { writeGroup } from './write-group.js';

/** Where groups outlive the process. */
export interface GroupFiles {
  /** Resolves once the group is on disk, whole, in place of the one of the same id. */
  write(group: PushedGroup): Promise<void>;
  remove(group: PushedGroup): Promise<void>;
}

/** What a PUT and a POST ask for. */
export interface Push {
  readonly labels: Labels;
  /** Whether the group's other metrics go, or only those of the same names. */
  readonly replaces: 'group' | 'names';
  /** Name of the sender. */
  readonly sender: string;
  /** Size of the body. */
  readonly bytes: number;
  /** Reads the body, in steps; called once. What it throws fails the push. */
  readonly decode: () => Steps<DecodedMetrics>;
}

export interface GroupChangesOptions {
  readonly held: HeldGroups;
  readonly files: GroupFiles;
  readonly intake: Pick<MetricIntake, 'take'>;
  readonly clock: Clock;
  readonly onProblem: (problem: string) => void;
}

export interface GroupChanges {
  push(push: Omit<Push, 'bytes'>): Promise<MetricIntakeResult>;
  /** Notes that a push failed, as far as there is room. Never fails, since what failed the push is what has to be told. */
  noteFailure(push: Pick<Push, 'labels' | 'sender'>): Promise<void>;
  /** Ends the series of a group and forgets it. */
  remove(group: PushedGroup): Promise<void>;
  /** Writes groups from the one at `first` on that were not written since `timeMs`; answers which one is next. */
  emitFrom(ids: readonly string[], first: number, timeMs: number): Promise<number>;
}

/** An emission writes groups of about so many series at a time, and lets pushes in between. A guess: some 30 ms each. */
const emittedSeriesMax = 50_000;

/** Series that a push brings to the log at a time. Where all are new, the intake works on so many for some 10 ms, and none of it can be put off. */
const batchSeriesMax = 1_000;
/** The same for series that were written before, which cost a tenth of it. */
const knownBatchSeriesMax = 5_000;

/** Whether a push before said the same of a family, so that it need not be written again. */
function isTold({ metric, type, help, unit }: PushedFamily, before: PushedGroup): boolean {
  if (reservedNames.has(metric)) return before.pushedMs + before.failedMs > 0;
  const known = before.families.get(metric);
  return known?.type === type && known.help === help && known.unit === unit;
}

/** What of families a push before did not tell. */
const untold = (families: readonly PushedFamily[], before: PushedGroup): MetricMetadata[] =>
  families
    .filter((family) => !isTold(family, before))
    .map(({ metric, type, help, unit }) => ({ metric, type, help, unit }));

/** The sender of what is written without a push. */
const emitter = 'push groups';

export const createGroupChanges = (options: GroupChangesOptions): GroupChanges => ({
  push: (asked) => push(asked, options),
  noteFailure: (asked) => noteFailure(asked, options),
  remove: (group) => remove(group, options),
  emitFrom: (ids, first, timeMs) => emitFrom(ids, first, timeMs, options),
});

const groupOf = (labels: Labels, { held }: GroupChangesOptions): PushedGroup =>
  held.get(groupIdOf(labels))?.group ?? emptyGroup(labels);

async function push(
  { labels, replaces, sender, decode }: Omit<Push, 'bytes'>,
  options: GroupChangesOptions,
): Promise<MetricIntakeResult> {
  const { clock, files, held, intake } = options;
  const decoded = await inTurns(decode());
  const timeMs = clock.nowMs();
  const pushed = await inTurns(pushedFamilies(decoded, timeMs));
  const families = [...pushed.values()];
  const before = groupOf(labels, options);
  const isReplaced = (name: string): boolean => replaces === 'group' || pushed.has(name);
  const replaced = [...before.families.values()].filter(({ metric }) => isReplaced(metric));
  const others = [...before.families].filter(([name]) => !isReplaced(name));
  const after: PushedGroup = { ...before, families: new Map([...others, ...pushed]), pushedMs: timeMs };
  held.checkRoom(before, after);
  await inTurns(held.checkConsistent(after, replaced, families));
  const written = [...families, ...timeFamilies(after)];
  const kept = await inTurns(keysOf(replaced.length === 0 ? [] : families));
  const batches = sampleBatches({ values: written, ended: replaced, kept }, timeMs, batchSeriesMax);
  const notes = { metadata: untold(written, before), exemplars: decoded.exemplars };
  const result = await writeGroup(batches, notes, intake, sender);
  await files.write(after);
  const entry = await inTurns(held.put(before, after, replaced, families));
  entry.writtenMs = timeMs;
  return result;
}

async function noteFailure(
  { labels, sender }: Pick<Push, 'labels' | 'sender'>,
  options: GroupChangesOptions,
): Promise<void> {
  const { clock, files, held, intake, onProblem } = options;
  try {
    const timeMs = clock.nowMs();
    const before = groupOf(labels, options);
    const after = { ...before, failedMs: timeMs };
    held.checkRoom(before, after);
    await inTurns(held.checkConsistent(after, [], []));
    const written = timeFamilies(after);
    const batches = sampleBatches({ values: written }, timeMs, batchSeriesMax);
    await writeGroup(batches, { metadata: untold(written, before) }, intake, sender);
    await files.write(after);
    const writtenMs = held.get(after.id)?.writtenMs ?? timeMs;
    const entry = await inTurns(held.put(before, after, [], []));
    entry.writtenMs = writtenMs;
  } catch (error) {
    onProblem(`the failure of a push could not be noted: ${messageOf(error)}`);
  }
}

async function remove(group: PushedGroup, options: GroupChangesOptions): Promise<void> {
  const { clock, files, held, intake } = options;
  const batches = sampleBatches({ values: [], ended: allFamilies(group) }, clock.nowMs(), knownBatchSeriesMax);
  await writeGroup(batches, {}, intake, emitter);
  await files.remove(group);
  await inTurns(held.remove(group));
}

async function emitFrom(
  ids: readonly string[],
  first: number,
  timeMs: number,
  options: GroupChangesOptions,
): Promise<number> {
  const { held, intake } = options;
  const written: HeldGroup[] = [];
  const families: PushedFamily[] = [];
  let next = first;
  let series = 0;
  while (next < ids.length && series < emittedSeriesMax) {
    const entry = held.get(ids[next++]!);
    if (entry === undefined || entry.writtenMs >= timeMs) continue;
    const own = allFamilies(entry.group);
    families.push(...own);
    series += seriesCountOf(own);
    written.push(entry);
  }
  if (written.length > 0)
    await writeGroup(sampleBatches({ values: families }, timeMs, knownBatchSeriesMax), {}, intake, emitter);
  for (const entry of written) entry.writtenMs = timeMs;
  return next;
}
