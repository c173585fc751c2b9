import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, isBarographError } from '../../../src/base/errors.js';
import { checkCanonical } from '../../../src/model/label-check.js';
import { decodeLabels, type Label, sortedLabels } from '../../../src/model/labels.js';
import { createRemoteWrite2Decoder } from '../../../src/protocols/remote-write/version-2.js';
import { latency, nativeHistogram } from '../../model/histogram-arbitraries.js';
import { bytesField, varint, varintField } from '../protobuf/wire-writer.js';
import { histogramRunsOf, runsOf } from './decoded-runs.js';
import { histogramFields } from './histogram-encoder.js';
import { request2, type SeriesToWrite2, sample, sampleMessage, writeRequest } from './remote-write-encoder.js';
import { labels, samples, series } from './series-arbitraries.js';

const decoder = createRemoteWrite2Decoder();
const now = 1_717_171_717_000;
const up: SeriesToWrite2 = { labels: [['__name__', 'up']], samples: [sample(now, 1)] };

const expectedRuns = (all: readonly SeriesToWrite2[]) =>
  all
    .filter(({ samples }) => samples.length > 0)
    .map(({ labels, samples }) => ({
      labels: sortedLabels(labels),
      samples: samples.map(({ bits, timeMs }) => ({ bits, timeMs: Number(timeMs) })),
    }));

const extras = fc.record({
  metadata: fc.option(fc.record({ type: fc.nat({ max: 9 }), help: fc.string(), unit: fc.string({ maxLength: 5 }) }), {
    nil: undefined,
  }),
  createdMs: fc.option(fc.nat(), { nil: undefined }),
  startMs: fc.option(fc.nat(), { nil: undefined }),
});
const series2 = fc.tuple(series, extras).map(
  ([one, { metadata, createdMs, startMs }]): SeriesToWrite2 => ({
    ...one,
    ...(metadata && { metadata }),
    ...(createdMs !== undefined && { createdMs }),
    ...(startMs !== undefined && { startMs }),
  }),
);

const symbolFields = ['', '__name__', 'up'].map((text) => bytesField(4, text));

/** A request of the symbols '', '__name__', 'up', and one series with these references and fields. */
const withRefs = (refs: readonly number[], ...fields: Buffer[]): Buffer =>
  Buffer.concat([
    ...symbolFields,
    bytesField(5, [bytesField(1, refs.map(varint)), sampleMessage(2, sample(now, 1)), ...fields]),
  ]);

