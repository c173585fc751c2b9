/** Brings the samples of groups to the log, batch after batch, with turns for others in between. */
import { createTurns } from '../../base/turns.js';
import type { MetricMetadata } from '../../model/sample-batch.js';
import { type Exemplar, rejectionsMax, type SampleBatch } from '../../model/sample-batch.js';
import type { MetricIntake, MetricIntakeResult } from '../metrics/metric-intake.js';

export interface GroupNotes {
  readonly metadata?: readonly MetricMetadata[];
  readonly exemplars?: readonly Exemplar[];
}

/**
 * Resolves once all batches are on disk, with what became of them together; fails with what the first of them fails with, and those
 * before it stay. What is known of metrics goes with the first batch, exemplars with the last, when their series are there.
 */
export async function writeGroup(
  batches: Iterable<SampleBatch | undefined>,
  { metadata = [], exemplars = [] }: GroupNotes,
  intake: Pick<MetricIntake, 'take'>,
  sender: string,
): Promise<MetricIntakeResult> {
  const turns = createTurns();
  const take = (batch: SampleBatch, isFirst: boolean, isLast: boolean): Promise<MetricIntakeResult> =>
    intake.take(
      {
        batch,
        metadata: isFirst ? metadata : [],
        exemplars: isLast ? exemplars : [],
        rejected: 0,
        rejectedByCode: new Map(),
        rejections: [],
      },
      { name: sender, protocol: 'push' },
    );
  let result: MetricIntakeResult | undefined;
  let last: SampleBatch | undefined;
  for (const batch of batches) {
    if (batch !== undefined && last !== undefined)
      result = together(result, await take(last, result === undefined, false));
    last = batch ?? last;
    await turns.breathe();
  }
  return together(result, await take(last!, result === undefined, true));
}

function together(before: MetricIntakeResult | undefined, next: MetricIntakeResult): MetricIntakeResult {
  if (before === undefined) return next;
  const rejectedByCode = new Map(before.rejectedByCode);
  for (const [code, count] of next.rejectedByCode) rejectedByCode.set(code, (rejectedByCode.get(code) ?? 0) + count);
  return {
    accepted: before.accepted + next.accepted,
    histograms: before.histograms + next.histograms,
    exemplars: before.exemplars + next.exemplars,
    rejected: before.rejected + next.rejected,
    rejectedByCode,
    errors: [...before.errors, ...next.errors].slice(0, rejectionsMax),
  };
}
