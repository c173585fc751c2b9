/**
 * Native histograms of the store for queries, beside the floats that another source gives. Those that wait to be stored come from memory, the others
 * from the engine's rows. A query whose selectors can meet no metric with histograms costs a comparison of names here.
 */
import { type Labels, labelValue, metricNameLabel } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import type { FloatColumn } from '../evaluate/sample-columns.js';
import { noFloats } from '../evaluate/sample-columns.js';
import type { SampleSource, SelectedSeries, SelectHints } from '../evaluate/sample-source.js';
import { labelsKey, seriesLabels } from '../evaluate/series-labels.js';
import { histogramSampleCount } from '../histogram/float-histogram.js';
import { estimateHistograms } from './estimate-histograms.js';
import { exportColumns } from './export-selection.js';
import { columnsOf, type TimedHistogram } from './histogram-columns.js';
import { mergeColumns } from './merge-columns.js';
import { type HistogramParts, readHistograms, type SelectedHistograms } from './read-histograms.js';
import { createRowCounts } from './row-counts.js';
import { checkSamples } from './source-limits.js';
import type { OpenSource, SourceUse } from './stored-source.js';

/** The source that gives both. */
export function withHistograms(openFloats: OpenSource, parts: HistogramParts): OpenSource {
  const { index, histograms } = parts;
  const rowCounts = createRowCounts();
  return (use) => {
    const floats = openFloats(use);
    const refsOf = (matchers: readonly Matcher[], fromMs: number, toMs: number): Uint32Array => {
      if (!meets(histograms.metricNames, matchers)) return noRefs;
      return index
        .select(matchers, { fromMs, toMs })
        .filter((ref) => histograms.metricNames.has(index.metricName(index.metricOf(ref))));
    };
    const select: SampleSource['select'] = async (matchers, fromMs, toMs, hints) => {
      const refs = refsOf(matchers, fromMs, toMs);
      if (refs.length === 0) return floats.select(matchers, fromMs, toMs, hints);
      const found = await readHistograms(parts, use, refs, fromMs - hintLookbackMs, toMs);
      const series = await floats.select(matchers, fromMs, toMs, hints);
      return joined(series, found, fromMs, use);
    };
    return {
      ...floats,
      select,
      async estimate(matchers, fromMs, toMs) {
        const estimate = await floats.estimate(matchers, fromMs, toMs);
        const refs = refsOf(matchers, fromMs, toMs);
        if (refs.length === 0) return estimate;
        const range = { fromMs: fromMs - hintLookbackMs, toMs };
        const samples = await estimateHistograms(parts, rowCounts, refs, range, use.signal);
        // Series of histograms are no guess of floats where nothing says that they have any.
        const isAlone = estimate.isGuess && refs.length === estimate.series;
        return {
          ...estimate,
          samples: samples + (isAlone ? 0 : estimate.samples),
          histogramSamples: samples,
          decoded: samples + (isAlone ? 0 : estimate.decoded),
        };
      },
      async exportSeries(matchers, fromMs, toMs) {
        if (refsOf(matchers, fromMs, toMs).length === 0) return floats.exportSeries(matchers, fromMs, toMs);
        return exportColumns(await select(matchers, fromMs, toMs, wholeSamples));
      },
    };
  };
}

const noRefs = new Uint32Array(0);

/** For another thread, whatever its query makes of them. */
const wholeSamples: SelectHints = { stepMs: 0, rangeMs: 0, functionName: undefined, needsBuckets: true };

/**
 * What a histogram's hint says depends on the one before. So long before a query's time that one is looked for: as long as a series lives without samples by
 * default, and most senders are more frequent.
 */
const hintLookbackMs = 300_000;

/** Whether a metric of these names may satisfy the matchers. */
function meets(names: ReadonlySet<string>, matchers: readonly Matcher[]): boolean {
  if (names.size === 0) return false;
  const ofName = matchers.filter(({ name }) => name === metricNameLabel);
  const equal = ofName.find(({ op }) => op === '=');
  if (equal !== undefined) return names.has(equal.value);
  for (const name of names) if (ofName.every(({ matches }) => matches(name))) return true;
  return false;
}

/** Adds histograms to the series that have floats too; those that have none come last. */
function joined(
  series: readonly SelectedSeries[],
  found: readonly SelectedHistograms[],
  fromMs: number,
  { statistics, limits }: SourceUse,
): SelectedSeries[] {
  const byKey = new Map(found.map((each) => [labelsKey(seriesLabels(each.labels)), each]));
  const names = new Set(found.map(({ labels }) => nameOf(labels)));
  const both = series.map((each): SelectedSeries => {
    if (!names.has(nameOf(each.labels))) return each;
    const key = labelsKey(seriesLabels(each.labels));
    const own = byKey.get(key);
    byKey.delete(key);
    return own === undefined ? each : withOwn(each.labels, each.floats, own.histograms, fromMs);
  });
  const alone = Array.from(byKey.values(), (each) => withOwn(each.labels, noFloats, each.histograms, fromMs));
  const all = [...both, ...alone.filter(({ floats, histograms }) => floats.count > 0 || histograms !== undefined)];
  for (const { histograms } of all)
    if (histograms !== undefined)
      statistics.samples += histograms.values.reduce((sum, each) => sum + histogramSampleCount(each), 0);
  checkSamples(statistics.samples, limits, false);
  return all;
}

const nameOf = (labels: Labels): string => labelValue(labels, metricNameLabel);

function withOwn(labels: Labels, floats: FloatColumn, own: readonly TimedHistogram[], fromMs: number): SelectedSeries {
  const { histograms, staleMarkers } = columnsOf(own, floats, fromMs);
  return { labels, floats: mergeColumns(floats, staleMarkers), histograms };
}
