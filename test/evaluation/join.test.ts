/** The join with its revisions, replacements and moments of knowledge, against a few lines of JavaScript on random histories. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { evaluate } from '../../src/evaluation/evaluate.js';
import { parseEvaluationRequest } from '../../src/evaluation/parse-request.js';
import type { TestEngine } from '../storage/test-engine.js';
import {
  dayMs,
  type StoredPrediction,
  type StoredTruth,
  startEvaluationEngine,
  startMs,
  storePredictions,
} from './stored-predictions.js';

const day = fc.integer({ min: 0, max: 20 }).map((days) => startMs + days * dayMs);
const positiveOrNot = fc.constantFrom(0, 1);
const anyTruth = fc.record({ label: positiveOrNot, knownAtMs: day, revision: fc.integer({ min: 0, max: 2 }) });
const anyPrediction = fc.record({
  version: fc.constantFrom('1', '2'),
  tsMs: day,
  region: fc.constantFrom('', 'eu', 'us'),
  prediction: positiveOrNot,
  score: fc.constantFrom(0, 0.25, 0.5, 0.75, 1),
  superseded: fc.boolean(),
  truths: fc.array(anyTruth, { maxLength: 4 }),
});
type History = Required<Omit<StoredPrediction, 'model' | 'scores' | 'features'>>[];
const histories: History[] = fc.sample(fc.array(anyPrediction, { minLength: 1, maxLength: 60 }), {
  numRuns: 25,
  seed: 3,
});

let testEngine: TestEngine;
before(async () => {
  testEngine = await startEvaluationEngine();
  const all = histories.flatMap((history, i) =>
    history.map((prediction) => ({ model: `history ${i}`, ...prediction })),
  );
  await storePredictions(testEngine.engine, all);
});
after(() => testEngine.stop());

function truthAt({ truths }: History[number], asOfMs: number): StoredTruth | undefined {
  const known = truths.filter(({ knownAtMs = 0 }) => knownAtMs <= asOfMs);
  return known.reduce<StoredTruth | undefined>(
    (best, truth) => ((truth.revision ?? 0) >= (best?.revision ?? 0) ? truth : best),
    undefined,
  );
}

/** The share of pairs of a positive and a negative that their scores put right, ties half. */
function rocAucOf(pairs: readonly { score: number; label: unknown }[]): number | null {
  const scores = (label: number) => pairs.filter((pair) => pair.label === label).map(({ score }) => Number(score));
  const [negatives, positives] = [scores(0), scores(1)];
  if (negatives.length * positives.length === 0) return null;
  const wins = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}

function wantedRows(history: History, version: string | undefined, asOfMs: number) {
  const counted = history.filter((each) => !each.superseded && (version === undefined || each.version === version));
  const groups = new Map<string, { tsMs: number; region: string | null; members: History }>();
  for (const each of counted) {
    const key = JSON.stringify([each.tsMs, each.region]);
    const group = groups.get(key) ?? { tsMs: each.tsMs, region: each.region || null, members: [] };
    groups.set(key, group);
    group.members.push(each);
  }
  const rank = (region: string | null): string => region ?? '\uffff';
  return [...groups.values()]
    .sort((a, b) => a.tsMs - b.tsMs || (rank(a.region) < rank(b.region) ? -1 : 1))
    .map(({ tsMs, region, members }) => {
      const pairs = members.flatMap((each) => {
        const truth = truthAt(each, asOfMs);
        return truth === undefined
          ? []
          : [{ prediction: each.prediction, score: Number(each.score), label: truth.label }];
      });
      const right = pairs.filter(({ prediction, label }) => prediction === label).length;
      return {
        fromMs: tsMs,
        region,
        count: members.length,
        withTruth: pairs.length,
        accuracy: pairs.length === 0 ? null : right / pairs.length,
        roc_auc: rocAucOf(pairs),
      };
    });
}

/** All versions in one stream, each in a stream of its own, one alone. */
const readings: [version: string | undefined, separateVersionsRowsMin: number][] = [
  [undefined, Number.POSITIVE_INFINITY],
  [undefined, 0],
  ['2', 0],
];

for (const [i, history] of histories.entries())
  test(`history ${i} of ${history.length} predictions is evaluated as by hand`, async () => {
    for (const [version, separateVersionsRowsMin] of readings) {
      if (!history.some((each) => version === undefined || each.version === version)) continue;
      for (const asOfMs of [startMs + 10 * dayMs, startMs + 30 * dayMs]) {
        const asked = {
          model: `history ${i}`,
          every: '1d',
          by: 'region',
          positive: '1',
          task: 'classification',
          as_of: String(asOfMs),
          ...(version !== undefined && { version }),
        } as const;
        const { rows } = await evaluate(testEngine.engine, parseEvaluationRequest(asked), {
          limits: { rowsMax: 1_000, timeMsMax: 60_000, memoryBytesMax: 1024 ** 3 },
          separateVersionsRowsMin,
        });
        const got = rows.map(({ fromMs, cohort, count, withTruth, metrics }) => ({
          fromMs,
          region: cohort.region,
          count,
          withTruth,
          accuracy: metrics.accuracy,
          roc_auc: metrics.roc_auc,
        }));
        assert.deepEqual(got, wantedRows(history, version, asOfMs));
      }
    }
  });
