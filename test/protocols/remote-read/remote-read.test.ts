/** Encoders of remote read, held to decoders written from the formats' descriptions, and to snappy itself. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { uncompressSync } from 'snappy';
import { crc32c } from '../../../src/base/crc32c.js';
import { isBarographError } from '../../../src/base/errors.js';
import { valueWords } from '../../../src/model/sample-batch.js';
import { compressSnappy } from '../../../src/protocols/remote-read/compress-snappy.js';
import {
  encodeSamplesAnswer,
  encodeSeriesFrames,
  type ReadSeries,
} from '../../../src/protocols/remote-read/read-answer.js';
import { decodeReadRequest } from '../../../src/protocols/remote-read/read-request.js';
import { encodeXorChunk } from '../../../src/protocols/remote-read/xor-chunk.js';
import { bytesField, varintField } from '../protobuf/wire-writer.js';
import {
  type DecodedSample,
  decodeChunkedAnswer,
  decodeSamplesAnswer,
  decodeXorChunk,
  splitFrames,
} from './read-answer-decoder.js';

const doubles = (bits: readonly bigint[]): Float64Array => new Float64Array(BigUint64Array.from(bits).buffer);

function samplesOf(timesMs: Float64Array, values: Float64Array): DecodedSample[] {
  const words = valueWords(values);
  return Array.from(timesMs, (timeMs, i) => ({
    timeMs: BigInt(timeMs),
    bits: (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!),
  }));
}

/** Distances at which the forms of a time change, and any others. */
const distance = fc.oneof(
  fc.constantFrom(1, 15_000, 15_001, 8_191, 8_192, 8_193, 65_535, 65_536, 65_537, 524_287, 524_288, 524_289),
  fc.integer({ min: 1, max: 2 ** 31 }),
  fc.double({ min: 1, max: 2 ** 45, noNaN: true }).map(Math.floor),
);
const staleMarker = 0x7ff0000000000002n;
const bits = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.double().map((value) => new BigUint64Array(Float64Array.of(value).buffer)[0]!),
  fc.integer({ min: 0, max: 1000 }).map((value) => new BigUint64Array(Float64Array.of(value).buffer)[0]!),
  fc.constant(staleMarker),
);
const columns = fc
  .tuple(
    fc.integer({ min: -(2 ** 40), max: 2 ** 42 }),
    fc.array(fc.record({ distance, bits }), { minLength: 1, maxLength: 300 }),
  )
  .map(([start, rows]) => {
    let timeMs = start;
    return {
      timesMs: Float64Array.from(rows, (row) => (timeMs += row.distance)),
      values: doubles(rows.map((row) => row.bits)),
    };
  });

describe('a chunk in the XOR encoding', () => {
  it('gives back every time and every bit of every value', () => {
    fc.assert(
      fc.property(columns, ({ timesMs, values }) => {
        const chunk = encodeXorChunk(timesMs, values, 0, timesMs.length);
        assert.deepEqual(decodeXorChunk(chunk), samplesOf(timesMs, values));
      }),
      { numRuns: 300 },
    );
  });

  it('takes two bits for a sample that is like the one before', () => {
    const timesMs = Float64Array.from({ length: 120 }, (_, i) => 1_700_000_000_000 + 15_000 * i);
    const chunk = encodeXorChunk(timesMs, new Float64Array(120).fill(42), 0, 120);
    // Count, time and value, distance with a bit for the value, and 118 samples of two bits.
    assert.equal(chunk.length, 2 + 6 + 8 + 2 + Math.ceil((1 + 118 * 2) / 8));
  });

  it('is the bytes that the description gives', () => {
    const chunk = encodeXorChunk(Float64Array.of(1, 3, 5), Float64Array.of(1, 2, 2), 0, 3);
    // 1 ^ 2: 0x3ff0… ^ 0x4000… = 0x7ff0…: one leading zero, 11 bits, 52 trailing zeros.
    const values = `${'11'}${'00001'}${'001011'}${'1'.repeat(11)}`;
    const tail = `${values}00`.padEnd(32, '0');
    const expected = [
      0,
      3,
      2,
      0x3f,
      0xf0,
      0,
      0,
      0,
      0,
      0,
      0,
      2,
      ...tail.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)),
    ];
    assert.deepEqual(Array.from(chunk), expected);
  });
});

