import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { staleMarkerHigh, staleMarkerLow } from '../../../src/model/sample-batch.js';
import type { ChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import type { Bits, Row } from './store-model.js';
import {
  appendRows,
  arenaBytes,
  bitsOf,
  columnRows,
  columns,
  groupOf,
  hourMs,
  isSameAs,
  newStore,
  noisyRows,
  rowsIn,
  runsOf,
  SampleModel,
  startMs,
} from './store-model.js';

const specialBits = fc.constantFrom<Bits>(
  [staleMarkerLow, staleMarkerHigh],
  [1, 0x7ff80000],
  ...[Number.NaN, -0, 0, Number.POSITIVE_INFINITY].map(bitsOf),
);
const anyBits = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -2, max: 50 }).map(bitsOf) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5_000 }).map((n) => bitsOf(n / 100)) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }).map(bitsOf) },
  { weight: 1, arbitrary: specialBits },
);
const refArbitrary = fc.nat(6);
const hourArbitrary = fc.nat(3);
/** Few places in an hour, so that times meet again, in order more often than not. */
const runArbitrary = fc
  .tuple(
    refArbitrary,
    fc.nat(3 * 60),
    fc.array(anyBits, { minLength: 1, maxLength: 40 }),
    fc.constantFrom(1, 1, 1, 3, -1),
  )
  .map(([ref, first, bits, step]): Row[] =>
    bits.map((value, i) => ({ ref, timeMs: startMs + Math.max(0, first + i * step) * 60_000, bits: value })),
  );

type Command =
  | { readonly kind: 'append'; readonly rows: readonly Row[] }
  /** Much data of one hour, so that memory runs out. */
  | { readonly kind: 'fill'; readonly ref: number; readonly hour: number; readonly count: number }
  | { readonly kind: 'close'; readonly hour: number }
  | { readonly kind: 'seal'; readonly chunksMax: number }
  | { readonly kind: 'store' }
  | { readonly kind: 'drop'; readonly ref: number }
  /** Rows are read from the engine, then the commands between run, then the rows are added. */
  | { readonly kind: 'load'; readonly group: number; readonly hour: number; readonly between: readonly Command[] }
  | { readonly kind: 'check' };

const plainCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(runArbitrary, { minLength: 1, maxLength: 8 })
      .map((runs): Command => ({ kind: 'append', rows: runs.flat() })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fill' as const),
      ref: refArbitrary,
      hour: hourArbitrary,
      count: fc.integer({ min: 100, max: 3_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), hour: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('seal' as const), chunksMax: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 3, arbitrary: fc.constant<Command>({ kind: 'store' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), ref: refArbitrary }) },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: plainCommand },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('load' as const),
      group: fc.nat(2),
      hour: hourArbitrary,
      between: fc.array(plainCommand, { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'check' }) },
);

/** A store beside what it must say. */
class Trial {
  readonly store: ChunkStore;
  readonly all = new SampleModel();
  engine = new SampleModel();
  arrival = 0;

  constructor(completeFromHour: number) {
    this.store = newStore(2 * arenaBytes, startMs + completeFromHour * hourMs);
  }

  run(step: Command): void {
    if (step.kind === 'append') this.append(step.rows);
    else if (step.kind === 'fill')
      this.append(noisyRows(step.ref, step.count, 1_000).map((r) => ({ ...r, timeMs: r.timeMs + step.hour * hourMs })));
    else if (step.kind === 'close') this.store.closeHours(startMs + step.hour * hourMs);
    else if (step.kind === 'seal') this.store.seal(step.chunksMax);
    else if (step.kind === 'drop') this.drop(step.ref);
    else if (step.kind === 'load') this.load(step.group, step.hour, step.between);
    else if (step.kind === 'check') this.check();
    else {
      this.engine = this.all.copy();
      this.store.setStoredUpTo(this.arrival);
    }
  }

  append(rows: readonly Row[]): void {
    for (const each of rows) this.all.put(each);
    appendRows(this.store, rows, ++this.arrival);
  }

  drop(ref: number): void {
    this.store.drop(Uint32Array.of(ref));
    this.all.series.delete(ref);
    this.engine.series.delete(ref);
  }

  refsOf(group: number): number[] {
    return [0, 1, 2, 3, 4, 5, 6].filter((ref) => groupOf(ref) === group);
  }

  load(group: number, hour: number, between: readonly Command[]): void {
    const fromMs = startMs + hour * hourMs - 1;
    const load = this.store.beginLoad(group, fromMs + 1);
    const rows = this.refsOf(group).flatMap((ref) => this.engine.rows(ref, fromMs, fromMs + hourMs));
    const before = Math.ceil(between.length / 2);
    for (const each of between.slice(0, before)) this.run(each);
    const { refs, runCount, sampleEnds, timesMs, values } = runsOf(rows);
    load.add(refs, runCount, sampleEnds, timesMs, values);
    for (const each of between.slice(before)) {
      load.seal(1);
      this.run(each);
    }
    load.finish();
    this.checkHour(group, hour);
  }

  /** Reads every hour that is resident, loads every one that is not, and reads it then. */
  check(): void {
    for (let hour = 0; hour < 5; hour++) {
      for (let group = 0; group < 3; group++) {
        if (this.store.isResident(group, startMs + hour * hourMs)) this.checkHour(group, hour);
        else this.load(group, hour, []);
      }
    }
  }

  checkHour(group: number, hour: number): void {
    const fromMs = startMs + hour * hourMs - 1;
    for (const ref of this.refsOf(group)) {
      columns.length = 0;
      this.store.read(ref, fromMs, fromMs + hourMs, columns);
      const expected = this.all.rows(ref, fromMs, fromMs + hourMs);
      // Comparing whole rows takes most of the test's time: it is left to where they differ.
      if (!isSameAs(expected)) assert.deepEqual(columnRows(ref), expected);
    }
  }
}

test('any sequence of appends, closings, seals, stores, evictions, loads and drops reads back as a map says', () => {
  let evictions = 0;
  fc.assert(
    fc.property(
      fc.nat(4),
      fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }),
      (completeFromHour, commands) => {
        const trial = new Trial(completeFromHour);
        for (const step of commands) trial.run(step);
        trial.check();
        const { openSamples, closedSamples } = trial.store.statistics();
        const held = [0, 1, 2, 3, 4, 5, 6].reduce((sum, ref) => sum + rowsIn(trial.store, ref).length, 0);
        assert.equal(openSamples + closedSamples, held);
        evictions += trial.store.statistics().evictions;
      },
    ),
    { numRuns: 100 },
  );
  assert.ok(evictions > 0, 'no trial evicted anything');
});
