/**
 * The columns that an evaluation is split by: from what was asked and what the data hold to an expression for the engine
 * and back from its values to text.
 */
import type { Binning, CohortSpec } from './cohort-spec.js';
import type { SqlFragment } from './sql-fragment.js';
import { compareTexts } from './task.js';

/** One column of a prediction by the types that it may hold; each expression is Nullable, null where it is another type. */
export interface CohortSource {
  readonly number?: string;
  readonly text?: string;
  readonly flag?: string;
}

/** Which types a source holds in the range, and its distinct numbers up to a bound. */
export interface SourceProfile {
  readonly numbers: readonly number[];
  readonly hasText: boolean;
  readonly hasFlag: boolean;
}

export interface Cohort {
  readonly name: string;
  /** Expression over prediction_rows; its value names the cohort. */
  readonly column: SqlFragment;
  /** The cohort's text out of the engine's value; null where a prediction has none. */
  readonly decode: (value: unknown) => string | null;
  /** The order of the engine's values in an answer; absent ones come last. */
  readonly compare: (a: unknown, b: unknown) => number;
}

/** Up to so many distinct numbers each is a cohort of its own where nothing else is asked. A convention. */
export const distinctNumbersMax = 20;
export const quantilesDefault = 4;

/** The expressions of the i-th cohort column over prediction_rows, and the parameters that they bind. */
export function cohortSource(spec: CohortSpec, i: number): CohortSource & Pick<SqlFragment, 'params'> {
  if (spec.kind === 'feature') {
    const name = `{feature${i}:String}`;
    const of = (map: string) => `if(mapContains(${map}, ${name}), ${map}[${name}], NULL)`;
    return {
      number: of('features_number'),
      text: of('features_text'),
      flag: of('features_flag'),
      params: { [`feature${i}`]: spec.feature },
    };
  }
  if (spec.column === 'prediction')
    return { number: 'prediction_number', text: "nullIf(prediction_text, '')", params: {} };
  return { text: `nullIf(${spec.column}, '')`, params: {} };
}

/** How the numbers of a source are cut; undefined where each is a cohort of its own. */
export function binningOf(
  spec: CohortSpec,
  { numbers }: SourceProfile,
): Exclude<Binning, { kind: 'auto' }> | undefined {
  const binning: Binning = spec.kind === 'feature' ? spec.binning : { kind: 'auto' };
  if (binning.kind !== 'auto') return binning;
  return numbers.length > distinctNumbersMax ? { kind: 'quantiles', count: quantilesDefault } : undefined;
}

/** Intervals of numbers: the i-th begins at edges[i-1] and ends before edges[i]. One more than there are edges. */
export interface Bins {
  readonly edges: readonly number[];
  readonly names: readonly string[];
}

/** Intervals between given edges; the first and the last reach to infinity. */
export const binsOfEdges = (edges: readonly number[]): Bins => binsBetween(edges, '(-inf', 'inf)');

/**
 * Intervals between quantiles, from the least value to the greatest, both included. Quantiles that coincide, as those of
 * values with many repetitions do, make one edge, so that there can be fewer intervals than were asked for.
 */
export function binsOfQuantiles(quantiles: readonly number[]): Bins {
  const least = quantiles[0]!;
  const greatest = quantiles.at(-1)!;
  const edges = quantiles.slice(1, -1).filter((edge, i, all) => edge > least && edge !== all[i - 1]);
  return binsBetween(edges, `[${least}`, `${greatest}]`);
}

function binsBetween(edges: readonly number[], first: string, last: string): Bins {
  const starts = [first, ...edges.map((edge) => `[${edge}`)];
  const ends = [...edges.map((edge) => `${edge})`), last];
  return { edges, names: starts.map((start, i) => `${start}, ${ends[i]}`) };
}

/** The i-th cohort column, cut into `bins` where there are any. */
export function cohortOf(spec: CohortSpec, i: number, profile: SourceProfile, bins: Bins | undefined): Cohort {
  const { number, text, flag, params } = cohortSource(spec, i);
  const { name } = spec;
  const hasNumber = profile.numbers.length > 0;
  if (hasNumber && !profile.hasText && !profile.hasFlag && number !== undefined)
    return bins === undefined
      ? { name, column: { sql: number, params }, decode: textOf, compare: compareNumbers }
      : binnedCohort(name, number, params, i, bins);
  // Numbers beside texts are rare, so that their text form may cost what it does.
  const binNames = { [`bins${i}`]: bins?.names ?? [], [`edges${i}`]: bins?.edges ?? [] };
  const numberText =
    bins === undefined ? `toString(${number})` : `{bins${i}:Array(String)}[${binOf(String(number), i)} + 1]`;
  const choices = [
    ...(hasNumber && number !== undefined ? [`${number} IS NOT NULL, ${numberText}`] : []),
    ...(profile.hasFlag && flag !== undefined ? [`${flag} IS NOT NULL, toString(${flag})`] : []),
    String(text),
  ];
  const sql = choices.length === 1 ? String(text) : `multiIf(${choices.join(', ')})`;
  const column = { sql, params: bins === undefined ? params : { ...params, ...binNames } };
  return { name, column, decode: textOf, compare: compareAsTexts };
}

function binnedCohort(name: string, number: string, params: SqlFragment['params'], i: number, bins: Bins): Cohort {
  return {
    name,
    column: { sql: binOf(number, i), params: { ...params, [`edges${i}`]: bins.edges } },
    decode: (value) => (value === null ? null : (bins.names[Number(value)] ?? null)),
    compare: compareNumbers,
  };
}

/** The number of edges at or below a number; null for null. */
const binOf = (number: string, i: number): string =>
  `if(isNull(${number}), NULL, arrayCount(edge -> edge <= assumeNotNull(${number}), {edges${i}:Array(Float64)}))`;

const textOf = (value: unknown): string | null => (value === null ? null : String(value));

const absentLast =
  (compare: (a: unknown, b: unknown) => number) =>
  (a: unknown, b: unknown): number =>
    a === null || b === null ? Number(a === null) - Number(b === null) : compare(a, b);
const compareNumbers = absentLast((a, b) => Number(a) - Number(b));
const compareAsTexts = absentLast((a, b) => compareTexts(String(a), String(b)));
