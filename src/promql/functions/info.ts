/**
 * `info(v)` adds to series the labels of info metrics, such as `target_info`, with the same `instance` and `job`.
 * Source: Prometheus, promql/info.go.
 */
import { BarographError } from '../../base/errors.js';
import type { Label } from '../../model/labels.js';
import type { Evaluation } from '../evaluate/evaluation.js';
import type { Grid } from '../evaluate/grid.js';
import { mergeSameLabels } from '../evaluate/merge-series.js';
import type { InfoNode } from '../evaluate/plan.js';
import { readGrid } from '../evaluate/read-grid.js';
import { fillNewest } from '../evaluate/select-instant.js';
import { copyStep, createSeries, type SeriesBuilder } from '../evaluate/series-builder.js';
import {
  groupKeyBy,
  labelOf,
  labelsKey,
  labelsText,
  metricNameOf,
  type SeriesLabels,
  setLabels,
} from '../evaluate/series-labels.js';
import { absent, hasValues, isHistogram, type VectorSeries } from '../evaluate/value.js';

/** The labels by which series and info metrics find each other. */
const identifyingLabels = ['instance', 'job'];

const identityOf = groupKeyBy(identifyingLabels, false);

/** An info metric's series, and when its sample at each step was taken, epoch milliseconds. */
interface InfoSeries {
  readonly labels: SeriesLabels;
  readonly presence: Uint8Array;
  readonly timesMs: Float64Array;
}

/** Throws `query_failed` where info series contradict each other. */
export function addInfoLabels(
  node: InfoNode,
  series: readonly VectorSeries[],
  grid: Grid,
  evaluation: Evaluation,
): readonly VectorSeries[] {
  const byIdentity = new Map<string, Map<string, InfoSeries[]>>();
  for (const info of infoSeries(node, grid, evaluation)) {
    const byName = mapIn(byIdentity, identityOf(info.labels), () => new Map<string, InfoSeries[]>());
    mapIn(byName, metricNameOf(info.labels), () => []).push(info);
  }
  const results: VectorSeries[] = [];
  for (const each of series) {
    evaluation.checkpoint();
    const isInfoItself = node.nameMatchers.every(({ matches }) => matches(metricNameOf(each.labels)));
    if (isInfoItself) results.push(each);
    else results.push(...enriched(each, byIdentity.get(identityOf(each.labels)), node));
  }
  return mergeSameLabels(results);
}

function mapIn<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function infoSeries(node: InfoNode, grid: Grid, evaluation: Evaluation): InfoSeries[] {
  const found: InfoSeries[] = [];
  for (const fetched of evaluation.fetched[node.selection]!) {
    const newest = createSeries(fetched.labels, grid.steps, false);
    const timesMs = new Float64Array(grid.steps);
    fillNewest(fetched, readGrid(node, grid), evaluation.lookbackMs, newest, timesMs);
    if (newest.presence.includes(isHistogram))
      throw failure(`this should be an info metric, with float samples: ${labelsText(fetched.labels)}`);
    if (hasValues(newest)) found.push({ labels: fetched.labels, presence: newest.presence, timesMs });
  }
  return found;
}

const failure = (message: string): BarographError => new BarographError('query_failed', message);

/** A series with the labels of its info series, which may differ from step to step. */
function enriched(
  series: VectorSeries,
  infos: ReadonlyMap<string, readonly InfoSeries[]> | undefined,
  node: InfoNode,
): VectorSeries[] {
  const isIdentified = identifyingLabels.some((name) => labelOf(series.labels, name) !== '');
  const needsInfo = node.labelMatchers.some(({ matches }) => !matches(''));
  const byLabels = new Map<string, SeriesBuilder>();
  let before: readonly SeriesLabels[] | undefined;
  let out: SeriesBuilder | undefined;
  for (let step = 0; step < series.presence.length; step++) {
    if (series.presence[step] === absent) continue;
    const found = infos === undefined || !isIdentified ? [] : newestAt(infos, step);
    if (found.length === 0 && needsInfo) continue;
    // Info series rarely change from step to step: labels are made anew only where they do.
    if (out === undefined || before === undefined || !areSame(found, before)) {
      const labels = setLabels(series.labels, addedLabels(series.labels, found, node));
      out = mapIn(byLabels, labelsKey(labels), () => createSeries(labels, series.values.length, series.dropsName));
      before = found;
    }
    copyStep(out, series, step);
  }
  return [...byLabels.values()];
}

const areSame = (a: readonly SeriesLabels[], b: readonly SeriesLabels[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i]);

/** Of each info metric, the series whose sample is the newest at a step. */
function newestAt(infos: ReadonlyMap<string, readonly InfoSeries[]>, step: number): SeriesLabels[] {
  const newest: SeriesLabels[] = [];
  for (const candidates of infos.values()) {
    let best: InfoSeries | undefined;
    for (const each of candidates) {
      if (each.presence[step] === absent) continue;
      if (best !== undefined && each.timesMs[step] === best.timesMs[step])
        throw failure(
          `found duplicate series for info metric: existing ${labelsText(best.labels)} @ ${best.timesMs[step]}, new ${labelsText(each.labels)} @ ${each.timesMs[step]}`,
        );
      if (best === undefined || each.timesMs[step]! > best.timesMs[step]!) best = each;
    }
    if (best !== undefined) newest.push(best.labels);
  }
  return newest;
}

/** The labels that info series have and the series has not. */
function addedLabels(own: SeriesLabels, infos: readonly SeriesLabels[], { labelMatchers }: InfoNode): Label[] {
  const wanted = new Set(labelMatchers.map(({ name }) => name));
  const added = new Map<string, string>();
  for (const { pairs } of infos) {
    for (const [name, value] of pairs) {
      if (name === '__name__' || (wanted.size > 0 && !wanted.has(name))) continue;
      if (added.has(name) && added.get(name) !== value) throw failure(`conflicting label: ${name}`);
      if (labelOf(own, name) === '') added.set(name, value);
    }
  }
  return [...added];
}
