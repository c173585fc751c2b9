/** Counts what a decoder of metrics leaves out, and tells the first of it one by one. */
import type { ErrorCode } from '../base/errors.js';
import type { Rejection } from './rejection.js';
import { rejectionsMax } from './sample-batch.js';

export interface RejectionTally {
  readonly rejected: number;
  readonly rejectedByCode: ReadonlyMap<ErrorCode, number>;
  /** At most `rejectionsMax`. */
  readonly rejections: readonly Rejection[];
  /** Counts `count` samples, lines or data points. `describe` is called only where the message is kept. */
  add(line: number, code: ErrorCode, describe: () => string, count?: number): void;
}

export function createRejectionTally(): RejectionTally {
  const rejectedByCode = new Map<ErrorCode, number>();
  const rejections: Rejection[] = [];
  let rejected = 0;
  return {
    get rejected() {
      return rejected;
    },
    rejectedByCode,
    rejections,
    add(line, code, describe, count = 1) {
      rejected += count;
      rejectedByCode.set(code, (rejectedByCode.get(code) ?? 0) + count);
      if (rejections.length < rejectionsMax) rejections.push({ line, code, message: describe() });
    },
  };
}
