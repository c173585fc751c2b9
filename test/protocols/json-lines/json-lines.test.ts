import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/base/errors.js';
import { sortedLabels } from '../../../src/model/labels.js';
import { histogramBytesAt, readHistogramBytes } from '../../../src/model/native-histogram-bytes.js';
import type { DecodedMetrics } from '../../../src/model/sample-batch.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../../src/model/sample-batch.js';
import { encodeHistogramLine, encodeJsonLine } from '../../../src/protocols/json-lines/json-line-encoder.js';
import { createJsonLinesDecoder } from '../../../src/protocols/json-lines/json-lines-decoder.js';
import { latency, nativeHistogram } from '../../model/histogram-arbitraries.js';
import { bitsOf } from '../protobuf/wire-writer.js';
import { runsOf } from '../remote-write/decoded-runs.js';

const staleBits = (BigInt(staleMarkerHigh) << 32n) | BigInt(staleMarkerLow);
const now = 1_717_171_717_000;

/** The body, decoded as it comes in chunks of these lengths, the last of them for all the rest. */
function decode(body: string | Uint8Array, chunkBytes: readonly number[] = [Number.POSITIVE_INFINITY]): DecodedMetrics {
  const bytes = Buffer.from(body);
  const decoder = createJsonLinesDecoder();
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = chunkBytes[Math.min(i, chunkBytes.length - 1)]!;
    decoder.push(bytes.subarray(at, at + length));
    at += length;
  }
  decoder.end();
  return decoder.take();
}

/** Values of the only series of a body. */
const valuesOf = (values: string): bigint[] => {
  const count = JSON.parse(`[${values.replaceAll(/[^,]+/g, '0')}]`).length;
  const times = Array.from({ length: count }, (_, i) => now + i);
  const decoded = decode(`{"metric":{"__name__":"up"},"values":[${values}],"timestamps":${JSON.stringify(times)}}`);
  assert.deepEqual(decoded.rejections, []);
  return runsOf(decoded.batch)[0]!.samples.map(({ bits }) => bits);
};

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const labels = fc
  .uniqueArray(fc.tuple(text, fc.string({ unit: 'grapheme', maxLength: 12 })), {
    selector: ([name]) => name,
    maxLength: 6,
  })
  .map((pairs) => [['__name__', 'metric'] as const, ...pairs.filter(([name]) => name !== '__name__')]);
const sample = fc.record(
  {
    timeMs: fc.integer({ min: 0, max: 10_413_791_999_999 }),
    bits: fc.oneof(fc.double().map(bitsOf), fc.constantFrom(staleBits, bitsOf(-0), bitsOf(Number.NEGATIVE_INFINITY))),
  },
  { noNullPrototype: true },
);
const series = fc.record({ labels, samples: fc.array(sample, { minLength: 1, maxLength: 8 }) });
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });

function columnsOf(samples: readonly { timeMs: number; bits: bigint }[]): {
  timesMs: Float64Array;
  values: Float64Array;
} {
  const values = new Float64Array(samples.length);
  const words = valueWords(values);
  samples.forEach(({ bits }, i) => {
    words[2 * i] = Number(bits & 0xffffffffn);
    words[2 * i + 1] = Number(bits >> 32n);
  });
  return { timesMs: Float64Array.from(samples, ({ timeMs }) => timeMs), values };
}

