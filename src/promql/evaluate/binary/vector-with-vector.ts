/**
 * Operators between vectors other than set operators. Series find each other by a key made once of their labels; then whole columns
 * are combined. Source: Prometheus, promql/engine.go, `VectorBinop`.
 */
import { assert } from '../../../base/assert.js';
import { BarographError } from '../../../base/errors.js';
import type { VectorMatching } from '../../ast.js';
import type { Evaluation } from '../evaluation.js';
import { mergeSameLabels } from '../merge-series.js';
import type { BinaryNode } from '../plan.js';
import type { SampleBudget } from '../sample-budget.js';
import { createSeries } from '../series-builder.js';
import { groupKeyBy, groupLabels, labelsKey, labelsText, type SeriesLabels } from '../series-labels.js';
import { absent, hasValues, isFloat, type VectorSeries } from '../value.js';
import { type ColumnOperation, combineColumns, operationOf } from './combine-columns.js';
import { resultLabels } from './result-labels.js';

type Series = readonly VectorSeries[];

/** The sides by their part in the matching: of the "one" side, at most one series of a group may have a value at a step. */
interface Sides {
  readonly many: Series;
  readonly one: Series;
  /** The "many" side stands on the right. */
  readonly isSwapped: boolean;
  readonly fillOfOne: number | undefined;
  readonly fillOfMany: number | undefined;
}

interface Match {
  readonly node: BinaryNode;
  readonly matching: VectorMatching;
  readonly sides: Sides;
  readonly operation: ColumnOperation;
  readonly steps: number;
  readonly budget: SampleBudget;
}

/** Series of both sides with the same key. */
interface MatchGroup {
  readonly many: VectorSeries[];
  readonly one: VectorSeries[];
}

/** Throws `query_failed` where series match several others against the rules. */
export function vectorWithVector(
  node: BinaryNode,
  left: Series,
  right: Series,
  steps: number,
  evaluation: Evaluation,
): Series {
  const { matching } = node.source;
  assert(matching !== undefined && matching.cardinality !== 'many-to-many', 'operators between vectors match series');
  const isSwapped = matching.cardinality === 'one-to-many';
  // As in Prometheus, `fill_right` fills in for the "one" side and `fill_left` for the other, on whichever side they stand.
  const fills = { fillOfOne: matching.fill.right, fillOfMany: matching.fill.left };
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const sides: Sides = { many, one, isSwapped, ...fills };
  const operation = operationOf(node.source, evaluation.annotations, node.range);
  const match: Match = { node, matching, sides, operation, steps, budget: evaluation.budget };
  const groups = matchGroups(match);
  checkOneSide(match, groups);
  const results: VectorSeries[] = [];
  for (const group of groups) {
    evaluation.checkpoint();
    matchGroup(match, group, results);
  }
  return mergeSameLabels(results.filter(hasValues));
}

function matchGroups({ matching, sides: { many, one, fillOfOne, fillOfMany } }: Match): MatchGroup[] {
  const keyOf = groupKeyBy(matching.labels, !matching.on);
  const groups = new Map<string, MatchGroup>();
  const groupOf = (labels: SeriesLabels): MatchGroup => {
    const key = keyOf(labels);
    let group = groups.get(key);
    if (group === undefined) {
      group = { many: [], one: [] };
      groups.set(key, group);
    }
    return group;
  };
  for (const each of one) groupOf(each.labels).one.push(each);
  for (const each of many) groupOf(each.labels).many.push(each);
  return [...groups.values()].filter(
    (group) =>
      ((group.many.length > 0 || fillOfMany !== undefined) && (group.one.length > 0 || fillOfOne !== undefined)) ||
      group.one.length > 1,
  );
}

/** Refuses two series of the "one" side with values at a step at which the other side has any at all. */
function checkOneSide(match: Match, groups: readonly MatchGroup[]): void {
  const { matching, sides, steps } = match;
  const crowded = groups.filter(({ one }) => one.length > 1);
  if (crowded.length === 0) return;
  const hasFill = sides.fillOfOne !== undefined || sides.fillOfMany !== undefined;
  const manyPresent = new Uint8Array(steps).fill(hasFill ? 1 : 0);
  for (const { presence } of sides.many)
    for (let step = 0; step < steps; step++) if (presence[step] !== absent) manyPresent[step] = 1;
  for (const { one } of crowded) {
    const seen = new Array<VectorSeries | undefined>(steps).fill(undefined);
    for (const each of one) {
      for (let step = 0; step < steps; step++) {
        if (each.presence[step] === absent || manyPresent[step] === 0) continue;
        const before = seen[step];
        if (before !== undefined) throw duplicates(matching, sides, before.labels, each.labels);
        seen[step] = each;
      }
    }
  }
}

