/**
 * Derives metrics from the events that are in their tables, again and again: counts what is new, and writes the totals as samples. What is counted
 * stands in the engine; the samples are only told of it. So a derivation that fails, or is cut off, makes up for it with the next.
 */
import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import type { Engine } from '../../storage/engine.js';
import type { MetricIntake } from '../metrics/metric-intake.js';
import { derivedSamples } from './derived-samples.js';
import { addGroundTruthTotals, readGroundTruthTotals } from './ground-truth-totals.js';
import { defaultBounds, type HistogramBounds, type ModelBounds } from './histogram-bounds.js';
import { addPredictionTotals, readPredictionTotals } from './prediction-totals.js';

export interface DerivingOptions {
  readonly engine: Engine;
  readonly intake: MetricIntake;
  readonly intervalMs: number;
  readonly modelBounds: readonly ModelBounds[];
  /** Every event row below this is in its table. */
  readonly storedBelow: () => number;
  readonly clock: Clock;
  readonly onProblem: (problem: string) => void;
}

/** Totals that are written at once. A total of predictions is some 45 series, each of which is new at first: some milliseconds' work. */
const predictionTotalsAtOnce = 2;
const groundTruthTotalsAtOnce = 100;

export interface Deriving {
  /** Derives now, after what is under way. */
  derive(): Promise<void>;
  /** Ends it, after what is under way. */
  stop(): Promise<void>;
}

export function startDeriving(options: DerivingOptions): Deriving {
  const { intervalMs, onProblem } = options;
  let underway: Promise<void> = Promise.resolve();
  let countedBelow = -1;

  async function take(batch: SampleBatch): Promise<void> {
    await options.intake.takeBatch(batch, { name: 'predictions', protocol: 'derived' });
  }
  async function deriveOnce(): Promise<void> {
    const below = options.storedBelow();
    if (below !== countedBelow) await count(options, below);
    countedBelow = below;
    const [predictions, groundTruths] = await Promise.all([
      readPredictionTotals(options.engine),
      readGroundTruthTotals(options.engine),
    ]);
    const timeMs = options.clock.nowMs();
    // One piece after the other is in the log before the next is made: other requests go between.
    for (let from = 0; from < predictions.length; from += predictionTotalsAtOnce)
      await take(derivedSamples(predictions.slice(from, from + predictionTotalsAtOnce), [], timeMs));
    for (let from = 0; from < groundTruths.length; from += groundTruthTotalsAtOnce)
      await take(derivedSamples([], groundTruths.slice(from, from + groundTruthTotalsAtOnce), timeMs));
  }
  const derive = (): Promise<void> => {
    underway = underway.catch(() => undefined).then(deriveOnce);
    return underway;
  };
  const timer = setInterval(() => {
    derive().catch((error: unknown) => onProblem(`metrics of predictions could not be derived: ${messageOf(error)}`));
  }, intervalMs).unref();
  return {
    derive,
    async stop() {
      clearInterval(timer);
      await underway.catch(() => undefined);
    },
  };
}

async function count({ engine, modelBounds }: DerivingOptions, below: number): Promise<void> {
  for (const model of await freshModels(engine, below - 1))
    await addPredictionTotals(engine, model, below - 1, boundsOf(model, modelBounds));
  await addGroundTruthTotals(engine, below - 1);
}

function boundsOf(model: string, modelBounds: readonly ModelBounds[]): HistogramBounds {
  return { ...defaultBounds, ...modelBounds.find((bounds) => bounds.model === model) };
}

/** Models with rows that no total holds yet. */
async function freshModels(engine: Engine, upToRowId: number): Promise<string[]> {
  const rows = await engine.query<{ model: string }>({
    sql: `SELECT DISTINCT model FROM prediction_rows
WHERE row_id > (SELECT max(up_to_row_id) FROM prediction_totals) AND row_id <= {upTo:UInt64}`,
    params: { upTo: upToRowId },
  });
  return rows.map(({ model }) => model);
}
