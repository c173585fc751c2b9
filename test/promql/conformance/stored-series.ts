/** Series with the samples that a script loads. */
import type { Labels } from '../../../src/model/labels.js';
import type { SequenceValue } from './series-line.js';

export interface StoredSample extends SequenceValue {
  readonly timeMs: number;
  /** 0 where unknown. */
  readonly startMs: number;
}

export interface StoredSeries {
  readonly labels: Labels;
  readonly samples: readonly StoredSample[];
}