describe('remote write 2', () => {
  it('gives back every series, time and bit of a value, with canonical keys', () => {
    fc.assert(
      fc.property(fc.array(series2, { maxLength: 8 }), (all) => {
        const { batch, rejected } = decoder.decode(request2(all));
        assert.equal(batch.keyForm, 'canonical');
        assert.deepEqual(runsOf(batch), expectedRuns(all));
        for (let run = 0; run < batch.runCount; run++)
          assert.equal(checkCanonical(batch.keys, batch.keyStarts[run]!, batch.keyEnds[run]!), undefined);
        assert.equal(rejected, 0);
      }),
    );
  });

  it('takes symbols behind the series, references one by one, and fields that it does not know', () => {
    const refs = [1, 2].map((ref) => varintField(1, ref));
    const body = Buffer.concat([
      varintField(9, 1),
      bytesField(5, [sampleMessage(2, sample(now, 1)), ...refs, bytesField(12, 'new')]),
      ...symbolFields,
    ]);
    assert.deepEqual(runsOf(decoder.decode(body).batch), expectedRuns([up]));
  });

  it('keeps exemplars with their labels in canonical form', () => {
    fc.assert(
      fc.property(labels, labels, (own, others) => {
        const exemplars = [{ labels: others, value: -1.5, timeMs: now }];
        const decoded = decoder.decode(request2([{ labels: own, samples: [], exemplars }, up]));
        const [{ series, labels, value, timeMs } = assert.fail('no exemplar')] = decoded.exemplars;
        assert.deepEqual([decodeLabels(series), decodeLabels(labels)], [sortedLabels(own), sortedLabels(others)]);
        assert.deepEqual([value, timeMs], [-1.5, now]);
        assert.deepEqual(runsOf(decoded.batch), expectedRuns([up]));
      }),
    );
  });

  it('takes the metadata of a family once, by the name that its series share', () => {
    const metadata = { type: 3, help: 'Time.', unit: 'seconds' };
    const named = (name: string, type = 3): SeriesToWrite2 => ({
      ...up,
      labels: [['__name__', name]],
      metadata: { ...metadata, type },
    });
    const { metadata: decoded } = decoder.decode(
      request2([named('l_bucket'), named('l_bucket'), named('l_sum'), named('l_count'), named('hits_total', 1), up]),
    );
    assert.deepEqual(decoded, [
      { metric: 'l', type: 'histogram', help: 'Time.', unit: 'seconds' },
      { metric: 'hits_total', type: 'counter', help: 'Time.', unit: 'seconds' },
    ]);
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
          const decoded = decoder.decode(request2(sent));
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
    const decoded = decoder.decode(request2([up, { ...up, samples: [], histograms: [sound, broken, sound] }]));
    assert.deepEqual(decoded.rejections, [
      { line: 2, code: 'invalid_histogram', message: 'the buckets hold 12 observations, and the count is 13' },
    ]);
    assert.equal(decoded.batch.sampleCount, 1);
    assert.deepEqual(histogramRunsOf(decoded.histograms), [
      { labels: up.labels, histograms: [latency, latency].map((histogram) => ({ timeMs: now, histogram })) },
    ]);
  });

  it('refuses each series whose references are malformed, and keeps its neighbours', () => {
    const cases: [Buffer, ErrorCode][] = [
      [withRefs([1, 3]), 'out_of_range'],
      [withRefs([3, 2]), 'out_of_range'],
      [withRefs([1]), 'missing_field'],
      [withRefs([0, 2]), 'empty_field'],
      [withRefs(Array<number>(258).fill(1)), 'too_many_values'],
      [withRefs([1, 2], bytesField(5, [varintField(3, 9)])), 'out_of_range'],
      [withRefs([1, 2], bytesField(4, [bytesField(1, [varint(9), varint(1)])])), 'out_of_range'],
      [withRefs([1, 2], bytesField(4, [bytesField(1, [varint(1)])])), 'missing_field'],
    ];
    const neighbour = bytesField(5, [bytesField(1, [varint(1), varint(2)]), sampleMessage(2, sample(now, 2))]);
    for (const [i, [body, code]] of cases.entries()) {
      const { batch, rejections, rejected } = decoder.decode(Buffer.concat([body, neighbour]));
      assert.deepEqual(
        rejections.map(({ line, code }) => [line, code]),
        [[1, code]],
        `case ${i}`,
      );
      assert.equal(rejected, 1);
      assert.deepEqual(runsOf(batch).at(-1), expectedRuns([{ ...up, samples: [sample(now, 2)] }])[0]);
      assert.equal(batch.runCount, i < 5 ? 1 : 2, `case ${i}`);
    }
  });

  it('refuses only the series whose symbols are no UTF-8', () => {
    const symbols = [...symbolFields, bytesField(4, Buffer.from([0x61, 0xff]))];
    const of = (value: number) =>
      bytesField(5, [bytesField(1, [varint(1), varint(value)]), sampleMessage(2, sample(now, 1))]);
    const { batch, rejections } = decoder.decode(Buffer.concat([...symbols, of(2), of(3), of(2)]));
    assert.deepEqual(runsOf(batch), expectedRuns([up, up]));
    assert.deepEqual(
      rejections.map(({ line, code }) => [line, code]),
      [[2, 'invalid_utf8']],
    );
  });

  it('leaves a name that comes twice to be told when the series is new', () => {
    const twice: Label[] = [
      ['__name__', 'up'],
      ['b', '1'],
      ['a', '1'],
      ['b', '2'],
    ];
    const { batch } = decoder.decode(request2([{ ...up, labels: twice }]));
    assert.equal(checkCanonical(batch.keys, batch.keyStarts[0]!, batch.keyEnds[0]!)?.code, 'duplicate_key');
  });

  it('fails as a whole where the message is broken', () => {
    const sound = request2([up]);
    // Cut between two fields, a request is one with fewer of them.
    const symbolsOnly = [1, 2, 3].map((count) => Buffer.concat(symbolFields.slice(0, count)).length);
    for (let length = 1; length < sound.length; length++) {
      const decode = () => decoder.decode(sound.subarray(0, length));
      if (symbolsOnly.includes(length)) assert.equal(decode().batch.runCount, 0);
      else assert.throws(decode, (error) => isBarographError(error, 'invalid_protobuf'), `${length} bytes`);
    }
    const unsound = [bytesField(5, []), Buffer.concat([bytesField(4, 'x'), bytesField(5, [])])];
    for (const body of unsound)
      assert.throws(
        () => decoder.decode(body),
        (error) => isBarographError(error, 'invalid_protobuf'),
      );
    assert.deepEqual(runsOf(decoder.decode(sound).batch), expectedRuns([up]), 'the next body is read as ever');
  });

  it('knows a message of version 1', () => {
    assert.throws(
      () => decoder.decode(writeRequest([up])),
      (error) => isBarographError(error, 'unsupported_content_type'),
    );
  });

  it('refuses a body whose references unfold to more labels than fit memory', () => {
    const long = 'x'.repeat(60_000);
    const symbols = ['', '__name__', 'up', ...Array.from({ length: 99 }, (_, i) => String(i + 10)), long];
    const names = Array.from({ length: 99 }, (_, i) => [varint(3 + i), varint(symbols.length - 1)]).flat();
    const one = bytesField(5, [bytesField(1, names), sampleMessage(2, sample(now, 1))]);
    const body = Buffer.concat([...symbols.map((text) => bytesField(4, text)), ...Array<Buffer>(30).fill(one)]);
    assert.throws(
      () => decoder.decode(body),
      (error) => isBarographError(error, 'body_too_large'),
    );
  });
});
