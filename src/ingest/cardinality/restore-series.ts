/**
 * Counts series that are stored already into the state of their metrics, many at a time: a label that series share is hashed once, and what a
 * label of a metric is counted in is looked up once. As if each of them were counted by itself, in their order.
 */
import { metricNameLabel } from '../../model/labels.js';
import type { SeriesPairs } from '../../series/index/series-pairs.js';
import { hashBytes, mixed, pairHash } from './label-hash.js';
import { isOtherValue } from './label-spans.js';
import { type LabelState, labelStateOf, type MetricState, metricFamily } from './metric-state.js';
import { structuralLabels } from './rules.js';

/** What is kept of labels while series are counted, by the numbers of pairs and names. */
interface LabelCache {
  readonly pairs: SeriesPairs;
  /** By pair: 0 while it was not met, else `counted` or `other`. */
  readonly kinds: Uint8Array;
  readonly pairHashes: Uint32Array;
  readonly valueHashes: Uint32Array;
  /** By name: its hash, undefined while it was not met. */
  readonly nameHashes: (number | undefined)[];
  /** By name: it gives series their meaning, and is not counted. */
  readonly isStructural: boolean[];
}

/** A metric whose series are counted, and the states of its labels. */
interface CountedMetric {
  readonly state: MetricState;
  /** By the number of a name; null where the metric has too many labels. */
  readonly byName: (LabelState | null | undefined)[];
  /** All labels of the metric. */
  labels: readonly LabelState[];
}

const counted = 1;
/** The value that stands for folded ones needs no place of its own. */
const other = 2;

/** `metricStateOf` gives the state of a metric by its family's name, new where there is none. */
export function restoreSeries(
  refs: Uint32Array,
  pairs: SeriesPairs,
  metricStateOf: (family: string) => MetricState,
): void {
  const cache: LabelCache = {
    pairs,
    kinds: new Uint8Array(pairs.pairLimit),
    pairHashes: new Uint32Array(pairs.pairLimit),
    valueHashes: new Uint32Array(pairs.pairLimit),
    nameHashes: [],
    isStructural: [],
  };
  const metricOf = createMetricFinder(pairs, metricStateOf);
  for (const ref of refs) countSeries(cache, ref, metricOf(ref));
}

/** Finds the metric of a series by the pair that names it. A name belongs to one family with the label `le`, and to another without. */
function createMetricFinder(pairs: SeriesPairs, metricStateOf: (family: string) => MetricState) {
  const { starts, counts, names } = pairs;
  const [metricName, le] = [nameNumber(pairs, metricNameLabel), nameNumber(pairs, 'le')];
  const byFamily = new Map<string, CountedMetric>();
  const byPair = [new Map<number, CountedMetric>(), new Map<number, CountedMetric>()] as const;
  const noPair = -1;

  function metricOfPair(pair: number, hasLe: boolean): CountedMetric {
    const name = pair === noPair ? '' : Buffer.from(pairs.valueBytes(pair)).toString('utf8');
    const family = metricFamily(name, hasLe);
    let metric = byFamily.get(family);
    if (metric === undefined) {
      const state = metricStateOf(family);
      metric = { state, byName: [], labels: Array.from(state.labels.values()) };
      byFamily.set(family, metric);
    }
    metric.state.members.add(name);
    return metric;
  }

  return (ref: number): CountedMetric => {
    let pair = noPair;
    let hasLe = 0;
    for (let at = starts[ref]!, end = at + counts[ref]!; at < end; at++) {
      const name = names[pairs.pairs[at]!]!;
      if (name === metricName) pair = pairs.pairs[at]!;
      if (name === le) hasLe = 1;
    }
    const known = byPair[hasLe]!.get(pair);
    if (known !== undefined) return known;
    const metric = metricOfPair(pair, hasLe === 1);
    byPair[hasLe]!.set(pair, metric);
    return metric;
  };
}

function nameNumber({ nameLimit, nameText }: SeriesPairs, text: string): number {
  for (let name = 0; name < nameLimit; name++) if (nameText(name) === text) return name;
  return -1;
}

/** As `countLabels` does from bytes, for a series that is not new. */
function countSeries(cache: LabelCache, ref: number, metric: CountedMetric): void {
  const { pairs: numbers, kinds, pairHashes, valueHashes, isStructural } = cache;
  const { starts, counts, pairs, names } = numbers;
  let sum = 0;
  for (let at = starts[ref]!, end = at + counts[ref]!; at < end; at++) {
    const pair = pairs[at]!;
    if (kinds[pair] === 0) meetPair(cache, pair);
    const name = names[pair]!;
    if (isStructural[name]) continue;
    const state = metric.byName[name] === undefined ? meetLabel(cache, metric, name) : metric.byName[name];
    if (state === null) continue;
    state.pair = pairHashes[pair]!;
    sum = (sum + state.pair) >>> 0;
    if (kinds[pair] === counted) state.values.add(valueHashes[pair]!);
  }
  metric.state.series.add(mixed(sum));
  for (const state of metric.labels) {
    state.seriesWithout.add(mixed((sum - state.pair) >>> 0));
    state.pair = 0;
  }
}

function meetPair({ pairs, kinds, pairHashes, valueHashes, nameHashes, isStructural }: LabelCache, pair: number): void {
  const name = pairs.names[pair]!;
  let nameHash = nameHashes[name];
  if (nameHash === undefined) {
    const bytes = pairs.nameBytes(name);
    nameHash = hashBytes(bytes, 0, bytes.length);
    nameHashes[name] = nameHash;
    isStructural[name] = structuralLabels.has(pairs.nameText(name));
  }
  const value = pairs.valueBytes(pair);
  valueHashes[pair] = hashBytes(value, 0, value.length);
  pairHashes[pair] = pairHash(nameHash, valueHashes[pair]!);
  kinds[pair] = isOtherValue(value) ? other : counted;
}

function meetLabel({ pairs }: LabelCache, metric: CountedMetric, name: number): LabelState | null {
  const state = labelStateOf(metric.state, pairs.nameText(name)) ?? null;
  metric.byName[name] = state;
  metric.labels = Array.from(metric.state.labels.values());
  return state;
}
