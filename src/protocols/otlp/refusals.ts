/** Tells which data points of a request are not taken, by the metric's name and the data point's number in the request. */
import type { ErrorCode } from '../../base/errors.js';
import { createRejectionTally, type RejectionTally } from '../../model/rejection-tally.js';

/** Most characters of a name that a message shows. A guess: all of a name that anyone would give. */
const nameCharsMax = 200;

/** Why a data point is not taken. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What was got and what was wanted. */
  readonly message: string;
}

export class Refusals {
  readonly tally: RejectionTally = createRejectionTally();
  /** Number of the data point that is being read, from 1, in the order of the request. */
  private point = 0;
  private metric = '';

  /** Names the metric whose data points come next. */
  beginMetric(name: string): void {
    this.metric = name;
  }

  beginPoint(): void {
    this.point++;
  }

  refuse({ code, message }: Refusal): void {
    this.tally.add(this.point, code, () => `metric ${shownName(this.metric)}: ${message}`);
  }
}

/** A name as messages show it: in quotes, and shortened. */
export const shownName = (name: string): string =>
  JSON.stringify(name.length > nameCharsMax ? `${name.slice(0, nameCharsMax)}…` : name);
