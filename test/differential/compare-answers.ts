/** Two servers' answers to one query, compared point by point: series, times, values, errors, annotations. */
import { seriesKey } from '../../bench/load/metric-load.js';

type Point = readonly [seconds: number, value: string];

interface AnsweredSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
}

export type QueryAnswer =
  | {
      readonly status: 'success';
      readonly data: { readonly resultType: string; readonly result: readonly AnsweredSeries[] | Point };
      readonly warnings?: readonly string[];
      readonly infos?: readonly string[];
    }
  | { readonly status: 'error'; readonly errorType: string; readonly error: string };

/**
 * Words that say the same of one answer in more than one way. Where several series match alike, which of them are named, and from which side
 * it is seen, depends on the order in which a server meets series and steps. Prometheus 3 counts the samples of a remark anew each time that it merges remarks, and takes a subquery for
 * standing at the start of the query.
 */
const arbitrary: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/^(found duplicate series for the match group|multiple matches for labels:).*/, 'series clash'],
  [/over -?\d+ samples from/, 'over some samples from'],
];

const plainly = (text: string): string =>
  arbitrary.reduce((plain, [pattern, instead]) => plain.replace(pattern, instead), text);

/** Largest difference of two values that count as equal, as a share of the larger. */
const shareMax = 1e-9;
/** And however large they are: rounding may leave something where all should cancel out. */
const differenceMax = 1e-12;

/** What differs first, in words; undefined where nothing does. */
export function differenceOf(ours: QueryAnswer, theirs: QueryAnswer, hasAnnotations: boolean): string | undefined {
  if (ours.status === 'error' || theirs.status === 'error') return errorDifference(ours, theirs);
  if (ours.data.resultType !== theirs.data.resultType)
    return `the type is ${ours.data.resultType}, not ${theirs.data.resultType}`;
  const [a, b] = [ours.data.result, theirs.data.result];
  if (ours.data.resultType === 'scalar') return pointsDifference('the scalar', [a as Point], [b as Point]);
  return (
    seriesDifference(a as readonly AnsweredSeries[], b as readonly AnsweredSeries[]) ??
    (hasAnnotations
      ? (listDifference('warning', ours.warnings, theirs.warnings) ?? listDifference('info', ours.infos, theirs.infos))
      : undefined)
  );
}

function errorDifference(ours: QueryAnswer, theirs: QueryAnswer): string | undefined {
  const [a, b] = [ours, theirs].map((each) =>
    each.status === 'error' ? `${each.errorType}: ${plainly(each.error)}` : undefined,
  );
  if (a === b) return undefined;
  if (a === undefined) return `it succeeds, where it should fail with ${b}`;
  return b === undefined ? `it fails with ${a}` : `it fails with ${a}, not ${b}`;
}

function seriesDifference(ours: readonly AnsweredSeries[], theirs: readonly AnsweredSeries[]): string | undefined {
  const byKey = new Map(ours.map((each) => [keyOf(each), each]));
  if (byKey.size < ours.length) return 'a series is there twice';
  for (const each of theirs) {
    const key = keyOf(each);
    const own = byKey.get(key);
    if (own === undefined) return `${key} is missing`;
    byKey.delete(key);
    const difference = pointsDifference(key, pointsOf(own), pointsOf(each));
    if (difference !== undefined) return difference;
  }
  const [more] = byKey.keys();
  return more === undefined ? undefined : `${more} should not be there`;
}

const keyOf = ({ metric }: AnsweredSeries): string => seriesKey(Object.entries(metric));
const pointsOf = ({ value, values }: AnsweredSeries): readonly Point[] => values ?? [value!];

function pointsDifference(name: string, ours: readonly Point[], theirs: readonly Point[]): string | undefined {
  for (const [i, [seconds, value]] of theirs.entries()) {
    const own = ours[i];
    if (own === undefined) return `${name} has no value at ${seconds}, which is ${value}`;
    if (own[0] !== seconds) return `${name} has a value at ${own[0]} rather than at ${seconds}`;
    if (!areEqual(own[1], value)) return `${name} at ${seconds} is ${own[1]}, not ${value}`;
  }
  return ours.length > theirs.length ? `${name} has a value at ${ours[theirs.length]![0]} and should not` : undefined;
}

function areEqual(ours: string, theirs: string): boolean {
  if (ours === theirs) return true;
  const [a, b] = [ours, theirs].map((text) => Number(text.replace('Inf', 'Infinity'))) as [number, number];
  return Math.abs(a - b) <= Math.max(differenceMax, shareMax * Math.max(Math.abs(a), Math.abs(b)));
}

function listDifference(kind: string, all: readonly string[] = [], wanted: readonly string[] = []): string | undefined {
  const [ours, theirs] = [all.map(plainly), wanted.map(plainly)];
  const missing = theirs.find((each) => !ours.some((own) => own === each || isSameElsewhere(own, each)));
  if (missing !== undefined)
    return `the ${kind} is missing: ${missing}${ours.length > 0 ? `; there is: ${ours[0]}` : ''}`;
  const more = ours.find((own) => !theirs.some((each) => own === each || isSameElsewhere(own, each)));
  return more === undefined ? undefined : `a ${kind} should not be there: ${more}`;
}

const subqueryAt = '(1:1)';
const withoutPlace = (text: string): string => text.slice(0, text.lastIndexOf('('));
const isSameElsewhere = (ours: string, theirs: string): boolean =>
  theirs.endsWith(subqueryAt) && withoutPlace(ours) === withoutPlace(theirs);
