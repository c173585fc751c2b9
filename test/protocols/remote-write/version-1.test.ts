import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { isBarographError } from '../../../src/base/errors.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { createLabelWriter } from '../../../src/model/label-writer.js';
import { decodeLabels, sortedLabels } from '../../../src/model/labels.js';
import { decompressSnappy } from '../../../src/protocols/remote-write/body.js';
import { canonicalLabels } from '../../../src/protocols/remote-write/label-section.js';
import { createRemoteWrite1Decoder } from '../../../src/protocols/remote-write/version-1.js';
import { latency, nativeHistogram } from '../../model/histogram-arbitraries.js';
import { bytesField, fixed64Field, varintField } from '../protobuf/wire-writer.js';
import { histogramRunsOf, runsOf } from './decoded-runs.js';
import { histogramFields } from './histogram-encoder.js';
import {
  request2,
  type SeriesToWrite,
  sample,
  sampleMessage,
  seriesFields,
  writeRequest,
} from './remote-write-encoder.js';
import { labels, samples, series } from './series-arbitraries.js';

const decoder = createRemoteWrite1Decoder(new Kernel());
const now = 1_717_171_717_000;
const up: SeriesToWrite = { labels: [['__name__', 'up']], samples: [sample(now, 1)] };

const expectedRuns = (all: readonly SeriesToWrite[]) =>
  all
    .filter(({ samples }) => samples.length > 0)
    .map(({ labels, samples }) => ({
      labels: sortedLabels(labels),
      samples: samples.map(({ bits, timeMs }) => ({ bits, timeMs: Number(timeMs) })),
    }));

/** What is wrong with the labels of the only run of a body. */
function problemOf(body: Buffer): unknown {
  const { batch } = decoder.decode(body);
  assert.equal(batch.runCount, 1);
  const found = canonicalLabels(batch.keys, batch.keyStarts[0]!, batch.keyEnds[0]!, createLabelWriter());
  return found instanceof Uint8Array ? decodeLabels(found) : found.code;
}

