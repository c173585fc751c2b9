import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { createBoundedQueue } from '../../src/http/bounded-queue.js';

const never = new AbortController().signal;
const queueOf = (insideMax: number, waitingMax: number, waitMsMax = 60_000) =>
  createBoundedQueue({ insideMax, waitingMax, waitMsMax, what: 'things', waitingKey: 'a.max', waitKey: 'a.wait' });

test('turns are given in the order in which they were asked for', async () => {
  const queue = queueOf(1, 2);
  const began: string[] = [];
  const first = await queue.enter(never);
  const others = ['a', 'b'].map((name) =>
    queue.enter(never).then((end) => {
      began.push(name);
      end();
    }),
  );
  assert.deepEqual([queue.inside, queue.waiting, began], [1, 2, []]);
  first();
  first();
  await Promise.all(others);
  assert.deepEqual([queue.inside, queue.waiting, began], [0, 0, ['a', 'b']]);
});

test('past the bound of those that wait one is refused at once, with the bound and when to try again', async () => {
  const queue = queueOf(1, 0);
  const end = await queue.enter(never);
  await assert.rejects(queue.enter(never), (error) => {
    assert.ok(isBarographError(error, 'too_many_requests'));
    assert.match(error.message, /1 of things are at work and 0 wait, the limit is 0 \(a\.max\)/);
    assert.equal(error.retryAfterSeconds, 10);
    return true;
  });
  end();
  (await queue.enter(never))();
});

test('a wait that is too long is refused, and leaves no place taken', async () => {
  const queue = queueOf(1, 5, 20);
  const end = await queue.enter(never);
  await assert.rejects(queue.enter(never), /waited 20 ms for its turn among things, the limit is a\.wait/);
  assert.equal(queue.waiting, 0);
  end();
  assert.equal(queue.inside, 0);
});

test('who gives up waiting leaves the queue with the reason', async () => {
  const queue = queueOf(1, 5);
  const end = await queue.enter(never);
  const gone = new AbortController();
  const waiting = queue.enter(gone.signal);
  gone.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  assert.deepEqual([queue.inside, queue.waiting], [1, 0]);
  end();
  await assert.rejects(queue.enter(gone.signal), /gone/);
  assert.equal(queue.inside, 0);
});
