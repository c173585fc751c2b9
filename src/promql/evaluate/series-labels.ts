/**
 * Labels as the evaluator handles them: sorted pairs, and texts made of them once per series that are equal exactly where the
 * labels are. Each name and value stands in a key behind its length, so that no separator has to be kept out of them.
 */
import {
  compareLabels as comparePairs,
  compareUtf8,
  type Label,
  type Labels,
  labelValue,
  metricNameLabel,
  sortedLabels,
} from '../../model/labels.js';
import { labelsJson } from '../print/labels-json.js';

export interface SeriesLabels {
  readonly pairs: Labels;
  /** Made at first use; read it through `labelsKey`. */
  key: string | undefined;
  /** The grouping last asked for, and the key of the group; read it through `groupKeyBy`. */
  groupedBy: string;
  groupKey: string;
  /** Made at first use; read it through `labelsJsonOf`. */
  json: string | undefined;
}

export const seriesLabels = (pairs: Labels): SeriesLabels => ({
  pairs,
  key: undefined,
  groupedBy: '',
  groupKey: '',
  json: undefined,
});

export const noLabels: SeriesLabels = Object.freeze({ ...seriesLabels(Object.freeze([])), key: '', json: '{}' });

/** Labels that say what a metric is rather than which series: they go where a function changes what the values mean. */
const metadataLabels: readonly string[] = [metricNameLabel, '__type__', '__unit__'];

const pairKey = ([name, value]: Label): string => `${name.length}:${name}${value.length}:${value}`;

export function labelsKey(labels: SeriesLabels): string {
  if (labels.key === undefined) {
    let key = '';
    for (const pair of labels.pairs) key += pairKey(pair);
    labels.key = key;
  }
  return labels.key;
}

export const labelsJsonOf = (labels: SeriesLabels): string => {
  labels.json ??= labelsJson(labels.pairs);
  return labels.json;
};

export const labelOf = ({ pairs }: SeriesLabels, name: string): string => labelValue(pairs, name);

export const metricNameOf = (labels: SeriesLabels): string => labelOf(labels, metricNameLabel);

const filtered = ({ pairs }: SeriesLabels, keeps: (name: string) => boolean): SeriesLabels => {
  const kept = pairs.filter(([name]) => keeps(name));
  return kept.length === 0 ? noLabels : seriesLabels(kept);
};

export const keepLabels = (labels: SeriesLabels, names: readonly string[]): SeriesLabels =>
  names.length === 0 ? noLabels : filtered(labels, (name) => names.includes(name));

export const dropLabels = (labels: SeriesLabels, names: readonly string[]): SeriesLabels =>
  labels.pairs.some(([name]) => names.includes(name)) ? filtered(labels, (name) => !names.includes(name)) : labels;

export const dropMetadata = (labels: SeriesLabels): SeriesLabels => dropLabels(labels, metadataLabels);

/** With some labels set; an empty value takes a label away. */
export function setLabels(labels: SeriesLabels, changes: readonly Label[]): SeriesLabels {
  if (changes.length === 0) return labels;
  const changed = new Set(changes.map(([name]) => name));
  return seriesLabels(sortedLabels([...labels.pairs.filter(([name]) => !changed.has(name)), ...changes]));
}

/**
 * Gives the key of a series' group: by the labels named, or by all but those named and the metric's name. Two series are of one
 * group where the keys are equal.
 */
export function groupKeyBy(names: readonly string[], without: boolean): (labels: SeriesLabels) => string {
  const wanted = [...names].sort(compareUtf8);
  if (!without && wanted.length === 1) return oneLabelKey(wanted[0]!);
  const named = new Set(without ? [metricNameLabel, ...wanted] : wanted);
  const groupedBy = `${without}${JSON.stringify(wanted)}`;
  return (labels) => {
    if (labels.groupedBy === groupedBy) return labels.groupKey;
    let key = '';
    for (const pair of labels.pairs) if (named.has(pair[0]) !== without) key += pairKey(pair);
    if (labels !== noLabels) {
      labels.groupedBy = groupedBy;
      labels.groupKey = key;
    }
    return key;
  };
}

const oneLabelKey =
  (name: string) =>
  (labels: SeriesLabels): string =>
    labelOf(labels, name);

/** The labels that all series of a group share. */
export const groupLabels = (labels: SeriesLabels, names: readonly string[], without: boolean): SeriesLabels =>
  without ? dropLabels(labels, [metricNameLabel, ...names]) : keepLabels(labels, names);

/** Orders labels by name and value, pair after pair; what goes on longer comes later. Source: Prometheus, `labels.Compare`. */
export const compareLabels = (a: SeriesLabels, b: SeriesLabels): number => comparePairs(a.pairs, b.pairs);

/** As Prometheus writes labels: `{__name__="up", job="api"}`. */
export const labelsText = ({ pairs }: SeriesLabels): string =>
  `{${pairs.map(([name, value]) => `${nameText(name)}=${JSON.stringify(value)}`).join(', ')}}`;

const nameText = (name: string): string => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name));
