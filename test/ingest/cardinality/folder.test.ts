import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FoldAggregate, gaugeAggregates } from '../../../src/ingest/cardinality/fold-aggregate.js';
import { createFolder, type Folder } from '../../../src/ingest/cardinality/folder.js';
import { createFolderState, defaultFolderOptions } from '../../../src/ingest/cardinality/folder-state.js';
import { asRuns, bySource, type Event, events, increase, oneTarget, startMs } from './one-target.js';
import { foldedSamples, sourceRuns } from './source-runs.js';

describe('a folded counter', () => {
  it('increases by what its sources increase by, however they and their resets are interleaved', () => {
    fc.assert(
      fc.property(events, fc.constantFrom(1, 1_000), (batches, resolutionMs) => {
        const { folder, fold } = oneTarget('counter', { resolutionMs });
        const stored = new Map<number, number>();
        batches.forEach((batch, i) => {
          for (const [timeMs, value] of fold(...asRuns(batch))) stored.set(timeMs, value as number);
          const sent = bySource(batches.slice(0, i + 1).flat());
          const truth = sent.reduce((sum, source) => sum + increase(source.map(({ value }) => value)), 0);
          const values = [...stored].sort(([a], [b]) => a - b).map(([, value]) => value);
          assert.equal(values.at(-1), truth);
          assert.equal(increase(values), truth);
        });
        assert.equal(folder.counts.ignored, 0);
      }),
    );
  });

  it('changes by nothing when a batch is sent again', () => {
    fc.assert(
      fc.property(events, (batches) => {
        const { fold } = oneTarget('counter');
        for (const batch of batches) fold(...asRuns(batch));
        for (const batch of batches) assert.deepEqual(fold(...asRuns(batch)), []);
      }),
    );
  });

  it('has one sample for each time of a batch, after all sources of that time', () => {
    const { fold } = oneTarget('counter', { resolutionMs: 1 });
    assert.deepEqual(
      fold(
        {
          source: 1,
          samples: [
            [1_000, 5],
            [2_000, 6],
          ],
        },
        {
          source: 2,
          samples: [
            [2_000, 10],
            [1_000, 1],
          ],
        },
        { source: 3, samples: [[1_500, 2]] },
      ),
      [
        [1_000, 6],
        [1_500, 8],
        [2_000, 18],
      ],
    );
  });

  it('has one sample for each interval of the resolution, at its latest time', () => {
    const { fold } = oneTarget('counter', { resolutionMs: 1_000 });
    const samples = [1_010, 1_400, 1_990, 2_003].map((timeMs, source) => ({ source, samples: [[timeMs, 1]] as const }));
    assert.deepEqual(fold(...samples), [
      [1_990, 3],
      [2_003, 4],
    ]);
  });

  it('takes what is late into its present value', () => {
    const { folder, fold } = oneTarget('counter');
    fold({ source: 1, samples: [[60_000, 5]] });
    assert.deepEqual(fold({ source: 2, samples: [[50_000, 3]] }), [[60_000, 8]]);
    assert.deepEqual(fold({ source: 3, samples: [[51_000, 1]] }, { source: 1, samples: [[75_000, 6]] }), [
      [75_000, 10],
    ]);
    assert.equal(folder.counts.late, 2);
  });

  it('begins to count a source that had a series of its own where that ended', () => {
    const { folder, fold } = oneTarget('counter');
    assert.deepEqual(fold({ source: 1, hadSeries: true, samples: [[1_000, 1e9]] }), [[1_000, 0]]);
    assert.deepEqual(fold({ source: 1, hadSeries: true, samples: [[2_000, 1e9 + 4]] }), [[2_000, 4]]);
    assert.equal(folder.counts.baselines, 1);
  });

  it('leaves out values that no counter has', () => {
    const { folder, fold } = oneTarget('counter');
    fold({ source: 1, samples: [[1_000, 5]] });
    assert.deepEqual(
      fold({
        source: 1,
        samples: [
          [2_000, Number.NaN],
          [3_000, Number.POSITIVE_INFINITY],
        ],
      }),
      [],
    );
    assert.deepEqual(
      fold({
        source: 1,
        samples: [
          [4_000, -3],
          [5_000, 2],
        ],
      }),
      [
        [4_000, 5],
        [5_000, 10],
      ],
    );
    assert.equal(folder.counts.notFinite, 2);
  });

  it('is not put off by sources that go stale, and goes stale with the last of them', () => {
    const { fold } = oneTarget('counter');
    fold({ source: 1, samples: [[1_000, 5]] }, { source: 2, samples: [[1_000, 7]] });
    assert.deepEqual(fold({ source: 1, samples: [[2_000, 'stale']] }), [[2_000, 12]]);
    assert.deepEqual(fold({ source: 2, samples: [[3_000, 'stale']] }), [[3_000, 'stale']]);
    assert.deepEqual(fold({ source: 1, samples: [[4_000, 6]] }), [[4_000, 13]]);
    assert.deepEqual(fold({ source: 9, samples: [[5_000, 'stale']] }), []);
  });

  it('is never above the truth when sources are evicted and come back, and says how often that cost something', () => {
    fc.assert(
      fc.property(events, (batches) => {
        const { folder, fold } = oneTarget('counter', { sourcesMax: 2 });
        let last = 0;
        for (const batch of batches) for (const [, value] of fold(...asRuns(batch))) last = value as number;
        const truth = bySource(batches.flat()).reduce(
          (sum, source) => sum + increase(source.map(({ value }) => value)),
          0,
        );
        assert.ok(last <= truth);
        assert.ok(last === truth || folder.counts.baselines > 0);
        assert.ok(folder.sourceCount <= 2);
      }),
    );
  });

  it('keeps the sources that are used when others come once', () => {
    const { folder, fold } = oneTarget('counter', { sourcesMax: 100 });
    let total = 0;
    for (let i = 0; i < 5_000; i++) {
      const samples = fold(
        { source: 1, samples: [[startMs + i * 1_000, i]] },
        { source: 10 + i, samples: [[startMs + i * 1_000, 1]] },
      );
      total = samples[0]![1] as number;
    }
    assert.equal(total, 4_999 + 5_000);
    assert.equal(folder.sourceCount, 100);
    assert.equal(folder.counts.evicted, 5_001 - 100);
  });

  it('holds a small increase beside a large total', () => {
    const { fold } = oneTarget('counter');
    fold({ source: 1, samples: [[startMs, 2 ** 53]] });
    let last = 0;
    for (let i = 1; i <= 1_000; i++)
      last = fold({ source: 2, samples: [[startMs + i * 1_000, i * 0.5]] })[0]![1] as number;
    assert.equal(last, 2 ** 53 + 500);
  });
});