function duplicates(matching: VectorMatching, { isSwapped }: Sides, a: SeriesLabels, b: SeriesLabels): BarographError {
  const group = labelsText(groupLabels(a, matching.labels, !matching.on));
  const series = [labelsText(a), labelsText(b)].sort().join(', ');
  const side = isSwapped ? 'left' : 'right';
  return new BarographError(
    'query_failed',
    `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${series}]` +
      ';many-to-many matching not allowed: matching labels must be unique on one side',
  );
}

function matchGroup(match: Match, group: MatchGroup, results: VectorSeries[]): void {
  const { sides, steps } = match;
  // Steps at which a series of the "many" side found its partner, by the labels of the result; one list where all must differ.
  const taken = new Map<string, Uint8Array>();
  const anyMatched = new Uint8Array(steps);
  const owners = group.one.length > 1 ? ownersOf(group.one, steps) : undefined;
  const missingOne = sides.fillOfOne === undefined ? undefined : occupied(group.one, steps);
  for (const many of group.many) {
    const partners = owners === undefined ? group.one : partnersOf(many, owners).map((i) => group.one[i]!);
    for (const one of partners) addPair(match, many, one, undefined, taken, anyMatched, results);
    if (sides.fillOfOne !== undefined) {
      const filled = filling(match, many.labels, sides.fillOfOne);
      addPair(match, many, filled, missingOne, taken, anyMatched, results);
    }
  }
  if (sides.fillOfMany === undefined) return;
  const matched = anyMatched.slice();
  for (const one of group.one)
    addPair(match, filling(match, one.labels, sides.fillOfMany), one, matched, taken, anyMatched, results);
}

const noOwner = -1;

/** Which series of the "one" side has a value at each step: at most one has where there is a partner for it. */
function ownersOf(one: Series, steps: number): Int32Array {
  const owners = new Int32Array(steps).fill(noOwner);
  one.forEach(({ presence }, i) => {
    for (let step = 0; step < steps; step++) if (presence[step] !== absent) owners[step] = i;
  });
  return owners;
}

/** The series of the "one" side that a series meets at any step: of the many that come and go over time, only these are gone through. */
function partnersOf({ presence }: VectorSeries, owners: Int32Array): number[] {
  const partners = new Set<number>();
  for (let step = 0; step < presence.length; step++) if (presence[step] !== absent) partners.add(owners[step]!);
  partners.delete(noOwner);
  return [...partners];
}

/** Combines two series where `isMasked` is not set. */
function addPair(
  match: Match,
  many: VectorSeries,
  one: VectorSeries,
  isMasked: Uint8Array | undefined,
  taken: Map<string, Uint8Array>,
  anyMatched: Uint8Array,
  results: VectorSeries[],
): void {
  const { node, matching, sides, operation, steps, budget } = match;
  budget.check(results.length * steps);
  const labels = resultLabels(many.labels, one.labels, node.source.op, matching);
  const out = createSeries(labels, steps, node.source.returnsBool);
  const matched = new Uint8Array(steps);
  if (sides.isSwapped) combineColumns(one, many, operation, out, matched, isMasked);
  else combineColumns(many, one, operation, out, matched, isMasked);
  const isOneToOne = matching.cardinality === 'one-to-one';
  const key = isOneToOne ? '' : labelsKey(labels);
  const before = taken.get(key);
  if (before === undefined) taken.set(key, matched);
  for (let step = 0; step < steps; step++) {
    if (matched[step] === 0) continue;
    anyMatched[step] = 1;
    if (before === undefined) continue;
    if (before[step] === 1) throw multipleMatches(isOneToOne);
    before[step] = 1;
  }
  results.push(out);
}

const multipleMatches = (isOneToOne: boolean): BarographError =>
  new BarographError(
    'query_failed',
    isOneToOne
      ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
      : 'multiple matches for labels: grouping labels must ensure unique matches',
  );

/** What stands in for a partner that a series has not. */
const filling = ({ matching, steps }: Match, labels: SeriesLabels, value: number): VectorSeries => ({
  labels: groupLabels(labels, matching.labels, !matching.on),
  dropsName: false,
  values: new Float64Array(steps).fill(value),
  presence: new Uint8Array(steps).fill(isFloat),
  histograms: undefined,
});

/** Steps at which any of the series has a value. */
function occupied(series: Series, steps: number): Uint8Array {
  const mask = new Uint8Array(steps);
  for (const { presence } of series)
    for (let step = 0; step < steps; step++) if (presence[step] !== absent) mask[step] = 1;
  return mask;
}
