/**
 * A query made ready to run: offsets and times are numbers, parentheses are gone, parts that are the same at every step are marked,
 * and every selector knows which of the fetched selections it reads.
 */

import type { Matcher } from '../../model/matcher.js';
import type { Aggregate, Binary, Call, RangeExtension, SourceRange } from '../ast.js';
import type { SelectHints } from './sample-source.js';

/** Samples to fetch before evaluation; both times inclusive, epoch milliseconds. */
export interface Selection {
  readonly matchers: readonly Matcher[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly hints: SelectHints;
}

export interface Plan {
  readonly root: PlanNode;
  readonly selections: readonly Selection[];
}

export type PlanNode =
  | NumberNode
  | StringNode
  | SelectorNode
  | RangeSelectorNode
  | SubqueryNode
  | NegationNode
  | BinaryNode
  | AggregateNode
  | CallNode
  | InfoNode
  | InvariantNode;

interface Placed {
  /** Where the expression stands in the query. */
  readonly range: SourceRange;
}

export interface NumberNode extends Placed {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringNode extends Placed {
  readonly kind: 'string';
  readonly value: string;
}

/** When samples are read: at the step's time, or at a fixed one, less the offset. */
export interface ReadTime {
  readonly atMs: number | undefined;
  readonly offsetMs: number;
}

export interface SelectorNode extends Placed, ReadTime {
  readonly kind: 'selector';
  /** Index into the plan's selections. */
  readonly selection: number;
  readonly matchers: readonly Matcher[];
  readonly extension: RangeExtension | undefined;
}

export interface RangeSelectorNode extends Placed, ReadTime {
  readonly kind: 'range_selector';
  readonly selection: number;
  readonly matchers: readonly Matcher[];
  readonly extension: RangeExtension | undefined;
  readonly rangeMs: number;
}

export interface SubqueryNode extends Placed, ReadTime {
  readonly kind: 'subquery';
  readonly expression: PlanNode;
  readonly rangeMs: number;
  readonly stepMs: number;
}

export interface NegationNode extends Placed {
  readonly kind: 'negation';
  readonly expression: PlanNode;
}

export interface BinaryNode extends Placed {
  readonly kind: 'binary';
  readonly source: Binary;
  readonly left: PlanNode;
  readonly right: PlanNode;
}

export interface AggregateNode extends Placed {
  readonly kind: 'aggregate';
  readonly source: Aggregate;
  readonly expression: PlanNode;
  readonly parameter: PlanNode | undefined;
}

export interface CallNode extends Placed {
  readonly kind: 'call';
  readonly source: Call;
  /** Whether it is asked for over a time that ends after it begins, though one step may be all that lies in it. */
  readonly isOverTime: boolean;
  readonly args: readonly PlanNode[];
}

/** `info(v, {…})`: adds labels of info metrics, which are read at the times that `v`'s first selector is. */
export interface InfoNode extends Placed, ReadTime {
  readonly kind: 'info';
  readonly expression: PlanNode;
  readonly selection: number;
  /** Which metrics count as info metrics. */
  readonly nameMatchers: readonly Matcher[];
  /** Which of their labels are wanted; empty: all. */
  readonly labelMatchers: readonly Matcher[];
}

/** Evaluated once, at the grid's first step, and repeated. */
export interface InvariantNode extends Placed {
  readonly kind: 'invariant';
  readonly expression: PlanNode;
}