describe('folded histogram buckets', () => {
  it('stay cumulative, each le for itself', () => {
    const folder = createFolder(createFolderState(defaultFolderOptions));
    const targets = ['0.1', '1', '+Inf'].map((_, le) =>
      folder.openTarget({ ref: le, idHigh: 0, idLow: le, aggregate: 'counter' }),
    );
    const observed = [0, 0, 0];
    for (let i = 0; i < 200; i++) {
      const buckets = [i % 3, (i % 3) + (i % 4), (i % 3) + (i % 4) + (i % 2)];
      buckets.forEach((count, le) => {
        observed[le]! += count;
      });
      const runs = buckets.map((count, le) => ({
        source: i * 3 + le,
        target: targets[le]!,
        samples: [[startMs + i, count]] as const,
      }));
      const folded = foldedSamples(folder.fold(sourceRuns(runs)));
      assert.deepEqual(
        [0, 1, 2].map((le) => folded.get(le)![0]![1]),
        observed,
      );
    }
  });
});

describe('a folded gauge', () => {
  const windowMs = 5_000;

  /** The stated aggregate, reckoned from all samples. */
  function expected(aggregate: FoldAggregate, sent: readonly Event[], nowMs: number): number {
    const live = bySource(sent)
      .map((samples) => samples.at(-1)!)
      .filter(({ timeMs }) => timeMs >= nowMs - windowMs);
    const values = live.map(({ value }) => value);
    const sum = values.reduce((total, value) => total + value, 0);
    switch (aggregate) {
      case 'avg':
        return sum / values.length;
      case 'min':
        return Math.min(...values);
      case 'max':
        return Math.max(...values);
      default:
        return sum;
    }
  }

  for (const aggregate of gaugeAggregates.filter((name) => name !== 'last'))
    it(`is the ${aggregate} of the sources seen within the window`, () => {
      const steps = fc.array(
        fc.record({
          source: fc.integer({ min: 0, max: 5 }),
          stepMs: fc.integer({ min: 1, max: 4_000 }),
          value: fc.integer({ min: -9, max: 9 }),
        }),
        { minLength: 1, maxLength: 80 },
      );
      fc.assert(
        fc.property(steps, (all) => {
          const { fold } = oneTarget(aggregate, { windowMs });
          const sent: Event[] = [];
          let timeMs = startMs;
          for (const { source, stepMs, value } of all) {
            timeMs += stepMs;
            sent.push({ source, timeMs, value });
            const wanted = expected(aggregate, sent, timeMs);
            const [[givenMs, given]] = fold({ source, samples: [[timeMs, value]] }) as [[number, number]];
            assert.equal(givenMs, timeMs);
            assert.ok(Math.abs(given - wanted) < 1e-12, `${given} instead of ${wanted}`);
          }
        }),
      );
    });

  it('is the last value of all where that is asked for', () => {
    const { fold } = oneTarget('last', { resolutionMs: 1 });
    assert.deepEqual(fold({ source: 1, samples: [[2_000, 5]] }, { source: 2, samples: [[1_000, 9]] }), [
      [1_000, 9],
      [2_000, 5],
    ]);
  });

  it('counts no more what went stale, and goes stale with the last', () => {
    const { fold } = oneTarget('sum');
    fold({ source: 1, samples: [[1_000, 5]] }, { source: 2, samples: [[1_000, 7]] });
    assert.deepEqual(fold({ source: 1, samples: [[2_000, 'stale']] }), [[2_000, 7]]);
    assert.deepEqual(fold({ source: 2, samples: [[3_000, 'stale']] }), [[3_000, 'stale']]);
    assert.deepEqual(fold({ source: 2, samples: [[4_000, 1]] }), [[4_000, 1]]);
  });

  it('treats values that are not finite as PromQL’s aggregations do', () => {
    const infinite: [FoldAggregate, number, number][] = [
      ['sum', Number.NaN, Number.NaN],
      ['avg', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      ['max', Number.NaN, 3],
      ['min', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ];
    for (const [aggregate, value, wanted] of infinite) {
      const { fold } = oneTarget(aggregate);
      fold({ source: 1, samples: [[1_000, 3]] });
      assert.deepEqual(fold({ source: 2, samples: [[2_000, value]] }), [[2_000, wanted]]);
      assert.deepEqual(fold({ source: 2, samples: [[3_000, 3]] }), [[3_000, aggregate === 'sum' ? 6 : 3]]);
    }
  });

  it('is not worn off by rounding', () => {
    const { fold } = oneTarget('sum');
    let last = 0;
    for (let i = 0; i < 5_000; i++)
      last = fold({ source: i % 10, samples: [[startMs + i, i % 3 === 0 ? 1e16 : 0.1]] })[0]![1] as number;
    for (let i = 0; i < 400; i++)
      last = fold({ source: i % 10, samples: [[startMs + 6_000 + i, 0.1]] })[0]![1] as number;
    assert.ok(Math.abs(last - 1) < 1e-9, `${last}`);
  });
});

describe('the folder', () => {
  it('takes a source along to another target, which counts on from where it is', () => {
    const folder: Folder = createFolder(createFolderState(defaultFolderOptions));
    const [first, second] = [1, 2].map((ref) =>
      folder.openTarget({ ref, idHigh: 0, idLow: ref, aggregate: 'counter' }),
    );
    const fold = (target: number, timeMs: number, value: number) =>
      Object.fromEntries(foldedSamples(folder.fold(sourceRuns([{ source: 5, target, samples: [[timeMs, value]] }]))));
    assert.deepEqual(fold(first!, 1_000, 10), { 1: [[1_000, 10]] });
    assert.deepEqual(fold(second!, 2_000, 14), { 2: [[2_000, 4]] });
  });

  it('forgets a target whose series was deleted', () => {
    for (const aggregate of ['counter', 'sum'] as const) {
      const { folder, fold } = oneTarget(aggregate);
      fold({ source: 1, samples: [[1_000, 10]] }, { source: 2, samples: [[1_000, 1]] });
      folder.closeTarget({ ref: 7, idHigh: 1, idLow: 2 });
      assert.equal(folder.targetCount, 0);
      const target = folder.openTarget({ ref: 7, idHigh: 1, idLow: 2, aggregate });
      const runs = sourceRuns([{ source: 1, target, samples: [[2_000, 12]] }]);
      assert.deepEqual(foldedSamples(folder.fold(runs)).get(7), [[2_000, aggregate === 'counter' ? 2 : 12]]);
    }
  });
});
