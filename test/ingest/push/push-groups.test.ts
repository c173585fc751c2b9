/** What pushes mean, as the Pushgateway's README and its storage/diskmetricstore_test.go have it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startPushEmission } from '../../../src/ingest/push/push-emission.js';
import { groupOf, labelsOf, startPushed } from './pushed.js';

const a = { job: 'a' };
const histogram = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n';

describe('a push', () => {
  it('in the place of a group ends the series that it does not bring', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'x{i="1"} 1\nx{i="2"} 2\ny 3\n');
    assert.deepEqual(pushed.written(), ['x{i="1",job="a"} 1', 'x{i="2",job="a"} 2', 'y{job="a"} 3']);
    await pushed.push(a, 'x{i="2"} 5\n');
    assert.deepEqual(pushed.written(), ['x{i="1",job="a"} END', 'x{i="2",job="a"} 5', 'y{job="a"} END']);
  });

  it('into a group replaces the metrics of its names, and leaves the others', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'x{i="1"} 1\nx{i="2"} 2\ny 3\n');
    pushed.written();
    await pushed.push(a, 'x{i="3"} 5\n', 'names');
    assert.deepEqual(pushed.written(), ['x{i="1",job="a"} END', 'x{i="2",job="a"} END', 'x{i="3",job="a"} 5']);
    await pushed.groups.emit(pushed.clock.nowMs() + 1);
    assert.deepEqual(pushed.written(), ['x{i="3",job="a"} 5', 'y{job="a"} 3']);
  });

  it('of many series is written in batches, each series once, and ends those that it does not bring', async () => {
    const count = 2_500;
    const pushed = startPushed({ limits: { groupSeriesMax: 10_000, bytesMax: 1e8 } });
    const body = (from: number): string => Array.from({ length: count }, (_, i) => `x{i="${from + i}"} 1\n`).join('');
    await pushed.push(a, body(0));
    assert.equal(new Set(pushed.written()).size, count);
    assert.deepEqual(pushed.batchSizes(), [1_000, 1_000, 502]);
    await pushed.push(a, body(1_000));
    const written = pushed.written();
    assert.equal(written.length, count + 1_000);
    assert.equal(written.filter((line) => line.endsWith(' END')).length, 1_000);
    assert.ok(written.includes('x{i="999",job="a"} END') && written.includes('x{i="1000",job="a"} 1'));
  });

  it('replaces a histogram as one metric', async () => {
    const pushed = startPushed();
    await pushed.push(a, `${histogram}h_other 1\n`);
    pushed.written();
    await pushed.push(a, '# TYPE h histogram\nh_bucket{le="+Inf"} 5\nh_count 5\n', 'names');
    assert.deepEqual(pushed.written(), [
      'h_bucket{job="a",le="+Inf"} 5',
      'h_bucket{job="a",le="1.0"} END',
      'h_count{job="a"} 5',
      'h_sum{job="a"} END',
    ]);
  });

  it('that is empty ends all, or nothing, and counts as a push', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'x 1\n');
    pushed.written();
    await pushed.clock.pass(5_000);
    await pushed.push(a, '', 'names');
    assert.deepEqual(pushed.writtenTimes(), [
      'push_failure_time_seconds{job="a"} 0',
      'push_time_seconds{job="a"} 1700000005',
    ]);
    await pushed.push(a, '');
    assert.deepEqual(pushed.written(), ['x{job="a"} END']);
  });

  it('does not touch the groups of other labels', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'x 1\n');
    await pushed.push({ job: 'a', instance: 'i' }, 'x 2\n');
    pushed.written();
    await pushed.groups.delete(labelsOf(a));
    assert.deepEqual(pushed.written(), ['x{job="a"} END']);
    await pushed.groups.emit(pushed.clock.nowMs() + 1);
    assert.deepEqual(pushed.written(), ['x{instance="i",job="a"} 2']);
  });

  it('keeps no metric of the names that tell of pushes', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'push_time_seconds 5\npush_failure_time_seconds 6\n');
    assert.deepEqual(pushed.writtenTimes(), [
      'push_failure_time_seconds{job="a"} 0',
      'push_time_seconds{job="a"} 1700000000',
    ]);
  });

  it('names a counter alike in both text formats', async () => {
    const pushed = startPushed();
    await pushed.push(a, '# TYPE c counter\nc_total 1\n# EOF\n', 'group', 'application/openmetrics-text');
    await pushed.push({ job: 'b' }, '# TYPE c_total counter\nc_total 2\n');
    assert.deepEqual(pushed.written(), ['c_total{job="a"} 1', 'c_total{job="b"} 2']);
  });
});

describe('an inconsistent push', () => {
  const refused: readonly (readonly [what: string, first: string, body: string])[] = [
    ['of another type', '# TYPE x counter\nx 1\n', '# TYPE x gauge\nx{i="1"} 1\n'],
    ['of a metric that says no type, where another does', '# TYPE x counter\nx 1\n', 'x{i="1"} 1\n'],
    ['of a name that is a part of a histogram', histogram, 'h_count{i="1"} 1\n'],
    ['of a histogram whose part is a metric', 'h_bucket{i="1"} 1\n', histogram],
    ['of a series that another group has', 'x{run="r"} 1\n', 'x 1\n'],
    ['of a series twice', 'x 1\n', 'y 1\ny 2\n'],
    ['of two metrics that share a name', 'x 1\n', `# TYPE h_count gauge\nh_count{i="1"} 1\n${histogram}`],
  ];
  for (const [what, first, body] of refused)
    it(`${what} is refused, and noted`, async () => {
      const pushed = startPushed();
      await pushed.push(a, first);
      pushed.written();
      await assert.rejects(pushed.push({ job: 'a', run: 'r' }, body), { code: 'inconsistent_push' });
      assert.deepEqual(pushed.writtenTimes(), [
        'push_failure_time_seconds{job="a",run="r"} 1700000000',
        'push_time_seconds{job="a",run="r"} 0',
      ]);
      assert.equal(groupOf(pushed, { job: 'a', run: 'r' })?.families.size, 0);
      assert.deepEqual(pushed.problems, []);
    });

  it('is none where it replaces what it does not go with', async () => {
    const pushed = startPushed();
    await pushed.push(a, `# TYPE x counter\nx 1\n${histogram}`);
    await pushed.push(a, '# TYPE x gauge\nx 1\n', 'names');
    await assert.rejects(pushed.push(a, '# TYPE h_sum gauge\nh_sum 1\n', 'names'), { code: 'inconsistent_push' });
    await pushed.push(a, '# TYPE h_sum gauge\nh_sum 1\n');
    await pushed.groups.delete(labelsOf(a));
    await pushed.push({ job: 'b' }, '# TYPE x summary\nx{quantile="0.5"} 1\nx_sum 1\nx_count 1\n');
  });

  it('leaves the group as it was', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'x 1\n');
    pushed.written();
    await assert.rejects(pushed.push(a, 'x 2 1700000000000\n'), { code: 'time_refused' });
    pushed.writtenTimes();
    await pushed.groups.emit(pushed.clock.nowMs() + 1);
    assert.deepEqual(pushed.written(), ['x{job="a"} 1']);
    assert.equal(groupOf(pushed, a)?.failedMs, pushed.clock.nowMs());
  });

  it('is not noted where its body cannot be read', async () => {
    const pushed = startPushed();
    await assert.rejects(pushed.push(a, 'x y\n'), { code: 'invalid_exposition' });
    assert.deepEqual(pushed.groups.groups, []);
  });
});

describe('limits', () => {
  it('refuse a group, a series or a byte too many, and make room with a deletion', async () => {
    const pushed = startPushed({ limits: { groupsMax: 2, groupSeriesMax: 2, bytesMax: 5_000 } });
    const limit = { code: 'push_limit' };
    await pushed.push(a, 'x{i="1"} 1\nx{i="2"} 1\n');
    await assert.rejects(pushed.push(a, 'y 1\n', 'names'), limit);
    await pushed.push({ job: 'b' }, 'x 1\n');
    await assert.rejects(pushed.push({ job: 'c' }, 'x 1\n'), limit);
    await assert.rejects(pushed.push(a, `z{i="${'i'.repeat(2_000)}"} 1\n`), limit);
    await pushed.groups.delete(labelsOf(a));
    await pushed.push({ job: 'c' }, 'x 1\n');
  });

  it('refuse pushes that wait by the thousand', async () => {
    const pushed = startPushed();
    const outcomes = await Promise.allSettled(Array.from({ length: 1_001 }, () => pushed.push(a, 'x 1\n')));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 1);
    assert.equal((refused[0] as PromiseRejectedResult).reason.code, 'too_many_requests');
  });

  it('of the intake leave the group as it was', async () => {
    const pushed = startPushed();
    await pushed.push(a, 'x 1\n');
    pushed.failsWith = 'too_many_requests';
    await assert.rejects(pushed.push(a, 'x 2\n'), { code: 'too_many_requests' });
    await assert.rejects(pushed.groups.delete(labelsOf(a)), { code: 'too_many_requests' });
    pushed.failsWith = undefined;
    pushed.written();
    await pushed.groups.emit(pushed.clock.nowMs() + 1);
    assert.deepEqual(pushed.written(), ['x{job="a"} 1']);
  });
});

describe('emission', () => {
  it('writes every group at once and at each interval, and goes on after a failure', async () => {
    const first = startPushed();
    await first.push(a, 'x 1\n');
    await first.push({ job: 'b' }, 'x NaN\n');
    const pushed = startPushed({ groups: [...first.files.values()] });
    const { groups, clock } = pushed;
    const problems: string[] = [];
    const emission = startPushEmission({ groups, clock, intervalMs: 15_000, onProblem: (text) => problems.push(text) });
    await clock.pass(0);
    assert.deepEqual(pushed.written(), ['x{job="a"} 1', 'x{job="b"} NaN']);
    await clock.pass(14_999);
    assert.deepEqual(pushed.written(), []);
    await clock.pass(1);
    assert.deepEqual(pushed.written(), ['x{job="a"} 1', 'x{job="b"} NaN']);
    pushed.failsWith = 'too_many_requests';
    await clock.pass(15_000);
    assert.equal(problems.length, 1);
    pushed.failsWith = undefined;
    await clock.pass(15_000);
    assert.deepEqual(pushed.written(), ['x{job="a"} 1', 'x{job="b"} NaN']);
    await emission.stop();
    await clock.pass(60_000);
    assert.deepEqual(pushed.written(), []);
  });

  it('leaves out a group that was pushed since it was due', async () => {
    const pushed = startPushed();
    const dueMs = pushed.clock.nowMs();
    await pushed.clock.pass(10);
    await pushed.push(a, 'x 1\n');
    pushed.written();
    await pushed.groups.emit(dueMs);
    assert.deepEqual(pushed.written(), []);
  });

  it('ends groups that heard of no push for too long', async () => {
    const pushed = startPushed({ maxAgeMs: 60_000 });
    await pushed.push(a, 'x 1\n');
    await pushed.clock.pass(50_000);
    await pushed.push({ job: 'b' }, 'x 2\n');
    pushed.written();
    await pushed.clock.pass(10_001);
    await pushed.groups.emit(pushed.clock.nowMs());
    assert.deepEqual(pushed.written(), ['x{job="a"} END', 'x{job="b"} 2']);
    assert.equal(pushed.files.size, 1);
  });
});
