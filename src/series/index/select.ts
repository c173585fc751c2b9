/**
 * From matchers to series. One matcher drives: the one whose postings are shortest, so that no more series are looked at
 * than it has. The others are asked of each of those series, by its own list of labels; long postings are never merged.
 */
import type { Matcher } from '../../model/matcher.js';
import { type Condition, conditionOf } from './condition.js';
import type { IndexState } from './index-state.js';
import { seriesState } from './series-table.js';

/** Epoch milliseconds, both ends included. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The live series that satisfy all matchers, ascending; all where there is no matcher. With a range, those whose time from
 * the first sample to the last meets it, and those of which that is not known.
 */
export function selectSeries(index: IndexState, matchers: readonly Matcher[], range?: TimeRange): Uint32Array {
  const { candidates, others } = candidatesOf(index, matchers);
  return kept(index, candidates, others, range);
}

/** Candidates looked at between two turns: some milliseconds. */
const candidatesPerSlice = 16_384;

/** As `selectSeries`, in slices between which the index may change. Series must not be removed meanwhile: numbers of pairs may then stand for others. */
export function* selectInSlices(
  index: IndexState,
  matchers: readonly Matcher[],
  range?: TimeRange,
): Generator<Uint32Array> {
  const { candidates, others } = candidatesOf(index, matchers);
  for (let from = 0; from < candidates.length; from += candidatesPerSlice)
    yield kept(index, candidates.subarray(from, from + candidatesPerSlice), others, range);
}

function candidatesOf(index: IndexState, matchers: readonly Matcher[]) {
  const all = matchers.map((matcher) => conditionOf(index, matcher));
  const conditions = all.filter((condition) => !takesEverything(condition));
  if (conditions.some(takesNothing)) return { candidates: new Uint32Array(), others: conditions };
  const driver = chooseDriver(index, conditions);
  const candidates = driver === undefined ? allRefs(index) : refsOfPairs(index, driver.pairs);
  return { candidates, others: conditions.filter((condition) => condition !== driver?.condition) };
}

const takesEverything = ({ name, takesMissing, takesAllPairs }: Condition): boolean =>
  takesMissing && (name < 0 || takesAllPairs);

const takesNothing = ({ name, takesMissing, pairs }: Condition): boolean =>
  !takesMissing && (name < 0 || pairs?.length === 0);

/** A condition and the pairs that satisfy it; the series that satisfy it are those of the pairs. */
interface Driver {
  readonly condition: Condition;
  readonly pairs: Uint32Array;
  readonly seriesCount: number;
}

/** Undefined where every condition is satisfied by series without the label. */
function chooseDriver(index: IndexState, conditions: readonly Condition[]): Driver | undefined {
  let best: Driver | undefined;
  const consider = (condition: Condition, pairs: Uint32Array): void => {
    const seriesCount = pairs.reduce((sum, pair) => sum + index.postings.counts[pair]!, 0);
    if (best === undefined || seriesCount < best.seriesCount) best = { condition, pairs, seriesCount };
  };
  const driving = conditions.filter(({ takesMissing }) => !takesMissing);
  for (const condition of driving) if (condition.pairs !== undefined) consider(condition, condition.pairs);
  // To ask every value of a label pays off only where there are fewer of them than series to ask.
  const { distinctOfName } = index.pairs;
  const open = driving
    .filter(({ pairs }) => pairs === undefined)
    .sort((a, b) => distinctOfName[a.name]! - distinctOfName[b.name]!);
  for (const condition of open) {
    if (best !== undefined && best.seriesCount <= distinctOfName[condition.name]!) break;
    consider(condition, index.pairs.pairsOfName(condition.name).filter(condition.takesPair));
  }
  return best;
}

function allRefs({ series }: IndexState): Uint32Array {
  const refs = new Uint32Array(series.limit);
  for (let ref = 0; ref < refs.length; ref++) refs[ref] = ref;
  return refs;
}

/** The refs of pairs of one name, ascending. A series has one of them at most. */
export function refsOfPairs({ postings, series }: IndexState, pairs: Uint32Array): Uint32Array {
  const refs = new Uint32Array(pairs.reduce((sum, pair) => sum + postings.counts[pair]!, 0));
  let at = 0;
  for (const pair of pairs) {
    postings.read(pair, refs, at);
    at += postings.counts[pair]!;
  }
  return pairs.length < 2 ? refs : sorted(refs, series.limit);
}

/** From so many refs in a hundred on, marking them in a bitmap costs less than sorting them. A guess near the truth. */
const densePercent = 2;

function sorted(refs: Uint32Array, limit: number): Uint32Array {
  if (refs.length * 100 < limit * densePercent) return refs.sort();
  const words = new Uint32Array((limit + 31) >>> 5);
  for (let i = 0; i < refs.length; i++) words[refs[i]! >>> 5]! |= 1 << (refs[i]! & 31);
  let at = 0;
  for (let i = 0; i < words.length; i++) {
    for (let word = words[i]!; word !== 0; word &= word - 1) refs[at++] = (i << 5) + 31 - Math.clz32(word & -word);
  }
  return refs;
}

/** Keeps, in place, the candidates that are live, meet the range, and satisfy the conditions. */
function kept(
  { series, pairs }: IndexState,
  candidates: Uint32Array,
  conditions: readonly Condition[],
  range: TimeRange | undefined,
): Uint32Array {
  const { states, firstMs, lastMs, pairStarts, labelCounts } = series;
  const fromMs = range?.fromMs ?? Number.NEGATIVE_INFINITY;
  const toMs = range?.toMs ?? Number.POSITIVE_INFINITY;
  const inTime = (ref: number): boolean => range === undefined || (firstMs[ref]! <= toMs && lastMs[ref]! >= fromMs);
  let count = 0;
  for (let i = 0; i < candidates.length; i++) {
    const ref = candidates[i]!;
    if (states[ref] !== seriesState.live || !inTime(ref)) continue;
    const start = pairStarts[ref]!;
    const end = start + labelCounts[ref]!;
    if (satisfies(series.pairs, start, end, pairs.nameIds, conditions)) candidates[count++] = ref;
  }
  return count === candidates.length ? candidates : candidates.slice(0, count);
}

function satisfies(
  list: Uint32Array,
  start: number,
  end: number,
  nameIds: Uint32Array,
  conditions: readonly Condition[],
): boolean {
  for (let c = 0; c < conditions.length; c++) {
    const condition = conditions[c]!;
    let i = start;
    while (i < end && nameIds[list[i]!] !== condition.name) i++;
    if (!(i < end ? condition.takesPair(list[i]!) : condition.takesMissing)) return false;
  }
  return true;
}
