/** A ground-truth event: what really happened to a prediction, known later and perhaps corrected later still. */
import { NumberBuilder, TextBuilder, TimeBuilder } from './column-builders.js';
import type { Batch, NumberColumn, TextColumn, TimeColumn } from './columns.js';

export type GroundTruthColumns = {
  readonly request_id: TextColumn;
  /** The label where it was sent as text (a class), else empty. */
  readonly label_text: TextColumn;
  /** The label where it was sent as a number, else NaN. */
  readonly label_number: NumberColumn;
  /** When the truth became known. Absent: the time of arrival stands in. */
  readonly ts: TimeColumn;
  readonly source: TextColumn;
  /** A later revision corrects an earlier one. Whole number from 0; NaN where not given. */
  readonly revision: NumberColumn;
};

export type GroundTruthBatch = Batch<GroundTruthColumns>;

/** A builder for each column, in the order of the columns. */
export function groundTruthBuilders() {
  return {
    request_id: new TextBuilder(),
    label_text: new TextBuilder(),
    label_number: new NumberBuilder(),
    ts: new TimeBuilder(),
    source: new TextBuilder(),
    revision: new NumberBuilder(),
  };
}
export type GroundTruthBuilders = ReturnType<typeof groundTruthBuilders>;

/** Largest revision: it is kept as an unsigned 32-bit number. */
export const revisionMax = 4_294_967_295;
