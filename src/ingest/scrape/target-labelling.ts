/** What becomes of the labels of a target's series, between its text and the store. */
import type { Label, Labels } from '../../model/labels.js';
import { sortedLabels } from '../../model/labels.js';
import type { Labelling } from '../../protocols/exposition/labelling.js';
import type { Target } from './target.js';
import type { LabelTexts } from './target-group.js';

/** The labelling of a target's series. One object serves all its scrapes, since caches hold for one object. */
export function labellingOf({ job, labels }: Target): Labelling {
  const { relabelMetrics, externalLabels, limits } = job;
  const hasExternal = Object.keys(externalLabels).length > 0;
  const isBounded = [limits.labelsMax, limits.labelNameBytesMax, limits.labelValueBytesMax].some(Number.isFinite);
  const relabel = (series: Labels): Labels | undefined => {
    const relabelled = relabelMetrics === undefined ? series : relabelMetrics(series);
    return relabelled === undefined ? undefined : withExternalLabels(relabelled, externalLabels);
  };
  return {
    extraLabels: labels,
    onConflict: job.honorLabels ? 'keep' : 'rename',
    ...(relabelMetrics !== undefined || hasExternal ? { relabel } : {}),
    ...(isBounded
      ? {
          bounds: {
            labelsMax: limits.labelsMax,
            nameBytesMax: limits.labelNameBytesMax,
            valueBytesMax: limits.labelValueBytesMax,
          },
        }
      : {}),
  };
}

/** External labels fill in what a series does not say itself, as when Prometheus sends it to another store. */
export function withExternalLabels(labels: Labels, externalLabels: LabelTexts): Labels {
  const names = new Set(labels.map(([name]) => name));
  const missing = Object.entries(externalLabels).filter(([name]): boolean => !names.has(name)) as Label[];
  return missing.length === 0 || labels.length === 0 ? labels : sortedLabels([...labels, ...missing]);
}