describe('remote write 1', () => {
  it('reads a body that is the first in a kernel’s memory, which grows meanwhile', () => {
    const kernel = new Kernel();
    const body = decompressSnappy(kernel, compressSync(writeRequest([up])), 1_000);
    assert.deepEqual(runsOf(createRemoteWrite1Decoder(kernel).decode(body).batch), expectedRuns([up]));
  });

  it('gives back every series, time and bit of a value', () => {
    fc.assert(
      fc.property(fc.array(series, { maxLength: 8 }), (all) => {
        const { batch, rejected } = decoder.decode(writeRequest(all));
        assert.deepEqual(runsOf(batch), expectedRuns(all));
        assert.equal(batch.sampleCount, all.flatMap(({ samples }) => samples).length);
        assert.equal(rejected, 0);
      }),
    );
  });

  it('reads fields in any order, with unknown ones among them', () => {
    const unknown = [varintField(9, 5), fixed64Field(10, 1n), bytesField(11, 'new in a later version')];
    fc.assert(
      fc.property(series, fc.infiniteStream(fc.nat()), (one, random) => {
        const labels = seriesFields({ ...one, samples: [] });
        const others = [...one.samples.map((each) => sampleMessage(2, each)), ...unknown];
        // Labels among themselves and samples among themselves keep their order.
        const mixed: Buffer[] = [];
        while (labels.length + others.length > 0) {
          const from = others.length === 0 || (labels.length > 0 && random.next().value % 2 === 0) ? labels : others;
          mixed.push(from.shift()!);
        }
        const body = Buffer.concat([varintField(2, 1), bytesField(1, mixed), ...unknown, writeRequest([up])]);
        assert.deepEqual(runsOf(decoder.decode(body).batch), expectedRuns([one, up]));
      }),
    );
  });

  it('keeps the key of a series as it lies in the body', () => {
    const { batch } = decoder.decode(writeRequest([up]));
    assert.equal(batch.keyForm, 'remote_write_1');
    assert.deepEqual(
      Buffer.from(batch.keys.subarray(batch.keyStarts[0], batch.keyEnds[0])),
      Buffer.concat(seriesFields({ ...up, samples: [] })),
    );
  });

  it('keeps exemplars and metadata', () => {
    const exemplars = [{ labels: [['trace_id', 'abc'] as const], value: 0.25, timeMs: now }];
    const metadata = [
      varintField(1, 3),
      bytesField(2, 'latency_seconds'),
      bytesField(4, 'Time.'),
      bytesField(5, 'seconds'),
    ];
    const body = Buffer.concat([writeRequest([{ ...up, exemplars }]), bytesField(3, metadata)]);
    const decoded = decoder.decode(body);
    assert.deepEqual(decoded.metadata, [
      { metric: 'latency_seconds', type: 'histogram', help: 'Time.', unit: 'seconds' },
    ]);
    const [{ series, labels, value, timeMs } = assert.fail('no exemplar')] = decoded.exemplars;
    assert.deepEqual([decodeLabels(series), decodeLabels(labels)], [up.labels, exemplars[0]!.labels]);
    assert.deepEqual([value, timeMs], [0.25, now]);
    assert.deepEqual(runsOf(decoded.batch), expectedRuns([up]));
  });

  it('takes native histograms of every kind, beside samples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ labels, samples, histograms: fc.array(nativeHistogram, { maxLength: 3 }) }), {
          maxLength: 6,
        }),
        (list) => {
          const sent = list.map((each) => ({
            ...each,
            histograms: each.histograms.map((one, i) => histogramFields(one, now + i)),
          }));
          const decoded = decoder.decode(writeRequest(sent));
          assert.equal(decoded.rejected, 0);
          assert.deepEqual(
            histogramRunsOf(decoded.histograms).map(({ histograms }) => histograms),
            list
              .filter(({ histograms }) => histograms.length > 0)
              .map(({ histograms }) => histograms.map((histogram, i) => ({ timeMs: now + i, histogram }))),
          );
          assert.deepEqual(runsOf(decoded.batch), expectedRuns(sent));
        },
      ),
    );
  });

  it('refuses a histogram whose parts do not fit, and keeps its neighbours', () => {
    const sound = histogramFields(latency, now);
    const broken = histogramFields({ ...latency, count: 13 }, now + 1);
    const decoded = decoder.decode(writeRequest([up, { ...up, samples: [], histograms: [sound, broken, sound] }]));
    assert.deepEqual(decoded.rejections, [
      { line: 2, code: 'invalid_histogram', message: 'the buckets hold 12 observations, and the count is 13' },
    ]);
    assert.equal(decoded.batch.sampleCount, 1);
    assert.deepEqual(histogramRunsOf(decoded.histograms), [
      { labels: up.labels, histograms: [latency, latency].map((histogram) => ({ timeMs: now, histogram })) },
    ]);
  });

  it('refuses exemplars and metadata one by one, and keeps the rest', () => {
    const unsound = { labels: [['', 'x'] as const], value: 1, timeMs: now };
    const sound = { labels: [], value: 1, timeMs: now };
    const nameless: SeriesToWrite = { labels: [['job', 'a']], samples: [sample(now, 1)], exemplars: [sound, sound] };
    const body = Buffer.concat([
      writeRequest([{ ...up, exemplars: [unsound, sound] }, nameless]),
      bytesField(3, [varintField(1, 1), bytesField(4, 'Nameless.')]),
      bytesField(3, [bytesField(2, Buffer.from([0xff]))]),
      bytesField(3, [varintField(1, 77), bytesField(2, 'kept')]),
    ]);
    const { exemplars, metadata, rejectedByCode, batch } = decoder.decode(body);
    assert.equal(exemplars.length, 1);
    assert.deepEqual(metadata, [{ metric: 'kept', type: 'unknown', help: '', unit: '' }]);
    assert.deepEqual(
      rejectedByCode,
      new Map([
        ['empty_field', 1],
        ['missing_field', 3],
        ['invalid_utf8', 1],
      ]),
    );
    assert.equal(batch.sampleCount, 2);
  });

  it('tells what is wrong with the labels of a series', () => {
    const labelled = (...labels: (readonly [string, string])[]) => writeRequest([{ ...up, labels }]);
    const raw = (label: Buffer) => bytesField(1, [...up.labels.map(() => label), sampleMessage(2, sample(now, 1))]);
    const many = Array.from({ length: 129 }, (_, i) => [`l${i}`, 'x'] as const);
    const cases: [Buffer, unknown][] = [
      [
        labelled(['__name__', 'up'], ['b', '1'], ['a', '2']),
        [
          ['__name__', 'up'],
          ['a', '2'],
          ['b', '1'],
        ],
      ],
      [labelled(['__name__', 'up'], ['a', '']), [['__name__', 'up']]],
      [labelled(['__name__', 'up'], ['a', '1'], ['a', '2']), 'duplicate_key'],
      [labelled(['a', '1'], ['__name__', 'up'], ['a', '1']), 'duplicate_key'],
      [labelled(['a', '1']), 'missing_field'],
      [labelled(['__name__', '']), 'missing_field'],
      [labelled(), 'missing_field'],
      [labelled(['__name__', 'up'], ['', 'x']), 'empty_field'],
      [labelled(['__name__', 'up'], ...many), 'too_many_values'],
      [labelled(['__name__', 'up'], ['a', 'x'.repeat(65_537)]), 'too_long'],
      [labelled(['__name__', 'up'], ['x'.repeat(65_537), 'a']), 'too_long'],
      [raw(bytesField(1, [bytesField(1, '__name__'), bytesField(2, Buffer.from([0x61, 0xff]))])), 'invalid_utf8'],
      [raw(bytesField(1, [bytesField(1, Buffer.from([0xc3])), bytesField(2, 'x')])), 'invalid_utf8'],
      [raw(bytesField(1, [varintField(1, 5)])), 'invalid_protobuf'],
      [raw(bytesField(1, Buffer.from([0x0a, 9, 1]))), 'invalid_protobuf'],
    ];
    for (const [i, [body, wanted]] of cases.entries()) assert.deepEqual(problemOf(body), wanted, `case ${i}`);
  });

  it('fails as a whole where the message is broken', () => {
    const sound = writeRequest([up]);
    for (let length = 1; length < sound.length; length++)
      assert.throws(
        () => decoder.decode(sound.subarray(0, length)),
        (error) => isBarographError(error, 'invalid_protobuf'),
      );
    for (const body of [bytesField(1, [varintField(2, 1)]), varintField(1, 5), bytesField(1, [bytesField(2, 'x')])])
      assert.throws(
        () => decoder.decode(body),
        (error) => isBarographError(error, 'invalid_protobuf'),
      );
    assert.deepEqual(runsOf(decoder.decode(sound).batch), expectedRuns([up]), 'the next body is read as ever');
  });

  it('knows a message of version 2', () => {
    assert.throws(
      () => decoder.decode(request2([up])),
      (error) => isBarographError(error, 'unsupported_content_type'),
    );
  });

  it('takes an empty body for a request without series', () => {
    const { batch, rejected } = decoder.decode(new Uint8Array(0));
    assert.deepEqual([batch.runCount, batch.sampleCount, rejected], [0, 0, 0]);
  });

  it('refuses a body whose samples would not fit memory', () => {
    const empty = Buffer.alloc(2 * 4_000_001, sampleMessage(2, { bits: 0n, timeMs: 0n }));
    const body = bytesField(1, [...seriesFields({ ...up, samples: [] }), empty]);
    assert.throws(
      () => decoder.decode(body),
      (error) => isBarographError(error, 'body_too_large'),
    );
  });
});