describe('JSON lines', () => {
  it('come back from what is exported to the bit, however the body is cut', () => {
    fc.assert(
      fc.property(fc.array(series, { maxLength: 5 }), cuts, (all, lengths) => {
        const lines = all.map(({ labels, samples }) => {
          const { timesMs, values } = columnsOf(samples);
          return encodeJsonLine(sortedLabels(labels), timesMs, values);
        });
        const decoded = decode(lines.join('\n'), lengths);
        assert.deepEqual(decoded.rejections, []);
        assert.deepEqual(
          runsOf(decoded.batch),
          all.map(({ labels, samples }) => ({ labels: sortedLabels(labels), samples })),
        );
      }),
    );
  });

  it('are read as JSON.parse reads them, in any order of members, with white space and escapes', () => {
    const members = fc.shuffledSubarray(['metric', 'values', 'timestamps'] as const, { minLength: 3 });
    fc.assert(
      fc.property(
        labels,
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        members,
        fc.boolean(),
        (pairs, values, order, escapes) => {
          const all = { metric: Object.fromEntries(pairs), values, timestamps: values.map((_, i) => now + i) };
          const line = `{${order.map((name) => ` "${name}"\t: ${JSON.stringify(all[name])} `).join(',')}}\r`;
          const escaped = line.replaceAll(
            /[^\0-\x7f]/g,
            (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
          );
          const parsed = JSON.parse(line) as typeof all;
          const decoded = decode(escapes ? escaped : line);
          assert.deepEqual(runsOf(decoded.batch), [
            {
              labels: sortedLabels(Object.entries(parsed.metric)),
              samples: parsed.values.map((value, i) => ({ bits: bitsOf(value), timeMs: now + i })),
            },
          ]);
        },
      ),
    );
  });

  it('hold NaN, infinities and stale markers in each spelling that VictoriaMetrics takes or exports', () => {
    assert.deepEqual(valuesOf('null,"null",-0,1e3'), [staleBits, staleBits, bitsOf(-0), bitsOf(1000)]);
    for (const spelling of ['NaN', 'nan', '-nan']) {
      assert.deepEqual(valuesOf(`"${spelling}"`), [bitsOf(Number.NaN)]);
      assert.deepEqual(valuesOf(`1,${spelling}`), [bitsOf(1), bitsOf(Number.NaN)]);
    }
    for (const spelling of ['Infinity', 'infinity', 'Inf', 'inf', '+Inf']) {
      assert.deepEqual(valuesOf(`"${spelling}", ${spelling}`), [bitsOf(Infinity), bitsOf(Infinity)], spelling);
      const negative = `-${spelling.replace('+', '')}`;
      assert.deepEqual(valuesOf(`"${negative}",${negative}`), [bitsOf(-Infinity), bitsOf(-Infinity)], negative);
    }
  });

  it('are exported as VictoriaMetrics exports them', () => {
    const { timesMs, values } = columnsOf([
      { timeMs: 1, bits: bitsOf(1) },
      { timeMs: 2, bits: staleBits },
      { timeMs: 3, bits: bitsOf(Number.NaN) },
      { timeMs: 4, bits: bitsOf(-Infinity) },
      { timeMs: 5, bits: bitsOf(0.1) },
    ]);
    assert.equal(
      encodeJsonLine(
        [
          ['__name__', 'up'],
          ['job', 'a"b'],
        ],
        timesMs,
        values,
      ),
      '{"metric":{"__name__":"up","job":"a\\"b"},"values":[1,null,"NaN","-Infinity",0.1],"timestamps":[1,2,3,4,5]}',
    );
    assert.equal(
      encodeJsonLine([['__name__', 'up']], timesMs, values, 3, 5),
      '{"metric":{"__name__":"up"},"values":["-Infinity",0.1],"timestamps":[4,5]}',
    );
  });

  it('that are not as they should be are refused one by one, with their numbers', () => {
    const line = (metric: string, values = '[1]', timestamps = '[1]') =>
      `{"metric":${metric},"values":${values},"timestamps":${timestamps}}`;
    const up = '{"__name__":"up"}';
    const many = JSON.stringify({
      __name__: 'up',
      ...Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`l${i}`, 'x'])),
    });
    const cases: [string, ErrorCode][] = [
      ['foo', 'wrong_type'],
      ['[]', 'wrong_type'],
      ['{', 'invalid_json'],
      ['{}', 'missing_field'],
      [`${line(up)}{}`, 'invalid_json'],
      [`{"metric":${up},"values":[1]}`, 'missing_field'],
      [`{"metric":${up},"values":[1],"values":[1],"timestamps":[1]}`, 'duplicate_key'],
      [`{"metric":${up},"value":[1],"timestamps":[1]}`, 'unknown_field'],
      [line('7'), 'wrong_type'],
      [line('{}'), 'missing_field'],
      [line('{"job":"a"}'), 'missing_field'],
      [line('{"__name__":""}'), 'missing_field'],
      [line('{"__name__":"up","job":1}'), 'wrong_type'],
      [line('{"__name__":"up","":"x"}'), 'empty_field'],
      [line('{"__name__":"up","a":"1","a":"2"}'), 'duplicate_key'],
      [line(many), 'too_many_values'],
      [line(`{"__name__":"up","a":"${'x'.repeat(65_537)}"}`), 'too_long'],
      [line('{"__name__":"up","a":"\\ud800"}'), 'invalid_utf8'],
      [line(up, '1'), 'wrong_type'],
      [line(up, '[true]'), 'wrong_type'],
      [line(up, '["1"]'), 'wrong_type'],
      [line(up, '[1e999]'), 'out_of_range'],
      [line(up, '[1,]', '[1,2]'), 'wrong_type'],
      [line(up, '[1 2]', '[1,2]'), 'invalid_json'],
      [line(up, '[]', '[]'), 'empty_field'],
      [line(up, '[1,2]'), 'wrong_type'],
      [line(up, '[1]', '[1.5]'), 'wrong_type'],
      [line(up, '[1]', '["1"]'), 'wrong_type'],
      [line(up, '[1]', '[-1]'), 'outside_time_window'],
      [line(up, '[1]', '[10413792000000]'), 'outside_time_window'],
    ];
    for (const [broken, code] of cases) {
      const { rejections, batch, rejected, rejectedByCode } = decode(`${line(up)}\n\n${broken}\n${line(up)}`, [7]);
      assert.deepEqual(
        rejections.map(({ line, code }) => [line, code]),
        [[3, code]],
        broken,
      );
      assert.equal(batch.sampleCount, 2, broken);
      assert.deepEqual([rejected, rejectedByCode], [1, new Map([[code, 1]])]);
    }
  });

  it('say what is wrong and where', () => {
    const messages = decode(
      [
        '{"metric":{"__name__":"up"},"values":[1,"x"],"timestamps":[1,2]}',
        '{"metric":{"__name__":"up"},"values":[1],"timestamps":[1}',
        '{"metric":{"__name__":"up","job":5},"values":[1],"timestamps":[1]}',
      ].join('\n'),
    ).rejections.map(({ line, message }) => `${line}: ${message}`);
    assert.deepEqual(messages, [
      '1: values: number 2: got the text "x", wanted a number, null, "NaN" or "Infinity"',
      '2: column 57: timestamps: number 2: got }, wanted a comma or ]',
      '3: metric: "job": got the number 5, wanted text',
    ]);
  });

  it('whose bytes are no UTF-8 are refused, and not their neighbours', () => {
    const line = Buffer.from('{"metric":{"__name__":"up","a":"?"},"values":[1],"timestamps":[1]}\n');
    const broken = Buffer.from(line);
    broken[line.indexOf('?')] = 0xff;
    const { rejections, batch } = decode(Buffer.concat([line, broken, line]));
    assert.deepEqual(
      rejections.map(({ line, code }) => [line, code]),
      [[2, 'invalid_utf8']],
    );
    assert.equal(batch.sampleCount, 2);
  });

  it('that are too long are passed over without being held', () => {
    const line = '{"metric":{"__name__":"up"},"values":[1],"timestamps":[1]}\n';
    const decoder = createJsonLinesDecoder();
    decoder.push(Buffer.from(line));
    const piece = Buffer.alloc(1024 * 1024, ' ');
    for (let i = 0; i < 40; i++) decoder.push(piece);
    decoder.push(Buffer.from(`\n${line}`));
    decoder.end();
    const { rejections, batch } = decoder.take();
    assert.deepEqual(
      rejections.map(({ line, code }) => [line, code]),
      [[2, 'row_too_large']],
    );
    assert.equal(batch.sampleCount, 2);
  });

  it('are given part by part, with numbers that go on', () => {
    const line = '{"metric":{"__name__":"up"},"values":[1],"timestamps":[1]}\n';
    const decoder = createJsonLinesDecoder();
    decoder.push(Buffer.from(`${line}${line}{"met`));
    assert.equal(decoder.sampleCount, 2);
    assert.equal(decoder.take().batch.sampleCount, 2);
    assert.equal(decoder.sampleCount, 0);
    decoder.push(Buffer.from(`ric":1}\n${line}`));
    decoder.end();
    const { rejections, batch } = decoder.take();
    assert.equal(batch.sampleCount, 1);
    assert.equal(rejections[0]?.line, 3);
    assert.equal(decoder.lineCount, 4);
  });
});

