import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeDelimited } from '../../../src/protocols/exposition/decode-delimited.js';
import { decodeExposition } from '../../../src/protocols/exposition/decode-exposition.js';
import { bytesField, varint, varintField } from '../protobuf/wire-writer.js';
import { linesOf } from '../text/decoded-samples.js';
import {
  counter,
  family,
  floatHistogram,
  gauge,
  histogram,
  type MetricToWrite,
  summary,
  untyped,
} from './family-writer.js';

const nowMs = 1_700_000_000_000;
const decoded = (...bodies: Buffer[]) => linesOf(decodeDelimited(Buffer.concat(bodies), { nowMs }).batch);
const one = (value: Uint8Array): MetricToWrite[] => [{ labels: [['a', 'b']], value }];

describe('delimited protobuf', () => {
  it('gives the series of each type', () => {
    const lines = decoded(
      family('c_total', 'counter', one(counter(1))),
      family('g', 'gauge', one(gauge(-2))),
      family('u', 'untyped', one(untyped(Number.POSITIVE_INFINITY))),
      family('s', 'summary', one(summary(3, 4.5, [[0.5, 1]]))),
    );
    assert.deepEqual(lines, [
      `c_total{a="b"} 1 @${nowMs}`,
      `g{a="b"} -2 @${nowMs}`,
      `u{a="b"} Infinity @${nowMs}`,
      `s{a="b",quantile="0.5"} 1 @${nowMs}`,
      `s_sum{a="b"} 4.5 @${nowMs}`,
      `s_count{a="b"} 3 @${nowMs}`,
    ]);
  });

  it('gives a histogram its last bucket where the client left it out, and only there', () => {
    const infinity = Number.POSITIVE_INFINITY;
    const lines = [
      `h_bucket{a="b",le="1.0"} 2 @${nowMs}`,
      `h_bucket{a="b",le="+Inf"} 3 @${nowMs}`,
      `h_sum{a="b"} 4.5 @${nowMs}`,
      `h_count{a="b"} 3 @${nowMs}`,
    ];
    assert.deepEqual(decoded(family('h', 'histogram', one(histogram(3, 4.5, [[1, 2]])))), lines);
    const whole: [number, number][] = [
      [1, 2],
      [infinity, 3],
    ];
    assert.deepEqual(decoded(family('h', 'histogram', one(histogram(3, 4.5, whole)))), lines);
  });

  it('takes counts that are floats, and leaves native buckets out', () => {
    assert.deepEqual(decoded(family('h', 'gaugehistogram', one(floatHistogram(3.5, 4.5, [[1, 2.5]])))), [
      `h_bucket{a="b",le="1.0"} 2.5 @${nowMs}`,
      `h_bucket{a="b",le="+Inf"} 3.5 @${nowMs}`,
      `h_gsum{a="b"} 4.5 @${nowMs}`,
      `h_gcount{a="b"} 3.5 @${nowMs}`,
    ]);
  });

  it('gives what it tells of each family', () => {
    const body = Buffer.concat([family('a', 'gauge', [], 'Help.'), family('b', 'summary', [])]);
    assert.deepEqual(decodeDelimited(body, { nowMs }).metadata, [
      { metric: 'a', type: 'gauge', help: 'Help.', unit: '' },
      { metric: 'b', type: 'summary', help: '', unit: '' },
    ]);
  });

  it('reads fields in any order', () => {
    const metric = bytesField(4, [gauge(5), bytesField(1, [bytesField(2, 'b'), bytesField(1, 'a')])]);
    const message = Buffer.concat([metric, varintField(3, 1), bytesField(1, 'g')]);
    assert.deepEqual(decoded(Buffer.concat([varint(message.length), message])), [`g{a="b"} 5 @${nowMs}`]);
  });

  it('has the labels of the sender in the place of its own', () => {
    const body = family('g', 'gauge', [
      {
        labels: [
          ['job', 'x'],
          ['empty', 'y'],
          ['own', 'z'],
        ],
        value: gauge(1),
      },
    ]);
    const extraLabels = [
      ['empty', ''],
      ['job', 'j'],
    ] as const;
    assert.deepEqual(linesOf(decodeDelimited(body, { nowMs, extraLabels }).batch), [`g{job="j",own="z"} 1 @${nowMs}`]);
  });

  it('has times count, or refuses them', () => {
    const body = family('g', 'gauge', [{ labels: [], value: gauge(1), timeMs: 5 }]);
    assert.deepEqual(decoded(body), ['g 1 @5']);
    assert.throws(() => decodeDelimited(body, { nowMs, timestamps: 'refuse' }), { code: 'time_refused' });
  });

  it('never gives a stale marker', () => {
    const stale = Buffer.from(gauge(Number.NaN));
    stale.writeBigUInt64LE(0x7ff0000000000002n, stale.length - 8);
    const { values } = decodeDelimited(family('g', 'gauge', [{ labels: [], value: stale }]), { nowMs }).batch;
    assert.equal(new BigUint64Array(values.buffer, 0, 1)[0], 0x7ff8000000000000n);
  });

  const broken: readonly (readonly [what: string, body: Buffer, code: string])[] = [
    ['ends early', family('g', 'gauge', one(gauge(1))).subarray(0, -1), 'invalid_protobuf'],
    ['announces more than there is', varint(2n ** 60n), 'invalid_protobuf'],
    ['has no name', family('', 'gauge', []), 'missing_field'],
    ['has a type that is not known', Buffer.concat([varint(5), bytesField(1, 'g'), varintField(3, 9)]), 'out_of_range'],
    ['has another value than its type says', family('g', 'gauge', one(counter(1))), 'missing_field'],
    ['has a label without a name', family('g', 'gauge', [{ labels: [['', 'x']], value: gauge(1) }]), 'empty_field'],
    [
      'has a label twice',
      family('g', 'histogram', [{ labels: [['le', '1']], value: histogram(1, 1, []) }]),
      'duplicate_key',
    ],
  ];
  for (const [what, body, code] of broken)
    it(`fails where it ${what}`, () => assert.throws(() => decodeDelimited(body, { nowMs }), { code }));

  it('fails where the labels of all series would take more than their bound', () => {
    const body = family('g', 'summary', one(summary(1, 1, [[0.5, 1]])));
    assert.throws(() => decodeDelimited(body, { nowMs, keyBytesMax: 32 }), { code: 'body_too_large' });
  });

  const name = fc.stringMatching(/^[a-z]{1,3}$/);
  const number = fc.double();
  const metric = fc.record({
    labels: fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'grapheme', maxLength: 5 })), { selector: ([n]) => n }),
    number,
  });

  it('says the same as the text format of the same metrics', () => {
    fc.assert(
      fc.property(fc.array(metric, { maxLength: 5 }), fc.constantFrom('gauge', 'counter'), (metrics, type) => {
        const value = type === 'gauge' ? gauge : counter;
        const body = family(
          'm',
          type,
          metrics.map((each) => ({ labels: each.labels, value: value(each.number) })),
        );
        const text = metrics.map((each) => {
          const labels = each.labels.map(
            ([label, of]) => `${label}="${of.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`,
          );
          return `m{${labels.join(',')}} ${textOf(each.number)}\n`;
        });
        const fromText = decodeExposition(Buffer.from(text.join('')), { format: 'text', nowMs, mode: 'lenient' });
        assert.equal(fromText.rejected, 0);
        assert.deepEqual(decoded(body), linesOf(fromText.batch));
      }),
    );
  });
});

const textOf = (value: number): string =>
  Math.abs(value) === Infinity ? (value > 0 ? '+Inf' : '-Inf') : String(value);
