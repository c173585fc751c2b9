import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Labels, labelValue } from '../../../src/model/labels.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../../src/model/sample-batch.js';
import { decodeExposition } from '../../../src/protocols/exposition/decode-exposition.js';
import { ExpositionCache } from '../../../src/protocols/exposition/exposition-cache.js';
import type { DecodedExposition, ExpositionOptions } from '../../../src/protocols/exposition/exposition-options.js';
import { samplesOf, seriesOf } from '../text/decoded-samples.js';

/** Scrapes bodies one after the other with one cache; the n-th is of time n. */
function scraper(options: Partial<ExpositionOptions> = {}, cache = new ExpositionCache()) {
  let nowMs = 0;
  return (body: string): DecodedExposition =>
    decodeExposition(Buffer.from(body), {
      format: 'text',
      mode: 'strict',
      nowMs: ++nowMs,
      marksVanished: true,
      cache,
      ...options,
    });
}

const isStale = ({ batch }: DecodedExposition, sample: number): boolean => {
  const words = valueWords(batch.values);
  return words[2 * sample] === staleMarkerLow && words[2 * sample + 1] === staleMarkerHigh;
};

/** The samples as `series value`, a stale marker as `series ended`. */
const shown = (decoded: DecodedExposition): string[] =>
  samplesOf(decoded.batch).map((sample, i) => `${seriesOf(sample)} ${isStale(decoded, i) ? 'ended' : sample.value}`);

const exposed = (series: Iterable<readonly [string, number]>): string =>
  Array.from(series, ([name, value]) => `${name} ${value}\n`).join('');

