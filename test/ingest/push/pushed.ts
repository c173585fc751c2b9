/** Groups of pushed metrics with a clock, an intake and files of their own, for tests. */
import { BarographError } from '../../../src/base/errors.js';
import { decodePush } from '../../../src/ingest/push/decode-push.js';
import type { Push } from '../../../src/ingest/push/group-changes.js';
import type { PushLimits } from '../../../src/ingest/push/held-groups.js';
import { createPushGroups, type PushGroups } from '../../../src/ingest/push/push-groups.js';
import { groupIdOf, type PushedGroup } from '../../../src/ingest/push/pushed-group.js';
import { sortedLabels } from '../../../src/model/labels.js';
import { type SampleBatch, staleMarkerHigh, staleMarkerLow, valueWords } from '../../../src/model/sample-batch.js';
import { samplesOf, seriesOf } from '../../protocols/text/decoded-samples.js';
import { createFakeClock, type FakeClock } from '../scrape/fake-clock.js';

export interface Pushed {
  readonly groups: PushGroups;
  readonly clock: FakeClock;
  /** Files by the id of their group. */
  readonly files: Map<string, PushedGroup>;
  readonly problems: string[];
  /** Code that the intake fails with, if it does. */
  failsWith: 'too_many_requests' | undefined;
  push(labels: Record<string, string>, body: string, replaces?: Push['replaces'], contentType?: string): Promise<void>;
  /** What was written since the last call, sorted: `name{a="b"} value`, `END` for a stale marker. Push times are left out. */
  written(): string[];
  /** Samples of each batch since the last call. */
  batchSizes(): number[];
  /** The same with the times at which pushes succeeded and failed, and no others. */
  writtenTimes(): string[];
}

export interface PushedOptions {
  readonly groups?: readonly PushedGroup[];
  readonly limits?: Partial<PushLimits>;
  readonly maxAgeMs?: number;
}

const limitsDefault: PushLimits = { groupsMax: 100, groupSeriesMax: 1_000, bytesMax: 1e6 };

export const labelsOf = (labels: Record<string, string>) => sortedLabels(Object.entries(labels));

export function startPushed({ groups: earlier = [], limits = {}, maxAgeMs = Infinity }: PushedOptions = {}): Pushed {
  const clock = createFakeClock();
  const files = new Map(earlier.map((group) => [group.id, group]));
  const problems: string[] = [];
  let lines: string[] = [];
  let sizes: number[] = [];
  const take = (isTime: boolean): string[] => {
    const taken = lines.filter((line) => line.startsWith('push_') === isTime).sort();
    lines = [];
    return taken;
  };
  const groups = createPushGroups({
    groups: earlier,
    files: {
      async write(group) {
        files.set(group.id, group);
      },
      async remove({ id }) {
        files.delete(id);
      },
    },
    intake: {
      async take({ batch }) {
        if (self.failsWith !== undefined) throw new BarographError(self.failsWith, 'the intake is full');
        lines.push(...linesOf(batch));
        sizes.push(batch.sampleCount);
        const nothingElse = { histograms: 0, exemplars: 0, rejected: 0, rejectedByCode: new Map(), errors: [] };
        return { accepted: batch.sampleCount, ...nothingElse };
      },
    },
    clock,
    limits: { ...limitsDefault, ...limits },
    maxAgeMs,
    onProblem: (problem) => problems.push(problem),
  });
  const self: Pushed = {
    groups,
    clock,
    files,
    problems,
    failsWith: undefined,
    async push(labels, body, replaces = 'group', contentType = undefined) {
      const group = labelsOf(labels);
      const bytes = Buffer.from(body);
      await groups.push({
        labels: group,
        replaces,
        sender: 'test',
        bytes: bytes.length,
        decode: () => decodePush({ body: bytes, contentType, labels: group, nowMs: clock.nowMs() }),
      });
    },
    written: () => take(false),
    batchSizes() {
      const taken = sizes;
      sizes = [];
      return taken;
    },
    writtenTimes: () => take(true),
  };
  return self;
}

function linesOf(batch: SampleBatch): string[] {
  const words = valueWords(batch.values);
  return samplesOf(batch).map((sample, i) => {
    const isEnd = words[2 * i] === staleMarkerLow && words[2 * i + 1] === staleMarkerHigh;
    return `${seriesOf(sample)} ${isEnd ? 'END' : sample.value}`;
  });
}

export const groupOf = ({ groups }: Pushed, labels: Record<string, string>): PushedGroup | undefined =>
  groups.groups.find(({ id }) => id === groupIdOf(labelsOf(labels)));
