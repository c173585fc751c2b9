import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type DecodedLineProtocol,
  decodeLineProtocol,
  type LineProtocolOptions,
} from '../../../src/protocols/influx/decode-line-protocol.js';
import { linesOf, type PlainSample, samplesOf } from '../text/decoded-samples.js';

const nowMs = 1_700_000_000_000;

const decode = (text: string | Buffer, options: Partial<LineProtocolOptions> = {}): DecodedLineProtocol =>
  decodeLineProtocol(Buffer.from(text), { nowMs, precision: 'ns', ...options });

/** The lines of the batch, with the default time left out. */
const shown = (decoded: DecodedLineProtocol): string[] =>
  linesOf(decoded.batch).map((line) => line.replace(` @${nowMs}`, ''));

interface WrittenPoint {
  readonly measurement: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: readonly (readonly [string, number | boolean | bigint | string])[];
  readonly timeMs: number | undefined;
}

const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    fc.string({ unit: fc.constantFrom('\\', ',', ' ', '=', '"', 'a', '#'), minLength: 1, maxLength: 8 }),
  )
  // A backslash at the end, or before a character that can be escaped, cannot be told from an escape in every place.
  .filter((text) => !/[\r\n\\]/.test(text) && text !== '__name__');

const pointArbitrary: fc.Arbitrary<WrittenPoint> = fc.record({
  measurement: name.filter((text) => !text.startsWith('#')),
  tags: fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 5 }),
  fields: fc.uniqueArray(
    fc.tuple(
      name,
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.string({ unit: fc.constantFrom('\\', '"', '\n', ',', '=', ' ', 'x', '1'), maxLength: 8 }),
      ),
    ),
    { selector: ([key]) => key, minLength: 1, maxLength: 5 },
  ),
  timeMs: fc.option(fc.integer({ min: -4e12, max: 4e12 }), { nil: undefined }),
});

const escaped = (text: string): string => text.replace(/[,= ]/g, '\\$&');
const measurementEscaped = (text: string): string => text.replace(/[, ]/g, '\\$&');

