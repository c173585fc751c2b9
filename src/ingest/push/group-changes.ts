/**
 * What is done to the groups of pushed metrics, one change at a time. A change is checked, its samples are brought to the log, its group to its
 * file, and only then does it count: what fails on the way leaves the group as it was.
 */
import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { Labels } from '../../model/labels.js';
import type { DecodedMetrics, Exemplar, SampleBatch } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import type { MetricIntake, MetricIntakeResult } from '../metrics/metric-intake.js';
import { addStaleMarkers, addValues } from './group-samples.js';
import type { HeldGroup, HeldGroups } from './held-groups.js';
import { pushedFamilies } from './pushed-families.js';
import {
  allFamilies,
  emptyGroup,
  groupIdOf,
  type PushedFamily,
  type PushedGroup,
  reservedNames,
  timeFamilies,
} from './pushed-group.js';

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
  /** Reads the body; called once. What it throws fails the push. */
  readonly decode: () => DecodedMetrics;
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

/** Whether a push before said the same of a family, so that it need not be written again. */
function isTold({ metric, type, help, unit }: PushedFamily, before: PushedGroup): boolean {
  if (reservedNames.has(metric)) return before.pushedMs + before.failedMs > 0;
  const known = before.families.get(metric);
  return known?.type === type && known.help === help && known.unit === unit;
}

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

function write(
  batch: SampleBatch,
  sender: string,
  { intake }: GroupChangesOptions,
  families: PushedFamily[] = [],
  exemplars: readonly Exemplar[] = [],
): Promise<MetricIntakeResult> {
  return intake.take(
    {
      batch,
      metadata: families.map(({ metric, type, help, unit }) => ({ metric, type, help, unit })),
      exemplars,
      rejected: 0,
      rejectedByCode: new Map(),
      rejections: [],
    },
    { name: sender, protocol: 'push' },
  );
}

async function push(
  { labels, replaces, sender, decode }: Omit<Push, 'bytes'>,
  options: GroupChangesOptions,
): Promise<MetricIntakeResult> {
  const { clock, files, held } = options;
  const decoded = decode();
  const timeMs = clock.nowMs();
  const pushed = pushedFamilies(decoded, timeMs);
  const families = [...pushed.values()];
  const before = groupOf(labels, options);
  const isReplaced = (name: string): boolean => replaces === 'group' || pushed.has(name);
  const replaced = [...before.families.values()].filter(({ metric }) => isReplaced(metric));
  const kept = [...before.families].filter(([name]) => !isReplaced(name));
  const after: PushedGroup = { ...before, families: new Map([...kept, ...pushed]), pushedMs: timeMs };
  held.checkRoom(before, after);
  held.checkConsistent(after, replaced, families);
  const builder = createSampleBatchBuilder();
  const written = [...families, ...timeFamilies(after)];
  addValues(builder, written, timeMs);
  addStaleMarkers(builder, replaced, families, timeMs);
  const told = written.filter((family) => !isTold(family, before));
  const result = await write(builder.finish(), sender, options, told, decoded.exemplars);
  await files.write(after);
  held.put(before, after, replaced, families).writtenMs = timeMs;
  return result;
}

async function noteFailure(
  { labels, sender }: Pick<Push, 'labels' | 'sender'>,
  options: GroupChangesOptions,
): Promise<void> {
  const { clock, files, held, onProblem } = options;
  try {
    const timeMs = clock.nowMs();
    const before = groupOf(labels, options);
    const after = { ...before, failedMs: timeMs };
    held.checkRoom(before, after);
    held.checkConsistent(after, [], []);
    const builder = createSampleBatchBuilder();
    const written = timeFamilies(after);
    addValues(builder, written, timeMs);
    const told = written.filter((family) => !isTold(family, before));
    await write(builder.finish(), sender, options, told);
    await files.write(after);
    const writtenMs = held.get(after.id)?.writtenMs ?? timeMs;
    held.put(before, after, [], []).writtenMs = writtenMs;
  } catch (error) {
    onProblem(`the failure of a push could not be noted: ${messageOf(error)}`);
  }
}

async function remove(group: PushedGroup, options: GroupChangesOptions): Promise<void> {
  const { clock, files, held } = options;
  const builder = createSampleBatchBuilder();
  addStaleMarkers(builder, allFamilies(group), [], clock.nowMs());
  await write(builder.finish(), emitter, options);
  await files.remove(group);
  held.remove(group);
}

async function emitFrom(
  ids: readonly string[],
  first: number,
  timeMs: number,
  options: GroupChangesOptions,
): Promise<number> {
  const builder = createSampleBatchBuilder();
  const written: HeldGroup[] = [];
  let next = first;
  while (next < ids.length && builder.sampleCount < emittedSeriesMax) {
    const entry = options.held.get(ids[next++]!);
    if (entry === undefined || entry.writtenMs >= timeMs) continue;
    addValues(builder, allFamilies(entry.group), timeMs);
    written.push(entry);
  }
  if (written.length > 0) await write(builder.finish(), emitter, options);
  for (const entry of written) entry.writtenMs = timeMs;
  return next;
}
