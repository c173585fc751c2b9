/** Samples of selectors straight from the tables, once everything acknowledged is in them. */
import { BarographError } from '../../base/errors.js';
import type { ExportedRun } from '../../ingest/metrics/export-samples.js';
import { exportSamples } from '../../ingest/metrics/export-samples.js';
import type { SampleSource, SelectedSeries } from '../../promql/evaluate/sample-source.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';

export interface ExportSourceParts {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  /** Resolves when every sample acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
}

/** Most samples of one selection, which is in memory as a whole: 800 MB. Prometheus' own bound for a query. */
const samplesMax = 50_000_000;

/** @param signal Aborting it cancels what runs in the engine. */
export function createExportSource(
  { engine, index, waitUntilStored }: ExportSourceParts,
  signal: AbortSignal,
): SampleSource {
  return {
    async select(matchers, fromMs, toMs) {
      const range = { fromMs, toMs };
      const refs = index.select(matchers, range);
      if (refs.length === 0) return [];
      await waitUntilStored();
      const runsOf = new Map<number, ExportedRun[]>();
      let left = samplesMax;
      for await (const run of exportSamples(engine, index, refs, range, signal)) {
        left -= run.timesMs.length;
        if (left < 0) throw tooMany();
        const runs = runsOf.get(run.ref);
        if (runs === undefined) runsOf.set(run.ref, [run]);
        else runs.push(run);
      }
      return Array.from(
        runsOf,
        ([ref, runs]): SelectedSeries => ({ labels: index.labelsOf(ref), floats: joined(runs) }),
      );
    },
  };
}

const tooMany = (): BarographError =>
  new BarographError('query_too_large', `a selector selects more than ${samplesMax} samples, the limit`, {
    hint: 'Ask for fewer series, or a shorter time.',
  });

/** Runs of one series, each a day after the other, as one column. Copies between arrays of doubles keep the bits of NaNs. */
function joined(runs: readonly ExportedRun[]): SelectedSeries['floats'] {
  const count = runs.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  const timesMs = new Float64Array(count);
  const values = new Float64Array(count);
  let at = 0;
  for (const run of runs) {
    timesMs.set(run.timesMs, at);
    values.set(run.values, at);
    at += run.timesMs.length;
  }
  return { timesMs, values, count };
}
