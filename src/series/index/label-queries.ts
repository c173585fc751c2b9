/** Which label names and values there are, for all series or those that matchers and a range select. */
import type { Matcher } from '../../model/matcher.js';
import type { IndexState } from './index-state.js';
import { selectSeries, type TimeRange } from './select.js';
import { seriesState } from './series-table.js';
import type { TextTable } from './text-table.js';

export interface LabelQuery {
  readonly matchers?: readonly Matcher[];
  readonly range?: TimeRange;
  /** Most texts of the answer; all where absent. */
  readonly limit?: number;
}

/** Texts in the order of their UTF-8 bytes. */
export interface LabelTexts {
  readonly texts: string[];
  /** Whether there are more than the limit let through. */
  readonly isTruncated: boolean;
}

/** Names of labels. */
export function labelNames(index: IndexState, query: LabelQuery): LabelTexts {
  const { names, distinctOfName } = index.pairs;
  const found: number[] = [];
  if (query.matchers === undefined || query.matchers.length === 0) {
    for (let name = 0; name < names.limit; name++) {
      if (distinctOfName[name]! > 0 && isInRange(index, name, query.range)) found.push(name);
    }
  } else {
    found.push(...namesOfSeries(index, selectSeries(index, query.matchers, query.range)));
  }
  return sortedTexts(names, Uint32Array.from(found), query.limit);
}

/** Values of a label; none where no series has it. */
export function labelValues(index: IndexState, labelName: string, query: LabelQuery): LabelTexts {
  const { pairs } = index;
  const name = pairs.nameNumber(labelName);
  if (name < 0) return { texts: [], isTruncated: false };
  const hasMatchers = query.matchers !== undefined && query.matchers.length > 0;
  if (!hasMatchers && pairs.distinctOfName[name]! <= valuesRememberedMax) return allValues(index, name, query);
  const found = hasMatchers
    ? pairsOfSeries(index, name, selectSeries(index, query.matchers ?? [], query.range))
    : pairs.pairsOfName(name).filter((pair) => hasSeriesInRange(index, pair, query.range));
  return sortedTexts(
    pairs.values,
    found.map((pair) => pairs.valueIds[pair]!),
    query.limit,
  );
}

function allValues(
  index: IndexState,
  name: number,
  { range, limit = Number.POSITIVE_INFINITY }: LabelQuery,
): LabelTexts {
  const { sortedPairs, texts } = valuesOfName(index, name);
  const shown: string[] = [];
  for (let i = 0; i < texts.length; i++) {
    if (!hasSeriesInRange(index, sortedPairs[i]!, range)) continue;
    if (shown.length >= limit) return { texts: shown, isTruncated: true };
    shown.push(texts[i]!);
  }
  return { texts: shown, isTruncated: false };
}

/** A label's values, sorted. They are the same as long as no series was removed and there are as many. */
interface ValuesOfName {
  readonly sortedPairs: Uint32Array;
  readonly texts: readonly string[];
  readonly removals: number;
  readonly liveCount: number;
}

/** By number of the name: editors ask for the values of the same labels again and again. */
const rememberedValues = new WeakMap<IndexState, Map<number, ValuesOfName>>();
/** Names that are remembered, and values that such a name may have: some 10 MB of short texts. Guesses. */
const namesRememberedMax = 32;
const valuesRememberedMax = 4_096;

function valuesOfName(index: IndexState, name: number): ValuesOfName {
  const { pairs, series } = index;
  const { removals, liveCount } = series;
  const remembered = rememberedValues.get(index) ?? new Map<number, ValuesOfName>();
  rememberedValues.set(index, remembered);
  const known = remembered.get(name);
  if (known?.removals === removals && known.liveCount === liveCount) return known;
  const sortedPairs = pairs
    .pairsOfName(name)
    .sort((a, b) => pairs.values.compare(pairs.valueIds[a]!, pairs.valueIds[b]!));
  const texts = Array.from(sortedPairs, (pair) => pairs.values.textOf(pairs.valueIds[pair]!));
  const made = { sortedPairs, texts, removals, liveCount };
  remembered.delete(name);
  if (remembered.size >= namesRememberedMax) remembered.delete(remembered.keys().next().value!);
  remembered.set(name, made);
  return made;
}

const isInRange = (index: IndexState, name: number, range: TimeRange | undefined): boolean =>
  range === undefined || index.pairs.pairsOfName(name).some((pair) => hasSeriesInRange(index, pair, range));

function hasSeriesInRange(index: IndexState, pair: number, range: TimeRange | undefined): boolean {
  if (range === undefined) return true;
  const { states, firstMs, lastMs } = index.series;
  return index.postings.some(
    pair,
    (ref) => states[ref] === seriesState.live && firstMs[ref]! <= range.toMs && lastMs[ref]! >= range.fromMs,
  );
}

function namesOfSeries({ pairs, series }: IndexState, refs: Uint32Array): number[] {
  const found: number[] = [];
  const seen = new Uint8Array(pairs.names.limit);
  for (const ref of refs) {
    const end = series.pairStarts[ref]! + series.labelCounts[ref]!;
    for (let i = series.pairStarts[ref]!; i < end; i++) {
      const name = pairs.nameIds[series.pairs[i]!]!;
      if (seen[name] === 0) found.push(name);
      seen[name] = 1;
    }
  }
  return found;
}

function pairsOfSeries({ pairs, series }: IndexState, name: number, refs: Uint32Array): Uint32Array {
  const found = new Uint32Array(pairs.distinctOfName[name]!);
  let count = 0;
  const seen = new Uint8Array(pairs.limit);
  for (const ref of refs) {
    const end = series.pairStarts[ref]! + series.labelCounts[ref]!;
    for (let i = series.pairStarts[ref]!; i < end; i++) {
      const pair = series.pairs[i]!;
      if (pairs.nameIds[pair] !== name) continue;
      if (seen[pair] === 0) found[count++] = pair;
      seen[pair] = 1;
    }
  }
  return found.slice(0, count);
}

function sortedTexts(table: TextTable, texts: Uint32Array, limit = texts.length): LabelTexts {
  texts.sort((a, b) => table.compare(a, b));
  const shown = Array.from(texts.subarray(0, limit), (text) => table.textOf(text));
  return { texts: shown, isTruncated: shown.length < texts.length };
}
