/** What the result cache keeps of a query: a column for each series of the result. */
import type { Labels } from '../../model/labels.js';
import type { Texts } from '../print/point-texts.js';
import type { StepRange } from './step-grid.js';

export interface ResultColumn {
  readonly labels: Labels;
  readonly key: string;
  readonly values: Float64Array;
  /** 1 where there is a value. */
  readonly presence: Uint8Array;
  printed: PrintedColumn | undefined;
}

export interface ResultColumns extends StepRange {
  /** Ordered by labels. */
  readonly columns: readonly ResultColumn[];
}

export interface PrintedColumn {
  readonly labels: Uint8Array;
  /** By step; nothing where there is no value. */
  readonly points: Texts;
}
