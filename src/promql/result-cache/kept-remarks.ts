/**
 * The remarks on results that are kept. An evaluation makes its remarks for a stretch of steps and does not say for which of them, so they are kept
 * by stretch: for a range that has all of a stretch they are those of the stretch, for one that has a part of it they are only possible. What is
 * possible counts as known where another stretch of the range makes the same remark, since remarks of a whole are the union of those of its parts.
 */
import type { Expression, SourceRange } from '../ast.js';
import { childrenOf } from '../ast.js';
import type { Annotation } from '../evaluate/annotations.js';
import { isWithin, overlapOf, type StepRange } from './step-grid.js';

/** A remark that tells its place as the number of a node: the same query may be written with other spaces. */
interface PlacedRemark {
  readonly annotation: Annotation;
  readonly node: number;
}

export interface RemarkedSteps extends StepRange {
  readonly remarks: readonly PlacedRemark[];
  /** False where some steps changed since, or stretches were joined: the remarks are all that there may be. */
  readonly isExact: boolean;
}

/** Remarks on a range: those that are made, and those that may be. */
export interface RemarksFound {
  readonly known: readonly Annotation[];
  readonly possible: readonly Annotation[];
}

/** Most stretches of an entry: a range that moves on adds one at each step. A guess: an hour of a dashboard that is drawn each minute. */
const stretchesMax = 64;
/** Bytes of a remark beside its text. A guess. */
const bytesPerRemark = 200;

/** Where the nodes of an expression stand in its text, in an order that its canonical text tells. */
export function placesOf(expression: Expression): readonly SourceRange[] {
  const { from, to } = expression;
  return [{ from, to }, ...childrenOf(expression).flatMap(placesOf)];
}

/** Undefined where there are no remarks. */
export function placedRemarks(
  annotations: readonly Annotation[],
  { first, steps }: StepRange,
  places: readonly SourceRange[],
): RemarkedSteps | undefined {
  if (annotations.length === 0) return undefined;
  const remarks = annotations.map((annotation) => ({
    annotation,
    node: places.findIndex(({ from, to }) => from === annotation.at.from && to === annotation.at.to),
  }));
  // A remark on no node of its own stays where it is, and is found only possible from then on.
  return { first, steps, remarks, isExact: remarks.every(({ node }) => node >= 0) };
}

/** Remarks of the steps in `range`, which lies in what is kept. */
export function remarksIn(
  stretches: readonly RemarkedSteps[],
  range: StepRange,
  places: readonly SourceRange[],
): RemarksFound {
  const known: Annotation[] = [];
  const possible: Annotation[] = [];
  for (const stretch of stretches) {
    if (overlapOf(stretch, range) === 0) continue;
    const found = stretch.isExact && isWithin(stretch, range) ? known : possible;
    for (const { annotation, node } of stretch.remarks)
      found.push({ ...annotation, at: places[node] ?? annotation.at });
  }
  return { known, possible };
}

/** Whether what is possible is known to be made. What gathers details never is: they may be others. */
export const areMade = (possible: readonly Annotation[], made: readonly Annotation[]): boolean =>
  possible.every(
    ({ text, at, detail }) =>
      detail === undefined && made.some((other) => other.text === text && other.at.from === at.from),
  );

/** The stretches of an entry that gets more: `kept` is what still counted of its steps, `all` are its steps from now on. */
export function joinRemarks(
  before: readonly RemarkedSteps[],
  kept: StepRange | undefined,
  more: readonly RemarkedSteps[],
  all: StepRange,
): readonly RemarkedSteps[] {
  const still = kept === undefined ? [] : before.filter((each) => overlapOf(each, kept) > 0);
  const joined = [...still.map((each) => (isWithin(each, kept!) ? each : { ...each, isExact: false })), ...more].filter(
    (each) => overlapOf(each, all) > 0,
  );
  while (joined.length > stretchesMax) joined.splice(0, 2, unionOf(joined[0]!, joined[1]!));
  return joined;
}

function unionOf(a: RemarkedSteps, b: RemarkedSteps): RemarkedSteps {
  const first = Math.min(a.first, b.first);
  const end = Math.max(a.first + a.steps, b.first + b.steps);
  const others = b.remarks.filter(({ annotation, node }) =>
    a.remarks.every((each) => each.annotation.text !== annotation.text || each.node !== node),
  );
  return { first, steps: end - first, remarks: [...a.remarks, ...others], isExact: false };
}

export const remarkBytes = (stretches: readonly RemarkedSteps[]): number =>
  stretches.reduce(
    (sum, { remarks }) =>
      sum + remarks.reduce((bytes, { annotation }) => bytes + bytesPerRemark + 2 * annotation.text.length, 0),
    0,
  );
