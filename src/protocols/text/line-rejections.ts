/** Counts what is left out of a body of lines, and tells the first of it with line numbers. */
import type { ErrorCode } from '../../base/errors.js';
import { createRejectionTally, type RejectionTally } from '../../model/rejection-tally.js';
import { rejectionsMax } from '../../model/sample-batch.js';

export interface LineRejections {
  readonly tally: RejectionTally;
  /** Leaves out what lies at a byte of the body. Positions must not go back. `describe` is called only where the message is kept. */
  reject(position: number, code: ErrorCode, describe: () => string): void;
  /** Number of the line, from 1, that holds a byte. Positions must not go back. */
  lineAt(position: number): number;
}

const newline = 0x0a;
/** So many bytes of a body are shown in a message. */
const shownBytesMax = 40;

export function createLineRejections(body: Buffer): LineRejections {
  const tally = createRejectionTally();
  let line = 1;
  /** Newlines before this byte are counted in `line`. */
  let counted = 0;

  function lineAt(position: number): number {
    for (let at = body.indexOf(newline, counted); at >= 0 && at < position; at = body.indexOf(newline, counted)) {
      line++;
      counted = at + 1;
    }
    return line;
  }

  return {
    tally,
    lineAt,
    reject(position, code, describe) {
      // Counting lines costs a pass over the body, which only what is told is worth.
      const isTold = tally.rejections.length < rejectionsMax;
      tally.add(isTold ? lineAt(position) : 0, code, describe);
    },
  };
}

/** The bytes from `at` to the line's end as text for a message, shortened. */
export function shownFrom(body: Buffer, at: number): string {
  if (at >= body.length) return 'the end';
  const newlineAt = body.indexOf(newline, at);
  const end = newlineAt < 0 ? body.length : newlineAt;
  if (at === end) return 'the end of the line';
  const shown = JSON.stringify(body.toString('utf8', at, Math.min(end, at + shownBytesMax)));
  return end - at > shownBytesMax ? `${shown}…` : shown;
}
