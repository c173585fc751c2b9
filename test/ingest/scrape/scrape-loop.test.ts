import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startScrapeLoop } from '../../../src/ingest/scrape/scrape-loop.js';
import { createScrapeSlots } from '../../../src/ingest/scrape/scrape-slots.js';
import { createFakeClock } from './fake-clock.js';

const startMs = 1_700_000_000_000;

/** A loop whose scrapes take the times given, in order, and nothing once they run out. */
function loopOf({ durationsMs = [] as number[], intervalMs = 10_000, offsetMs = 3_000, slots = createScrapeSlots(9) }) {
  const clock = createFakeClock(startMs);
  const begun: number[] = [];
  const stamps: number[] = [];
  const loop = startScrapeLoop({
    clock,
    slots,
    intervalMs,
    offsetMs,
    scrape: (timeMs) => {
      begun.push(clock.nowMs() - startMs);
      stamps.push(timeMs - startMs);
      const durationMs = durationsMs.shift() ?? 0;
      return durationMs === 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(durationMs, resolve));
    },
  });
  return { clock, loop, begun, stamps };
}

describe('the loop of a target', () => {
  it('scrapes after its offset and then at every interval', async () => {
    const { clock, loop, begun, stamps } = loopOf({});
    await clock.pass(2_999);
    assert.deepEqual(begun, []);
    await clock.pass(30_001);
    assert.deepEqual(begun, [3_000, 13_000, 23_000, 33_000]);
    assert.deepEqual(stamps, begun);
    await loop.stop();
  });

  it('keeps its rhythm whatever scrapes take', async () => {
    const { clock, begun, loop } = loopOf({ durationsMs: [4_000, 9_999, 1] });
    await clock.pass(33_000);
    assert.deepEqual(begun, [3_000, 13_000, 23_000, 33_000]);
    await loop.stop();
  });

  it('follows a scrape that is too long at once, and leaves out the ticks before', async () => {
    const { clock, begun, loop } = loopOf({ durationsMs: [10_500, 0, 35_000] });
    await clock.pass(70_000);
    assert.deepEqual(begun, [3_000, 13_500, 23_000, 58_000, 63_000]);
    await loop.stop();
  });

  it('gives a scrape within 2 ms of its tick the tick’s time, and any other its own', async () => {
    const { clock, loop, stamps, begun } = loopOf({});
    // A tick's timer is set right after the scrape before it.
    await clock.pass(12_999);
    clock.latenessMs = 2;
    await clock.pass(10_001);
    clock.latenessMs = 3;
    await clock.pass(20_000);
    assert.deepEqual(begun, [3_000, 13_000, 23_002, 33_003]);
    assert.deepEqual(stamps, [3_000, 13_000, 23_000, 33_003]);
    await loop.stop();
  });

  it('narrows that tolerance to a hundredth of a short interval', async () => {
    const { clock, loop, stamps, begun } = loopOf({ intervalMs: 100, offsetMs: 0 });
    clock.latenessMs = 1;
    await clock.pass(100);
    clock.latenessMs = 2;
    await clock.pass(110);
    assert.deepEqual(begun, [0, 101, 202]);
    assert.deepEqual(stamps, [0, 100, 202]);
    await loop.stop();
  });

  it('goes by the wall clock’s time once that was set back, in the same rhythm', async () => {
    const { clock, loop, stamps } = loopOf({});
    await clock.pass(13_000);
    clock.setWall(startMs + 5_000);
    await clock.pass(20_000);
    assert.deepEqual(stamps, [3_000, 13_000, 15_000, 25_000]);
    await loop.stop();
  });

  it('waits for a slot, and takes its time from when it has one', async () => {
    const slots = createScrapeSlots(1);
    const { clock, loop, begun, stamps } = loopOf({ slots });
    const release = await slots.take();
    await clock.pass(5_000);
    assert.deepEqual(begun, []);
    release();
    await clock.pass(10_000);
    assert.deepEqual(begun, [5_000, 13_000]);
    assert.deepEqual(stamps, [5_000, 13_000]);
    await loop.stop();
  });

  it('ends with the scrape that goes on, and begins no other', async () => {
    const { clock, loop, begun } = loopOf({ durationsMs: [1_000] });
    await clock.pass(3_500);
    let isStopped = false;
    const stopped = loop.stop().then(() => {
      isStopped = true;
    });
    await clock.pass(400);
    assert.equal(isStopped, false);
    await clock.pass(20_000);
    await stopped;
    assert.deepEqual(begun, [3_000]);
    assert.equal(clock.timers, 0);
  });
});

describe('slots', () => {
  it('are given in the order in which they were asked for, so many at a time', async () => {
    const slots = createScrapeSlots(2);
    const got: number[] = [];
    const releases: (() => void)[] = [];
    for (let i = 0; i < 4; i++)
      void slots.take().then((release) => {
        got.push(i);
        releases.push(release);
      });
    await new Promise(setImmediate);
    assert.deepEqual(got, [0, 1]);
    releases[1]!();
    await new Promise(setImmediate);
    assert.deepEqual(got, [0, 1, 2]);
    releases[0]!();
    releases[2]!();
    await new Promise(setImmediate);
    assert.deepEqual(got, [0, 1, 2, 3]);
  });
});