describe('JSON lines of native histograms', () => {
  const timed = fc.record(
    { timeMs: fc.integer({ min: 0, max: 10_413_791_999_999 }), histogram: nativeHistogram },
    { noNullPrototype: true },
  );

  it('come back as they were encoded, however the body is cut', () => {
    fc.assert(
      fc.property(labels, fc.array(timed, { minLength: 1, maxLength: 6 }), cuts, (pairs, wanted, lengths) => {
        const line = encodeHistogramLine(
          sortedLabels(pairs),
          Float64Array.from(wanted, ({ timeMs }) => timeMs),
          wanted.map(({ histogram }) => histogram),
        );
        const { histograms, rejections, batch } = decode(`${line}\n`, lengths);
        assert.deepEqual([rejections, batch.sampleCount], [[], 0]);
        const { runs, histograms: bytes } = histograms!;
        const got = Array.from({ length: runs.sampleCount }, (_, i) => ({
          timeMs: runs.timesMs[i]!,
          histogram: readHistogramBytes(histogramBytesAt(bytes, runs.values[i]!)),
        }));
        assert.deepEqual(got, wanted);
      }),
    );
  });

  const whole = encodeHistogramLine([['__name__', 'h']], Float64Array.of(now), [latency]);
  for (const [what, line, code, message] of [
    [
      'a field that histograms have none of',
      whole.replace('"sum"', '"total"'),
      'invalid_histogram',
      /sum: got nothing/,
    ],
    ['a count that its buckets do not hold', whole.replace('"count":12', '"count":13'), 'invalid_histogram', /hold 12/],
    ['half an observation', whole.replace('"zero_count":2', '"zero_count":1.5'), 'invalid_histogram', /count 1.5/],
    [
      'another thing than an object',
      whole.replace(/"histograms":\[.*\],/, '"histograms":[7],'),
      'invalid_histogram',
      /got 7/,
    ],
    ['values beside them', whole.replace('"histograms"', '"values":[1],"histograms"'), 'wrong_type', /one of them/],
    ['more times than histograms', whole.replace(`[${now}]`, `[${now},${now}]`), 'wrong_type', /1 histograms and 2/],
  ] as const) {
    it(`are refused with ${what}`, () => {
      const { rejected, rejectedByCode, rejections, histograms } = decode(line);
      assert.deepEqual([rejected, [...rejectedByCode.keys()], histograms], [1, [code], undefined]);
      assert.match(rejections[0]!.message, message);
    });
  }
});
