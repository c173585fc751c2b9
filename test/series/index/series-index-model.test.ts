import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import fc from 'fast-check';
import { encodeLabels, type Label, type Labels, sortedLabels } from '../../../src/model/labels.js';
import { createMatcher } from '../../../src/model/matcher.js';
import { createSeriesIndex, type SeriesIndex } from '../../../src/series/index/series-index.js';
import {
  type NaiveMatcher,
  type NaiveRange,
  type NaiveSeries,
  naiveNames,
  naiveSelect,
  naiveValues,
} from './naive-index.js';

const labelName = fc.constantFrom('__name__', 'job', 'pod', 'Zone', 'ä', '\u{1f600}', '\uffee');
const labelText = fc.constantFrom('a', 'b', 'ab', 'abc', 'a.b', 'x\ny', '\u{1f600}', '\uffee', 'é', '0123456789');
const labels = fc
  .uniqueArray(fc.tuple(labelName, labelText), { selector: ([name]) => name, maxLength: 5 })
  .map((pairs): Labels => sortedLabels(pairs as Label[]));

const expression = fc.oneof(
  fc.constantFrom(
    '',
    '.*',
    '.+',
    'a|b',
    'a|',
    '(?:ab|abc)',
    'a.*',
    '.*b',
    '.*b.*',
    'a\\.b',
    '[a-c]+',
    'x.y',
    'nowhere',
    '^a?b$',
  ),
  fc.array(labelText, { minLength: 1, maxLength: 3 }).map((texts) => texts.join('|').replaceAll('.', '\\.')),
);
const matcher: fc.Arbitrary<NaiveMatcher> = fc.oneof(
  fc.record({
    name: fc.oneof(labelName, fc.constant('absent')),
    op: fc.constantFrom('=' as const, '!=' as const),
    value: fc.oneof(labelText, fc.constantFrom('', 'nowhere')),
  }),
  fc.record({
    name: fc.oneof(labelName, fc.constant('absent')),
    op: fc.constantFrom('=~' as const, '!~' as const),
    value: expression,
  }),
);
const time = fc.integer({ min: -20, max: 20 });
const range: fc.Arbitrary<NaiveRange | undefined> = fc.option(
  fc.tuple(time, time).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) })),
  { nil: undefined },
);

/** Picks are taken modulo what there is to pick from. */
type Step =
  | { readonly kind: 'add'; readonly labels: Labels }
  | { readonly kind: 'observe'; readonly runs: readonly { readonly pick: number; readonly times: number[] }[] }
  | { readonly kind: 'remove'; readonly picks: readonly number[] }
  | { readonly kind: 'release'; readonly picks: readonly number[] }
  | { readonly kind: 'ask'; readonly matchers: readonly NaiveMatcher[]; readonly range: NaiveRange | undefined };

const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add' as const), labels }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('observe' as const),
      runs: fc.array(fc.record({ pick: fc.nat(), times: fc.array(time, { minLength: 1, maxLength: 3 }) }), {
        maxLength: 5,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), picks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), picks }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), matchers: fc.array(matcher, { maxLength: 4 }), range }),
  },
);

interface World {
  readonly index: SeriesIndex;
  live: NaiveSeries[];
  removed: NaiveSeries[];
}

function picked<T>(from: readonly T[], at: readonly number[]): T[] {
  return from.length === 0 ? [] : Array.from(new Set(at.map((pick) => from[pick % from.length]!)));
}

const refsOf = (series: readonly NaiveSeries[]): Uint32Array => Uint32Array.from(series.map(({ ref }) => ref));

function add({ index, live, removed }: World, wanted: Labels): void {
  const key = encodeLabels(wanted);
  const known = live.find(({ labels }) => Buffer.compare(encodeLabels(labels), key) === 0);
  assert.equal(index.find(key, 0, key.length), known?.ref ?? -1);
  const ref = index.add(key, 0, key.length);
  if (known !== undefined) {
    assert.equal(ref, known.ref);
    return;
  }
  assert.ok(
    [...live, ...removed].every((series) => series.ref !== ref),
    `ref ${ref} is still in use`,
  );
  live.push({ ref, labels: wanted, firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY });
}

function observe({ index, live }: World, runs: readonly { pick: number; times: number[] }[]): void {
  const chosen = runs.map(({ pick }) => (live.length === 0 || pick % 7 === 0 ? undefined : live[pick % live.length]!));
  runs.forEach(({ times }, i) => {
    const series = chosen[i];
    if (series === undefined) return;
    series.firstMs = Math.min(series.firstMs, ...times);
    series.lastMs = Math.max(series.lastMs, ...times);
  });
  let end = 0;
  const ends = runs.map(({ times }) => (end += times.length));
  const refs = Uint32Array.from(chosen, (series) => series?.ref ?? 0xffffffff);
  index.observe(refs, runs.length, Uint32Array.from(ends), Float64Array.from(runs.flatMap(({ times }) => times)));
}

