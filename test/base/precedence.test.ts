import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createPrecedence, giveWayMsMax } from '../../src/base/precedence.js';

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('work that nobody waits for goes on when the requests under way have ended', async () => {
  const { first, giveWay } = createPrecedence();
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const requests = ['a', 'b'].map((name) =>
    first(() => new Promise<void>((resolve) => ends.push(resolve))).then(() => order.push(name)),
  );
  const second = giveWay().then(() => order.push('second'));
  await turn();
  ends[0]!();
  await turn();
  assert.deepEqual(order, ['a']);
  ends[1]!();
  await Promise.all([...requests, second]);
  assert.ok(order.indexOf('second') > order.indexOf('a'));
  assert.equal(order.length, 3);
});

test('a request that fails holds nobody up', async () => {
  const { first, giveWay } = createPrecedence();
  await assert.rejects(
    first(async () => {
      throw new Error('cut off');
    }),
    /cut off/,
  );
  await giveWay();
});

test('work goes on after a while under requests that never end', async () => {
  const { first, giveWay } = createPrecedence();
  void first(() => new Promise(() => {}));
  const startedMs = performance.now();
  await giveWay();
  assert.ok(performance.now() - startedMs >= giveWayMsMax - 1);
});

test('within a slice it goes on at once, after it requests have their turn', async () => {
  const { first, giveWay } = createPrecedence();
  await giveWay();
  const order: string[] = [];
  setImmediate(() => order.push('turn'));
  await giveWay();
  order.push('slice');
  busy(5);
  let end = (): void => {};
  setImmediate(() => {
    void first(() => new Promise<void>((resolve) => (end = resolve)));
    setTimeout(() => {
      order.push('request');
      end();
    }, 1);
  });
  await giveWay();
  order.push('next slice');
  assert.deepEqual(order, ['slice', 'turn', 'request', 'next slice']);
});