function fieldText(value: number | boolean | bigint | string): string {
  if (typeof value === 'bigint') return `${value}i`;
  if (typeof value === 'string') return `"${value.replace(/[\\"]/g, '\\$&')}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}

function lineOf({ measurement, tags, fields, timeMs }: WrittenPoint): string {
  const head = [measurementEscaped(measurement), ...tags.map(([key, value]) => `${escaped(key)}=${escaped(value)}`)];
  const body = fields.map(([key, value]) => `${escaped(key)}=${fieldText(value)}`);
  return `${head.join(',')} ${body.join(',')}${timeMs === undefined ? '' : ` ${BigInt(timeMs) * 1_000_000n}`}`;
}

const expectedSamples = ({ measurement, tags, fields, timeMs }: WrittenPoint): PlainSample[] =>
  fields.flatMap(([key, value]) =>
    typeof value === 'string'
      ? []
      : [
          {
            labels: Object.fromEntries([['__name__', `${measurement}_${key}`], ...tags]),
            timeMs: timeMs ?? nowMs,
            value: Number(value),
          },
        ],
  );

describe('the line protocol', () => {
  it('of any points comes out as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(pointArbitrary, { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n', '\n\n# comment\n  '),
        (points, end) => {
          const decoded = decode(points.map((point) => lineOf(point) + end).join(''), { nameForm: 'utf8' });
          assert.deepEqual(decoded.rejections, []);
          assert.deepEqual(samplesOf(decoded.batch), points.flatMap(expectedSamples));
          const texts = points.flatMap(({ fields }) => fields).filter(([, value]) => typeof value === 'string');
          assert.equal(decoded.stringFields, texts.length);
        },
      ),
    );
  });

  it('makes a sample of each numeric field, and counts text without storing it', () => {
    const decoded = decode(
      [
        'cpu,host=a,Zone=x usage=0.5,n=3i,u=18446744073709551615u,ok=t,off=FALSE,note="hot, \\"very\\" hot" 1700000000123456789',
        '# a comment',
        '',
        'mem value=-1.5e3',
        'log text="one\ntwo x=1\n",more="y"',
        'mem value=.5 ',
      ].join('\n'),
    );
    assert.deepEqual(shown(decoded), [
      'cpu_usage{Zone="x",host="a"} 0.5 @1700000000123',
      'cpu_n{Zone="x",host="a"} 3 @1700000000123',
      'cpu_u{Zone="x",host="a"} 18446744073709552000 @1700000000123',
      'cpu_ok{Zone="x",host="a"} 1 @1700000000123',
      'cpu_off{Zone="x",host="a"} 0 @1700000000123',
      'mem_value -1500',
      'mem_value 0.5',
    ]);
    assert.deepEqual([decoded.rejected, decoded.stringFields, decoded.stringFieldLines], [0, 3, [1, 5]]);
  });

  it('takes escapes out of names and tag values, and leaves other backslashes', () => {
    const text = String.raw`my\ cpu\,1,tag\ a=b\,c\=d\ e,path=C:\dir\\x,eq=a=b field\=x=1`;
    assert.deepEqual(samplesOf(decode(text, { nameForm: 'utf8' }).batch)[0]!.labels, {
      __name__: 'my cpu,1_field=x',
      eq: 'a=b',
      path: String.raw`C:\dir\x`,
      'tag a': 'b,c=d e',
    });
  });

  it('makes names that PromQL takes without quotes, unless they are to stay', () => {
    const text = '1cpu.load:avg-ö,com.docker/id=1,2nd=x value\\ max=1';
    assert.deepEqual(shown(decode(text)), ['_1cpu_load:avg___value_max{_2nd="x",com_docker_id="1"} 1']);
    assert.deepEqual(shown(decode(text, { nameForm: 'utf8' })), [
      '1cpu.load:avg-ö_value max{2nd="x",com.docker/id="1"} 1',
    ]);
  });

  it('labels points with the database where no tag does', () => {
    const text = 'a v=1\na,db=own v=2\na,Zone=x,x=y v=3\n';
    assert.deepEqual(shown(decode(text, { database: 'telegraf' })), [
      'a_v{db="telegraf"} 1',
      'a_v{db="own"} 2',
      'a_v{Zone="x",db="telegraf",x="y"} 3',
    ]);
  });

  it('fails as a whole where long tags times many fields would take more memory than the limit', () => {
    const body = `a,${'t'.repeat(1000)}=1 ${Array.from({ length: 1000 }, (_, i) => `f${i}=1`).join(',')}`;
    assert.equal(decode(body).batch.sampleCount, 1000);
    assert.throws(() => decode(body, { keyBytesMax: 500_000 }), { code: 'body_too_large' });
  });

  it('takes a tag without a value as none', () => {
    assert.deepEqual(shown(decode('a,b=,c=d v=1')), ['a_v{c="d"} 1']);
  });
});

const bad: readonly (readonly [line: string | Buffer, code: string])[] = [
  ['cpu', 'missing_field'],
  ['cpu,host=a', 'missing_field'],
  ['cpu ', 'missing_field'],
  ['cpu  \r', 'missing_field'],
  ['cpu 1700000000000', 'invalid_line_protocol'],
  [',host=a v=1', 'empty_field'],
  ['cpu, v=1', 'empty_field'],
  ['cpu,=a v=1', 'empty_field'],
  ['cpu,host v=1', 'invalid_line_protocol'],
  ['cpu =1', 'empty_field'],
  ['cpu v', 'invalid_line_protocol'],
  ['cpu v=', 'invalid_line_protocol'],
  ['cpu v=1,', 'missing_field'],
  ['cpu v=1,,w=2', 'empty_field'],
  ['cpu ,v=1', 'empty_field'],
  ['cpu v=abc', 'invalid_line_protocol'],
  ['cpu v=NaN', 'invalid_line_protocol'],
  ['cpu v=Infinity', 'invalid_line_protocol'],
  ['cpu v=+1', 'invalid_line_protocol'],
  ['cpu v=1.5i', 'invalid_line_protocol'],
  ['cpu v=1e3i', 'invalid_line_protocol'],
  ['cpu v=1x', 'invalid_line_protocol'],
  ['cpu v=-1u', 'out_of_range'],
  ['cpu v=9223372036854775808i', 'out_of_range'],
  ['cpu v=-9223372036854775809i', 'out_of_range'],
  ['cpu v=18446744073709551616u', 'out_of_range'],
  [`cpu v=${'9'.repeat(100_000)}i`, 'out_of_range'],
  ['cpu v=1e999', 'out_of_range'],
  ['cpu v="a"b', 'invalid_line_protocol'],
  ['cpu v="unclosed', 'invalid_line_protocol'],
  ['cpu v=1 12.5', 'invalid_line_protocol'],
  ['cpu v=1 now', 'invalid_line_protocol'],
  ['cpu v=1 1 2', 'invalid_line_protocol'],
  ['cpu v=1 -', 'invalid_line_protocol'],
  ['cpu v=1 99999999999999999999999999', 'out_of_range'],
  ['cpu,a=1,a=2 v=1', 'duplicate_key'],
  ['cpu,a-b=1,a.b=2 v=1', 'duplicate_key'],
  ['cpu,__name__=x v=1', 'duplicate_key'],
  [Buffer.from('cpu,a=\xff v=1', 'latin1'), 'invalid_utf8'],
  [Buffer.from('cpu\xff v=1', 'latin1'), 'invalid_utf8'],
];

describe('a bad line', () => {
  for (const [line, code] of bad)
    it(`is rejected with its number, and its neighbours are kept: ${JSON.stringify(line.toString('latin1').slice(0, 60))}`, () => {
      const body = Buffer.concat([Buffer.from('first v=1\n\n'), Buffer.from(line), Buffer.from('\nlast v=2')]);
      const decoded = decode(body);
      assert.deepEqual(shown(decoded), ['first_v 1', 'last_v 2']);
      assert.deepEqual(
        decoded.rejections.map((rejection) => [rejection.line, rejection.code]),
        [[3, code]],
      );
    });

  it('is told with what was got and wanted', () => {
    assert.deepEqual(decode('cpu v=1\ncpu v=1,w=abc 5\n').rejections, [
      {
        line: 2,
        code: 'invalid_line_protocol',
        message: 'got "abc 5", wanted a number, a boolean or text in quotes',
      },
    ]);
  });

  it('with line breaks in its text ends behind them, so that text is never read as points', () => {
    for (const line of [
      'log s="a\nfake v=1\n",v=abc',
      'log,a=1,a=2 s="a\nfake v=1\n"',
      'log bad="x"y,s="a\nfake v=1\n"',
    ]) {
      const decoded = decode(`${line}\nlast v=2\n`);
      assert.deepEqual(shown(decoded), ['last_v 2'], line);
      assert.equal(decoded.rejected, 1);
    }
  });

  it('whose quote nothing closes spoils none of the lines behind it', () => {
    const decoded = decode(`log s="unclosed\n${'cpu v=1\n'.repeat(1000)}`);
    assert.equal(decoded.batch.sampleCount, 1000);
    assert.equal(decoded.rejected, 1);
  });

  it('in a million is counted, and a hundred are told', () => {
    const { rejected, rejections } = decode('x\n'.repeat(100_000));
    assert.deepEqual([rejected, rejections.length], [100_000, 100]);
  });
});
