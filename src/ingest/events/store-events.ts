/** Stores a run of records of the event log. */
import type { EventRecord } from './event-record.js';
import type { StoreContext } from './store-context.js';
import { storeGroundTruth } from './store-ground-truth.js';
import { storePredictions } from './store-predictions.js';

/** Predictions first: truth of the same flush then finds them. */
export async function storeEvents(records: readonly EventRecord[], context: StoreContext): Promise<void> {
  const predictions = records.filter((record) => record.kind === 'prediction');
  if (predictions.length > 0) await storePredictions(predictions, context);
  const truths = records.filter((record) => record.kind === 'ground_truth');
  if (truths.length > 0) await storeGroundTruth(truths, context);
}
