/**
 * Picks the series of selections. What matchers select at any time is remembered from query to query, for as long as no series comes or goes: dashboards ask
 * for the same again and again, and parsed queries stay, and with them their matchers. Within one query the last choice of each selection is kept, for
 * whoever estimates a selection reads it next; not beyond a removal of series, after which a ref may stand for another one.
 */
import type { Turns } from '../../base/turns.js';
import type { Matcher } from '../../model/matcher.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { byMetric, gatherByMetric, type MetricSelection } from './hour-ranges.js';

/** Its refs are not to be changed. */
export interface Picked {
  readonly refs: Uint32Array;
  readonly metrics: MetricSelection[];
}

export interface Picker {
  now(matchers: readonly Matcher[], fromMs: number, toMs: number): Picked;
  /** In slices, between which others have their turn. */
  inTurns(matchers: readonly Matcher[], fromMs: number, toMs: number, turns: Turns): Promise<Picked>;
}

/** Gives each query its picker. */
export function createSelections(index: SeriesIndex): () => Picker {
  const known = createKnown(index);
  return () => createPicker(index, known);
}

/** Larger selections are made anew. 40 kB each at most, of some hundred queries whose trees stay. A guess. */
const rememberedMax = 10_000;

interface Known {
  /** Undefined where they are too many to remember. */
  readonly refs: Uint32Array | undefined;
  readonly removals: number;
  readonly seriesCount: number;
}

/** Series whatever the time, by the matchers' identity. They are the same as long as no series was removed and there are as many. */
function createKnown(index: SeriesIndex) {
  const known = new WeakMap<readonly Matcher[], Known>();
  return {
    find(matchers: readonly Matcher[]): Uint32Array | undefined {
      const found = known.get(matchers);
      return found?.removals === index.removals && found.seriesCount === index.seriesCount ? found.refs : undefined;
    },
    keep(matchers: readonly Matcher[], all: Uint32Array): void {
      const refs = all.length <= rememberedMax ? all : undefined;
      known.set(matchers, { refs, removals: index.removals, seriesCount: index.seriesCount });
    },
    /** Whether they were too many when they were last looked at: then to look at times first is quicker. */
    areMany(matchers: readonly Matcher[]): boolean {
      const found = known.get(matchers);
      return found !== undefined && found.refs === undefined;
    },
  };
}

function createPicker(index: SeriesIndex, known: ReturnType<typeof createKnown>): Picker {
  const kept = new Map<readonly Matcher[], Picked & { fromMs: number; toMs: number; removals: number }>();

  function find(matchers: readonly Matcher[], fromMs: number, toMs: number): Picked | undefined {
    const last = kept.get(matchers);
    const isSame = last?.fromMs === fromMs && last.toMs === toMs && last.removals === index.removals;
    return isSame ? last : undefined;
  }

  function keep(matchers: readonly Matcher[], fromMs: number, toMs: number, picked: Picked): Picked {
    kept.set(matchers, { ...picked, fromMs, toMs, removals: index.removals });
    return picked;
  }

  function now(matchers: readonly Matcher[], fromMs: number, toMs: number): Picked {
    const last = find(matchers, fromMs, toMs);
    if (last !== undefined) return last;
    const refs = known.areMany(matchers)
      ? index.select(matchers, { fromMs, toMs })
      : inTime(index, known.find(matchers) ?? selectAll(matchers), fromMs, toMs);
    return keep(matchers, fromMs, toMs, { refs, metrics: byMetric(index, refs, fromMs, toMs) });
  }

  function selectAll(matchers: readonly Matcher[]): Uint32Array {
    const all = index.select(matchers);
    known.keep(matchers, all);
    return all;
  }

  return {
    now,
    async inTurns(matchers, fromMs, toMs, turns) {
      if (known.find(matchers) !== undefined) return now(matchers, fromMs, toMs);
      const { removals, seriesCount } = index;
      const areMany = known.areMany(matchers);
      const gatherer = gatherByMetric(index, fromMs, toMs);
      const all: Uint32Array[] = [];
      const slices: Uint32Array[] = [];
      for (const slice of index.selectInSlices(matchers, areMany ? { fromMs, toMs } : undefined)) {
        const picked = areMany ? slice : inTime(index, slice, fromMs, toMs);
        if (!areMany) all.push(slice);
        slices.push(picked);
        gatherer.add(picked);
        await turns.breathe();
        if (removals !== index.removals) return now(matchers, fromMs, toMs);
      }
      if (!areMany && seriesCount === index.seriesCount) known.keep(matchers, joined(all));
      return keep(matchers, fromMs, toMs, { refs: joined(slices), metrics: gatherer.all() });
    },
  };
}

/** Those whose time from first to last sample meets [fromMs, toMs]. */
function inTime({ firstMs, lastMs }: SeriesIndex, refs: Uint32Array, fromMs: number, toMs: number): Uint32Array {
  const meets = (ref: number): boolean => firstMs[ref]! <= toMs && lastMs[ref]! >= fromMs;
  let same = 0;
  while (same < refs.length && meets(refs[same]!)) same++;
  return same === refs.length ? refs : refs.filter(meets);
}

function joined(slices: readonly Uint32Array[]): Uint32Array {
  if (slices.length === 1) return slices[0]!;
  const refs = new Uint32Array(slices.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const slice of slices) {
    refs.set(slice, at);
    at += slice.length;
  }
  return refs;
}