function ask({ index, live }: World, naive: readonly NaiveMatcher[], range: NaiveRange | undefined): void {
  const matchers = naive.map(({ name, op, value }) => createMatcher(name, op, value));
  const wanted = naiveSelect(live, naive, range);
  assert.deepEqual(Array.from(index.select(matchers, range)), Array.from(refsOf(wanted)));
  const query = range === undefined ? { matchers } : { matchers, range };
  const names = naiveNames(wanted);
  assert.deepEqual(index.labelNames(query), { texts: names, isTruncated: false });
  for (const name of ['__name__', 'pod', 'absent']) {
    const values = naiveValues(wanted, name);
    assert.deepEqual(index.labelValues(name, { ...query, limit: 2 }), {
      texts: values.slice(0, 2),
      isTruncated: values.length > 2,
    });
  }
}

function take(world: World, step: Step): void {
  switch (step.kind) {
    case 'add':
      add(world, step.labels);
      break;
    case 'observe':
      observe(world, step.runs);
      break;
    case 'ask':
      ask(world, step.matchers, step.range);
      break;
    case 'remove': {
      const gone = picked(world.live, step.picks);
      world.index.remove(refsOf(gone));
      world.live = world.live.filter((series) => !gone.includes(series));
      world.removed.push(...gone);
      break;
    }
    case 'release': {
      const gone = picked(world.removed, step.picks);
      world.index.release(refsOf(gone));
      world.removed = world.removed.filter((series) => !gone.includes(series));
    }
  }
}

/** Everything that can be asked without matchers. */
function check({ index, live, removed }: World): void {
  assert.equal(index.seriesCount, live.length);
  for (const { ref, labels } of [...live, ...removed]) {
    assert.deepEqual(index.labelsOf(ref), labels);
    assert.deepEqual(Buffer.from(index.canonicalBytesOf(ref)), Buffer.from(encodeLabels(labels)));
  }
  for (const { ref, labels, firstMs, lastMs } of live) {
    assert.equal(index.isLive(ref), true);
    assert.equal(index.refOfId(index.idLow[ref]!, index.idHigh[ref]!), ref);
    assert.equal(index.metricName(index.metricOf(ref)), new Map(labels).get('__name__') ?? '');
    assert.deepEqual([index.firstMs[ref], index.lastMs[ref]], [firstMs, lastMs]);
  }
  for (const { ref } of removed) assert.equal(index.isLive(ref), false);
  checkStatistics({ index, live, removed });
}

function checkStatistics({ index, live }: World): void {
  const { statistics } = index;
  const names = naiveNames(live);
  const pairs = new Map<string, number>();
  for (const { labels } of live)
    for (const label of labels) pairs.set(label.join('\xff'), (pairs.get(label.join('\xff')) ?? 0) + 1);
  assert.equal(statistics.labelNameCount(), names.length);
  assert.equal(statistics.labelPairCount(), pairs.size);
  const told = statistics
    .topLabelPairs(1000)
    .map(({ name, value, seriesCount }) => [`${name}\xff${value}`, seriesCount] as const);
  assert.deepEqual(new Map(told), pairs);
  assert.ok(told.every(([, count], i) => i === 0 || count <= told[i - 1]![1]));
  for (const { name, labelBytes, valueBytes } of statistics.topLabelBytes(100)) {
    const bytesOf = (values: string[]): number => Buffer.byteLength(values.join(''));
    assert.equal(labelBytes, bytesOf(live.map(({ labels }) => new Map(labels).get(name) ?? '')));
    assert.equal(valueBytes, bytesOf(naiveValues(live, name)));
  }
  for (const name of [...names, 'absent'])
    assert.equal(statistics.distinctValues(name), naiveValues(live, name).length);
  for (const metric of ['', ...naiveValues(live, '__name__')]) checkMetric(index, live, metric);
}

function checkMetric(
  { statistics, metricLimit, metricName }: SeriesIndex,
  live: readonly NaiveSeries[],
  metric: string,
): void {
  const own = live.filter(({ labels }) => (new Map(labels).get('__name__') ?? '') === metric);
  const number = Array.from({ length: metricLimit }, (_, i) => i).find((i) => metricName(i) === metric)!;
  assert.equal(statistics.seriesOfMetric(number), own.length);
  const told = statistics.labelsOfMetric(number).map(({ name, count }) => [name, count] as const);
  const wanted = naiveNames(own)
    .filter((name) => name !== '__name__')
    .map((name) => [name, naiveValues(own, name).length] as const);
  assert.deepEqual(new Map(told), new Map(wanted));
}

let hash64: (bytes: Uint8Array) => bigint;
before(async () => {
  const { default: xxhash } = await import('xxhash-wasm');
  hash64 = (await xxhash()).h64Raw;
});

it('the index answers as a filtered list of objects does, through additions, samples, removals and refs given out again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
      const world: World = { index: await createSeriesIndex({ hash64 }), live: [], removed: [] };
      for (const step of steps) take(world, step);
      check(world);
    }),
    { numRuns: 100 },
  );
});
