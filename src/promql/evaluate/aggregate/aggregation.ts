/** How aggregations that make one series of each group are written. */
import type { SourceRange } from '../../ast.js';
import type { Annotations } from '../annotations.js';
import type { SeriesBuilder } from '../series-builder.js';
import type { VectorSeries } from '../value.js';

export interface AggregationCall {
  /** The series of one group. */
  readonly members: readonly VectorSeries[];
  /** By step; undefined where the aggregation takes none. */
  readonly parameter: Float64Array | undefined;
  readonly annotations: Annotations;
  /** Where what is aggregated stands in the query. */
  readonly at: SourceRange;
}

/** Fills in a group's steps, going through its series column by column. */
export type Aggregation = (call: AggregationCall, out: SeriesBuilder) => void;
