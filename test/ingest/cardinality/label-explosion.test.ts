/** Ten minutes of a label that names requests, beside metrics that behave, through governor and folder as ingestion has them. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Admission } from '../../../src/ingest/cardinality/admission.js';
import { type CardinalityBudgets, defaultBudgets } from '../../../src/ingest/cardinality/budgets.js';
import { createFolder } from '../../../src/ingest/cardinality/folder.js';
import { createFolderState, defaultFolderOptions } from '../../../src/ingest/cardinality/folder-state.js';
import { createGovernor } from '../../../src/ingest/cardinality/governor.js';
import { foldedSamples, type SourceRun, sourceRuns } from './source-runs.js';

const startMs = Date.UTC(2026, 0, 1);
const budgets: CardinalityBudgets = { ...defaultBudgets, seriesPerMetricMax: 5_000, valuesPerLabelMax: 4_000 };
const sourcesMax = 20_000;
const seconds = 600;
/** The calls of a second, each with an id of its own and a counter that says 1: a minute's storm, then a steady stream. */
const callsIn = (second: number): number => (second < 60 ? 3_000 : 250);
const callsInAll = 60 * 3_000 + 540 * 250;
const methods = ['GET', 'PUT', 'POST'];
const neighbourPods = 40;

/** Canonical label bytes out of names and values in order, quickly. */
const canonical = (...parts: string[]): Uint8Array => Buffer.from(`${parts.join('\xff')}\xff`, 'latin1');

/** A store of the last value of each series, with the index that the governor asks. */
function store() {
  const refs = new Map<string, number>();
  const metricOf: string[] = [];
  const last: number[] = [];
  const perMetric = new Map<string, number>();
  const key = (labels: Uint8Array): string =>
    Buffer.from(labels.buffer, labels.byteOffset, labels.length).toString('latin1');
  return {
    refs,
    last,
    /** The sum of the last values of a metric's series. */
    total: (metric: string) => last.reduce((sum, value, ref) => (metricOf[ref] === metric ? sum + value : sum), 0),
    refOf(metric: string, labels: Uint8Array): number {
      const known = refs.get(key(labels));
      if (known !== undefined) return known;
      refs.set(key(labels), refs.size);
      metricOf.push(metric);
      perMetric.set(metric, (perMetric.get(metric) ?? 0) + 1);
      return refs.size - 1;
    },
    series: {
      get seriesCount() {
        return refs.size;
      },
      seriesOfMetric: (metric: string) => perMetric.get(metric) ?? 0,
      hasSeries: (labels: Uint8Array) => refs.has(key(labels)),
    },
  };
}

it('a label of request ids costs a bounded number of series and sources, its calls stay counted, and no neighbour is touched', () => {
  const clock = { timeMs: startMs, nowMs: () => clock.timeMs };
  const { refs, last, total, refOf, series } = store();
  const governor = createGovernor({ budgets, rules: [], series, clock });
  const folder = createFolder(createFolderState({ ...defaultFolderOptions, sourcesMax }));
  const neighbours = new Map<number, Admission>();
  let [calls, neighbourIncreases] = [0, 0];
  for (let second = 0; second < seconds; second++) {
    clock.timeMs = startMs + second * 1_000;
    const runs: SourceRun[] = [];
    for (let i = 0; i < callsIn(second); i++, calls++) {
      const labels = canonical(
        ...['__name__', 'calls_total', 'method', methods[calls % 3]!, 'pod', `pod-${calls % 4}`],
        ...['request_id', `request-${calls}`],
      );
      const admission = governor.admit(labels);
      assert.ok(admission.kind === 'store' || admission.kind === 'fold');
      if (admission.kind === 'store') last[refOf('calls_total', labels)] = 1;
      else {
        const ref = refOf('calls_total', admission.target);
        const target = folder.openTarget({ ref, idHigh: 0, idLow: ref, aggregate: admission.aggregate });
        runs.push({ source: calls, target, samples: [[clock.timeMs, 1]] });
      }
    }
    for (const [ref, samples] of foldedSamples(folder.fold(sourceRuns(runs)))) last[ref] = samples.at(-1)![1] as number;
    // Series of neighbours come in all the time, some of them new.
    const pod = second % neighbourPods;
    const labels = canonical('__name__', 'neighbour_total', 'pod', `pod-${pod}`);
    if (!neighbours.has(pod)) neighbours.set(pod, governor.admit(labels));
    last[refOf('neighbour_total', labels)] = Math.floor(second / neighbourPods);
    if (second >= neighbourPods) neighbourIncreases++;
  }
  // A few ids are taken for evicted ones that come back; each of them is counted.
  assert.equal(total('calls_total') + folder.counts.baselines, calls);
  assert.ok(folder.counts.baselines < calls / 20_000, `${folder.counts.baselines} baselines`);
  assert.equal(calls, callsInAll);
  assert.ok(refs.size <= budgets.seriesPerMetricMax + neighbourPods);
  assert.ok(folder.sourceCount <= sourcesMax);
  assert.ok([...neighbours.values()].every(({ kind }) => kind === 'store'));
  assert.equal(total('neighbour_total'), neighbourIncreases);
  const { acting, counts, suggestions } = governor.report();
  assert.deepEqual(
    acting.map(({ metric, label, budget }) => [metric, label, budget]),
    [['calls_total', 'request_id', 'values_per_label']],
  );
  assert.equal(counts.stored + counts.folded, calls + neighbourPods);
  assert.deepEqual(suggestions[0]!.rule, { metric: 'calls_total', label: 'request_id', action: 'drop' });
  // The other labels are kept: each pod and method has one series of the ids that were folded.
  const folded = [...refs.keys()].filter((labels) => labels.includes('__other__'));
  assert.equal(folded.length, 12);
});
