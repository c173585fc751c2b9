/**
 * Refusals of queries that were past a limit a moment ago: clients that send such a query again and again cost one estimate for all of them,
 * which for a million series takes a tenth of a second.
 */
import type { BarographError } from '../../base/errors.js';
import type { QueryParameters } from './query-parameters.js';

export interface RecentRefusals {
  find(parameters: QueryParameters): BarographError | undefined;
  add(parameters: QueryParameters, refusal: BarographError): void;
}

/** A guess: what a selector matches changes little in so short a time. */
const rememberedMs = 5_000;
const rememberedMax = 1_000;
/** Times that lie in the same span are alike: clients mostly ask for now. */
const spanMs = 60_000;

export function createRecentRefusals(): RecentRefusals {
  const known = new Map<string, { readonly refusal: BarographError; readonly untilMs: number }>();
  return {
    find(parameters) {
      const found = known.get(keyOf(parameters));
      return found === undefined || performance.now() > found.untilMs ? undefined : found.refusal;
    },
    add(parameters, refusal) {
      const key = keyOf(parameters);
      known.delete(key);
      if (known.size >= rememberedMax) known.delete(known.keys().next().value!);
      known.set(key, { refusal, untilMs: performance.now() + rememberedMs });
    },
  };
}

const keyOf = ({ query, lookbackMs, range: { startMs, endMs, stepMs } }: QueryParameters): string =>
  JSON.stringify([query, lookbackMs, Math.floor(startMs / spanMs), Math.round((endMs - startMs) / spanMs), stepMs]);