describe('a cache', () => {
  it('changes nothing of what bodies say, however series come, go and change places', () => {
    const names = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? `s${i}` : `s${i % 5}{l="${i}"}`));
    const body = fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.double({ noNaN: true })), { selector: ([name]) => name })
      .map((series) => (series.length % 4 === 0 ? series : series.toSorted(([a], [b]) => (a < b ? -1 : 1))));
    fc.assert(
      fc.property(fc.array(body, { maxLength: 12 }), (bodies) => {
        const scrape = scraper();
        let before = new Set<string>();
        for (const series of bodies) {
          const decoded = scrape(exposed(series));
          const now = new Set(series.map(([name]) => name));
          const ended = [...before].filter((name) => !now.has(name));
          const samples = shown(decoded);
          assert.deepEqual(
            samples.slice(0, series.length),
            series.map(([name, value]) => `${name} ${value}`),
          );
          assert.deepEqual(samples.slice(series.length).sort(), ended.map((name) => `${name} ended`).sort());
          assert.equal(decoded.seriesAdded, [...now].filter((name) => !before.has(name)).length);
          before = now;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('forgets texts that no longer come, and keeps what is left right', () => {
    const cache = new ExpositionCache();
    const scrape = scraper({}, cache);
    const kept = Array.from({ length: 50 }, (_, i) => [`kept{i="${i}"}`, i] as const);
    const metadata = '# TYPE kept gauge\n# HELP kept Stays.\n';
    let bytesMax = 0;
    for (let round = 0; round < 40; round++) {
      const fresh = Array.from({ length: 200 }, (_, i) => [`fresh{round="${round}",i="${i}"}`, i] as const);
      const decoded = scrape(metadata + exposed([...kept, ...fresh]));
      assert.equal(decoded.samplesKept, 250);
      assert.equal(decoded.staleMarkers, round === 0 ? 0 : 200);
      assert.equal(decoded.seriesAdded, round === 0 ? 250 : 200);
      assert.deepEqual(decoded.metadata, [{ metric: 'kept', type: 'gauge', help: 'Stays.', unit: '' }]);
      bytesMax = Math.max(bytesMax, cache.bytes);
    }
    // One body takes some 40 kB; of forty, three may lie there at a time, and a thousand texts beyond.
    assert.ok(bytesMax < 400_000, `${bytesMax} bytes`);
  });

  it('does not take the beginning of another series for one that it knows', () => {
    const scrape = scraper();
    scrape('a 1\nb 1\n');
    assert.deepEqual(shown(scrape('a {c="d"} 2\nb{c="d"} 2\na 2\n')), ['a{c="d"} 2', 'b{c="d"} 2', 'a 2', 'b ended']);
    assert.deepEqual(shown(scrape('ab 3\na\t3\n# TYPE a gauge\n# TYPE a gauge\nb 3')).slice(0, 3), [
      'ab 3',
      'a 3',
      'b 3',
    ]);
  });

  it('gives the same metadata while bodies tell the same, and new where they do not', () => {
    const scrape = scraper();
    const first = scrape('# TYPE a counter\na 1\n').metadata;
    assert.equal(scrape('# TYPE a counter\na 2\n').metadata, first);
    assert.deepEqual(scrape('# TYPE a gauge\na 2\n').metadata, [{ metric: 'a', type: 'gauge', help: '', unit: '' }]);
    assert.deepEqual(scrape('a 2\n').metadata, []);
    assert.deepEqual(scrape('# TYPE a counter\na 2\n').metadata, first);
  });

  it('keeps the batches that it gave out readable', () => {
    const scrape = scraper();
    const decoded = scrape('a{b="c"} 1\n');
    for (let i = 0; i < 3000; i++) scrape(exposed([[`x{i="${i}"}`, i]]));
    assert.deepEqual(shown(decoded), ['a{b="c"} 1']);
  });

  it('begins anew for another labelling', () => {
    const cache = new ExpositionCache();
    const jobs = ['one', 'two'].map((job) => scraper({ labelling: { extraLabels: [['job', job]] } }, cache)('a 1\n'));
    assert.deepEqual(jobs.map(shown), [['a{job="one"} 1'], ['a{job="two"} 1', 'a{job="one"} ended']]);
  });

  it('is bounded: a body whose series do not fit fails, and the next that does is decoded', () => {
    const cache = new ExpositionCache({ bytesMax: 8192 });
    const scrape = scraper({}, cache);
    const many = (count: number) => exposed(Array.from({ length: count }, (_, i) => [`s{i="${i}"}`, i] as const));
    assert.equal(scrape(many(50)).samplesKept, 50);
    assert.throws(() => scrape(many(500)), { code: 'body_too_large' });
    assert.ok(cache.bytes <= 8192);
    const decoded = scrape(many(40));
    assert.deepEqual([decoded.samplesKept, decoded.staleMarkers], [40, 10]);
  });
});

describe('the end of a series', () => {
  it('is marked only once, and not when another text stands for the same series', () => {
    const scrape = scraper();
    scrape('a{x="1",y="2"} 1\nb 1\n');
    assert.deepEqual(shown(scrape('a{y="2",x="1"} 2\n')), ['a{x="1",y="2"} 2', 'b ended']);
    assert.deepEqual(shown(scrape('a{y="2",x="1"} 3\n')), ['a{x="1",y="2"} 3']);
  });

  it('is not marked for samples with their own times, unless that is asked for', () => {
    const endsWith = (options: Partial<ExpositionOptions>): string[] => {
      const scrape = scraper(options);
      scrape('a 1 5\n');
      return shown(scrape(''));
    };
    assert.deepEqual(endsWith({}), []);
    assert.deepEqual(endsWith({ tracksTimestamped: true }), ['a ended']);
    assert.deepEqual(endsWith({ timestamps: 'ignore' }), ['a ended']);
  });

  it('is not marked by a body that fails, which leaves the last good one as it was', () => {
    const cache = new ExpositionCache();
    const scrape = scraper({}, cache);
    scrape('a 1\nb 1\n');
    assert.throws(() => scrape('a 2\nc 2\nbad\n'));
    assert.equal(cache.trackedSeries, 2);
    assert.deepEqual(shown(scrape('a 3\nd 3\n')), ['a 3', 'd 3', 'b ended']);
  });

  it('is marked for all series when the target is given up', () => {
    const cache = new ExpositionCache();
    const scrape = scraper({}, cache);
    scrape('a 1\nb{c="d"} 1\n');
    const batch = cache.takeStaleMarkers(77);
    const decoded = { batch } as DecodedExposition;
    assert.deepEqual(shown(decoded), ['a ended', 'b{c="d"} ended']);
    assert.equal(batch.timesMs[0], 77);
    assert.equal(cache.takeStaleMarkers(78).runCount, 0);
    assert.deepEqual(shown(scrape('a 2\n')), ['a 2']);
  });
});

describe('a series that comes twice', () => {
  it('keeps its first sample in strict mode, whatever the order of its labels, and both where they have times', () => {
    for (const cache of [undefined, new ExpositionCache()]) {
      const decoded = decodeExposition(Buffer.from('a{x="1",y="2"} 1\na{y="2",x="1"} 2\nb 1 5\nb 2 6\n'), {
        format: 'text',
        mode: 'strict',
        nowMs: 1,
        ...(cache && { cache }),
      });
      assert.deepEqual(shown(decoded), ['a{x="1",y="2"} 1', 'b 1', 'b 2']);
      assert.deepEqual(decoded.rejections, [
        {
          line: 2,
          code: 'duplicate_sample',
          message: 'got a second sample of "a{y=\\"2\\",x=\\"1\\"} 2", wanted one',
        },
      ]);
      assert.equal(decoded.samplesKept, 4);
    }
  });
});

describe('the labels of a sender', () => {
  const target: Labels = [
    ['instance', 'i'],
    ['job', 'j'],
  ];
  const text = 'a 1\nb{job="own"} 1\nc{job=""} 1\nd{instance="x",job="y",exported_job="z"} 1\n';
  const labelled = (onConflict: 'keep' | 'rename' | 'override', extraLabels = target): string[] => {
    const strict = shown(scraper({ labelling: { extraLabels, onConflict } })(text));
    const lenient = shown(scraper({ mode: 'lenient', labelling: { extraLabels, onConflict } })(text));
    assert.deepEqual(lenient, strict);
    return strict;
  };

  it('give way to those of the body where they are honored, empty ones included', () => {
    assert.deepEqual(labelled('keep'), [
      'a{instance="i",job="j"} 1',
      'b{instance="i",job="own"} 1',
      'c{instance="i"} 1',
      'd{exported_job="z",instance="x",job="y"} 1',
    ]);
  });

  it('move those of the body to a name that is free', () => {
    assert.deepEqual(labelled('rename'), [
      'a{instance="i",job="j"} 1',
      'b{exported_job="own",instance="i",job="j"} 1',
      'c{instance="i",job="j"} 1',
      'd{exported_exported_job="y",exported_instance="x",exported_job="z",instance="i",job="j"} 1',
    ]);
    const chain: Labels = [
      ['exported_job', 'e'],
      ['job', 'j'],
    ];
    const moved = shown(
      scraper({ labelling: { extraLabels: chain, onConflict: 'rename' } })('a{job="1",exported_job="2"} 1\n'),
    );
    assert.deepEqual(moved, [
      'a{exported_exported_exported_job="2",exported_exported_job="1",exported_job="e",job="j"} 1',
    ]);
  });

  it('replace those of the body, and take them off where they are empty', () => {
    assert.deepEqual(labelled('override', [...target.slice(0, 1), ['job', '']]), [
      'a{instance="i"} 1',
      'b{instance="i"} 1',
      'c{instance="i"} 1',
      'd{exported_job="z",instance="i"} 1',
    ]);
  });

  it('are in place when a series is relabelled, which is asked once for each text', () => {
    const asked: string[] = [];
    const relabel = (labels: Labels): Labels | undefined => {
      const name = labelValue(labels, '__name__');
      asked.push(`${name} of ${labelValue(labels, 'job')}`);
      return name === 'b' ? undefined : [['__name__', `${name}_renamed`]];
    };
    const scrape = scraper({ labelling: { extraLabels: target, relabel } });
    for (let i = 0; i < 3; i++) {
      const decoded = scrape('a 1\nb 1\n');
      assert.deepEqual(shown(decoded), ['a_renamed 1']);
      assert.deepEqual([decoded.samplesScraped, decoded.samplesKept], [2, 1]);
    }
    assert.deepEqual(asked, ['a of j', 'b of j']);
    const nameless = scraper({ labelling: { relabel: () => [['job', 'j']] } });
    assert.throws(() => nameless('a 1\n'), { code: 'missing_field' });
  });
});
