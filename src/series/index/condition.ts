/** A matcher made ready for one query: its name and texts as the index's numbers, and what it said of each pair so far. */
import type { Matcher } from '../../model/matcher.js';
import type { IndexState } from './index-state.js';

export interface Condition {
  /** The number of the label's name, or -1 where no series has the label. */
  readonly name: number;
  /** Whether series without the label satisfy it. */
  readonly takesMissing: boolean;
  /** Whether a pair of this name satisfies it. A regular expression is asked once a value and query. */
  readonly takesPair: (pair: number) => boolean;
  /** The pairs that satisfy it, where they are known without asking each; only ever of positive texts. */
  readonly pairs: Uint32Array | undefined;
  /** Whether all pairs of the name satisfy it. */
  readonly takesAllPairs: boolean;
}

export function conditionOf({ pairs }: IndexState, matcher: Matcher): Condition {
  const { pattern, isNegated } = matcher;
  const name = pairs.nameNumber(matcher.name);
  const takesMissing = matcher.matches('');
  const common = { name, takesMissing, pairs: undefined, takesAllPairs: false };
  if (pattern.kind === 'any' || pattern.kind === 'not_empty') {
    // No stored value is empty.
    return { ...common, takesPair: () => !isNegated, takesAllPairs: !isNegated };
  }
  if (pattern.kind === 'test') {
    return {
      ...common,
      takesPair: remembered(pairs.limit, (pair) => matcher.matches(pairs.values.textOf(pairs.valueIds[pair]!))),
    };
  }
  const listed = name < 0 ? [] : pattern.texts.map((text) => pairs.pairNumber(name, text)).filter((pair) => pair >= 0);
  return {
    ...common,
    takesPair: takerOf(listed, isNegated),
    pairs: isNegated ? undefined : Uint32Array.from(listed),
    takesAllPairs: isNegated && listed.length === 0,
  };
}

function takerOf(listed: readonly number[], isNegated: boolean): (pair: number) => boolean {
  if (listed.length === 1) {
    const [only] = listed;
    return (pair) => (pair === only) !== isNegated;
  }
  const set = new Set(listed);
  return (pair) => set.has(pair) !== isNegated;
}

function remembered(pairLimit: number, test: (pair: number) => boolean): (pair: number) => boolean {
  const unknown = 0;
  const yes = 2;
  // Pages that are not touched cost nothing, so a byte for each pair is cheap even where few are asked for.
  const said = new Uint8Array(pairLimit);
  return (pair) => {
    if (said[pair] === unknown) said[pair] = test(pair) ? yes : 1;
    return said[pair] === yes;
  };
}