describe('an answer', () => {
  const labels = [
    ['__name__', 'größe_total'],
    ['zone', 'a'],
  ] as const;

  it('of samples gives back every series', () => {
    fc.assert(
      fc.property(fc.array(fc.array(columns, { maxLength: 3 }), { maxLength: 3 }), (results) => {
        const series = (each: (typeof results)[0][0]): ReadSeries => ({ labels, ...each });
        const answer = encodeSamplesAnswer(results.map((result) => result.map(series)));
        const expected = results.map((result) =>
          result.map(({ timesMs, values }) => ({
            labels: labels.map((label) => [...label]),
            samples: samplesOf(timesMs, values),
          })),
        );
        assert.deepEqual(decodeSamplesAnswer(answer), expected);
      }),
      { numRuns: 50 },
    );
  });

  it('in frames gives back a series in one frame, whose checksum holds', () => {
    fc.assert(
      fc.property(columns, fc.nat(3), (each, queryIndex) => {
        const frames = Buffer.concat(Array.from(encodeSeriesFrames({ labels, ...each }, queryIndex)));
        const messages = splitFrames(frames);
        assert.equal(messages.length, 1);
        assert.deepEqual(decodeChunkedAnswer(messages[0]!), {
          series: { labels: labels.map((label) => [...label]), samples: samplesOf(each.timesMs, each.values) },
          queryIndex,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('CRC-32C has the check value of its catalogue', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });
});

describe('snappy', () => {
  const checked = (bytes: Uint8Array): Uint8Array => {
    const packed = compressSnappy(bytes);
    assert.ok(Buffer.from(bytes).equals(uncompressSync(packed) as Buffer));
    return packed;
  };

  it('unpacks what was packed', () => {
    const repeated = fc
      .tuple(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 5000 }))
      .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), repeated), (bytes) => void checked(bytes)),
      { numRuns: 200 },
    );
  });

  it('unpacks more than a block of bytes that do not repeat, and packs them into little more', () => {
    let state = 1;
    const bytes = Uint8Array.from({ length: 300_000 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 16;
    });
    assert.ok(checked(bytes).length < bytes.length * 1.001);
  });

  it('makes what repeats small', () => {
    const bytes = Buffer.from('some_metric{pod="a",zone="b"} 1\n'.repeat(10_000));
    assert.ok(checked(bytes).length < bytes.length / 15);
  });
});

describe('a read request', () => {
  const matcher = (type: number, name: string, value: string) =>
    bytesField(3, [varintField(1, BigInt(type)), bytesField(2, name), bytesField(3, value)]);

  it('is read with its matchers, hints passed over', () => {
    const query = bytesField(1, [
      varintField(1, 1000n),
      varintField(2, 2000n),
      matcher(0, '__name__', 'up'),
      matcher(3, 'job', 'a.*'),
      bytesField(4, [varintField(1, 15_000n)]),
    ]);
    const request = decodeReadRequest(Buffer.concat([query, bytesField(2, [Buffer.from([1, 0])])]));
    assert.equal(request.answerType, 'streamed_xor_chunks');
    assert.deepEqual(
      request.queries.map(({ fromMs, toMs, matchers }) => [
        fromMs,
        toMs,
        matchers.map(({ name, op, value }) => name + op + value),
      ]),
      [[1000, 2000, ['__name__=up', 'job!~a.*']]],
    );
  });

  it('that names no type wants samples, and one of unknown types only is refused', () => {
    assert.equal(decodeReadRequest(new Uint8Array()).answerType, 'samples');
    assert.equal(decodeReadRequest(varintField(2, 0n)).answerType, 'samples');
    assert.throws(
      () => decodeReadRequest(varintField(2, 7n)),
      (error) => isBarographError(error, 'bad_request'),
    );
  });

  it('of any bytes is read or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeReadRequest(bytes);
        } catch (error) {
          assert.ok(isBarographError(error), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
