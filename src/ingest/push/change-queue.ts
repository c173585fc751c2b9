/** Changes of groups, one after the other in the order in which they came, as a Pushgateway makes them. */
import { BarographError } from '../../base/errors.js';

export interface ChangeQueueLimits {
  /** Most changes that wait or are being made. */
  readonly changesMax: number;
  /** Most bytes of their bodies together, beyond one that is there alone. */
  readonly bytesMax: number;
}

export interface ChangeQueue {
  /** Makes a change with a body of so many bytes in its turn. Fails with `too_many_requests` where too many wait. */
  admit<Result>(bytes: number, change: () => Promise<Result>): Promise<Result>;
  /** The same for a change of the server's own, which is never refused: its maker waits for it before it makes the next. */
  run<Result>(change: () => Promise<Result>): Promise<Result>;
}

export function createChangeQueue({ changesMax, bytesMax }: ChangeQueueLimits): ChangeQueue {
  let last: Promise<unknown> = Promise.resolve();
  let changes = 0;
  let bytes = 0;

  function run<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = last.then(change);
    last = result.catch(() => undefined);
    return result;
  }

  return {
    run,
    async admit(bodyBytes, change) {
      if (changes >= changesMax || (changes > 0 && bytes + bodyBytes > bytesMax))
        throw new BarographError('too_many_requests', `${changes} pushes with ${bytes} bytes wait already`, {
          retryAfterSeconds: 1,
          hint: 'Send the same push again.',
        });
      changes++;
      bytes += bodyBytes;
      try {
        return await run(change);
      } finally {
        changes--;
        bytes -= bodyBytes;
      }
    },
  };
}
