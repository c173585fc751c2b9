/**
 * Group commit: what arrives while a group is being committed forms the next one, so that under load one sync to disk
 * acknowledges many appends, and an append on an idle log waits for nobody.
 *
 * States: idle → gathering (until the event loop has turned, or `delayMs` passed) → committing → gathering again while
 * anything waits, else idle. At most one commit is under way.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { BarographError } from '../base/errors.js';

export interface GroupQueueOptions<Item, Result> {
  readonly delayMs: number;
  /** Bound of one group, unless a single item is larger. */
  readonly groupBytesMax: number;
  /** Bound of all that waits or is being committed, unless a single item is larger. */
  readonly queueBytesMax: number;
  /** Commits the items in their order and resolves with a result for each; rejects when none of them counts. */
  commit(items: readonly Item[]): Promise<readonly Result[]>;
}

export interface GroupQueue<Item, Result> {
  /** Fails with `too_many_requests` when the queue is full. Results arrive in the order of the pushes. */
  push(item: Item, bytes: number): Promise<Result>;
  /** Resolves once nothing waits and nothing is being committed. */
  drained(): Promise<void>;
  /** Bytes that wait or are being committed. */
  readonly bytes: number;
  readonly length: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** A guess: a full queue empties within a second on any disk that deserves the name. */
const retryAfterSeconds = 1;

export function createGroupQueue<Item, Result>(options: GroupQueueOptions<Item, Result>): GroupQueue<Item, Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let bytes = 0;
  let length = 0;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      await (options.delayMs > 0 ? setTimeout(options.delayMs) : setImmediate());
      const [group, rest] = splitGroup(waiting, options.groupBytesMax);
      waiting = rest;
      await settle(group, options.commit);
      for (const entry of group) bytes -= entry.bytes;
      length -= group.length;
    }
    running = undefined;
  }

  return {
    push(item, itemBytes) {
      if (length > 0 && bytes + itemBytes > options.queueBytesMax)
        return Promise.reject(queueFull(options.queueBytesMax));
      bytes += itemBytes;
      length++;
      return new Promise((resolve, reject) => {
        waiting.push({ item, bytes: itemBytes, resolve, reject });
        running ??= run();
      });
    },
    async drained() {
      while (running !== undefined) await running;
    },
    get bytes() {
      return bytes;
    },
    get length() {
      return length;
    },
  };
}

/** As many from the front as fit, at least one. */
function splitGroup<Item, Result>(
  waiting: Waiting<Item, Result>[],
  groupBytesMax: number,
): [Waiting<Item, Result>[], Waiting<Item, Result>[]] {
  let end = 1;
  let bytes = waiting[0]?.bytes ?? 0;
  while (end < waiting.length && bytes + waiting[end]!.bytes <= groupBytesMax) bytes += waiting[end++]!.bytes;
  return end === waiting.length ? [waiting, []] : [waiting.slice(0, end), waiting.slice(end)];
}

async function settle<Item, Result>(
  group: readonly Waiting<Item, Result>[],
  commit: GroupQueueOptions<Item, Result>['commit'],
): Promise<void> {
  try {
    const results = await commit(group.map((entry) => entry.item));
    for (const [index, entry] of group.entries()) entry.resolve(results[index]!);
  } catch (error) {
    for (const entry of group) entry.reject(error);
  }
}

const queueFull = (queueBytesMax: number): BarographError =>
  new BarographError(
    'too_many_requests',
    `${queueBytesMax} bytes already wait to be written to the log, which is its bound (queueBytesMax)`,
    { retryAfterSeconds },
  );
