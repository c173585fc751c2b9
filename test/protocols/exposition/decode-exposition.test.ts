import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeLabels } from '../../../src/model/labels.js';
import { valueWords } from '../../../src/model/sample-batch.js';
import { decodeExposition, ExpositionError } from '../../../src/protocols/exposition/decode-exposition.js';
import { ExpositionCache } from '../../../src/protocols/exposition/exposition-cache.js';
import type { DecodedExposition, ExpositionOptions } from '../../../src/protocols/exposition/exposition-options.js';
import { linesOf, samplesOf } from '../text/decoded-samples.js';
import { expectedSample, openMetricsLine, sampleArbitrary, textLine } from './exposition-writer.js';

const nowMs = 1_700_000_000_000;
const textOptions: ExpositionOptions = { format: 'text', nowMs, mode: 'strict' };
const openMetricsOptions: ExpositionOptions = { format: 'openmetrics', nowMs, mode: 'strict' };

const decode = (text: string | Buffer, options: Partial<ExpositionOptions> = {}): DecodedExposition =>
  decodeExposition(Buffer.from(text), { ...textOptions, ...options });
const decodeOpenMetrics = (text: string): DecodedExposition => decodeExposition(Buffer.from(text), openMetricsOptions);

/** The lines of the batch, with the default time left out. */
const shown = (decoded: DecodedExposition): string[] =>
  linesOf(decoded.batch).map((line) => line.replace(` @${nowMs}`, ''));

describe('a text', () => {
  it('of any series comes out as it was written, in both formats and modes, with and without a cache', () => {
    const cache = new ExpositionCache();
    fc.assert(
      fc.property(
        fc.array(sampleArbitrary('utf8'), { maxLength: 20 }),
        fc.constantFrom('', ' ', ' \t'),
        (samples, gap) => {
          const expected = samples.map((sample) => expectedSample(sample, nowMs));
          const text = samples.map((sample) => `${textLine(sample, gap)}\n`).join('');
          assert.deepEqual(samplesOf(decode(text, { mode: 'lenient' }).batch), expected);
          const openMetrics = `${samples.map((sample) => `${openMetricsLine(sample)}\n`).join('')}# EOF\n`;
          assert.deepEqual(samplesOf(decode(openMetrics, { format: 'openmetrics', mode: 'lenient' }).batch), expected);
          // In strict mode a series without times comes once.
          const once = [
            ...new Map(samples.map((sample) => [JSON.stringify(expectedSample(sample, 0).labels), sample])).values(),
          ];
          const lines = once.map((sample) => `${textLine(sample, gap)}\n`);
          const onceExpected = once.map((sample) => expectedSample(sample, nowMs));
          for (const options of [{}, { cache }, { cache }])
            assert.deepEqual(samplesOf(decode(lines.join(''), options).batch), onceExpected);
          assert.deepEqual(samplesOf(decode(lines.toReversed().join(''), { cache }).batch), onceExpected.toReversed());
        },
      ),
    );
  });

  it('may have blanks between all parts, a comma too many or too few, comments and empty lines', () => {
    const text = [
      '# HELP http_requests_total Requests.',
      '# \tTYPE http_requests_total counter',
      '# a comment',
      '#',
      '#HELP of nothing',
      '',
      'http_requests_total{code="200",} 1',
      '  http_requests_total { code = "201" , method="GET" }\t2  123 ',
      'http_requests_total{code="202" method="GET"}3',
      '{"http.requests", "status code"="200"} 4',
      '{code="1","named.later"} 5',
      'a:b{} 6',
      'last 7',
    ].join('\n');
    assert.deepEqual(shown(decode(text)), [
      'http_requests_total{code="200"} 1',
      'http_requests_total{code="201",method="GET"} 2 @123',
      'http_requests_total{code="202",method="GET"} 3',
      'http.requests{status code="200"} 4',
      'named.later{code="1"} 5',
      'a:b 6',
      'last 7',
    ]);
  });

  it('has values as Go reads them, and every NaN is that of Prometheus', () => {
    const { batch } = decode('a 1e3\nb .5\nc 5.\nd +Inf\ne -inf\nf Infinity\ng NaN\nh Nan\ni -0\nj 0.1\n');
    assert.deepEqual(
      samplesOf(batch).map(({ value }) => value),
      [1000, 0.5, 5, Infinity, -Infinity, Infinity, Number.NaN, Number.NaN, -0, 0.1],
    );
    const words = valueWords(batch.values);
    assert.deepEqual([words[12], words[13], words[14], words[15]], [1, 0x7ff80000, 1, 0x7ff80000]);
  });

  it('tells metadata by family, in the order of the families', () => {
    const text =
      '# TYPE h histogram\n# HELP h Two\\nlines \\\\ and "quotes".\n# HELP "my.metric" x\n# TYPE u untyped\n# HELP bare\n';
    assert.deepEqual(decode(text).metadata, [
      { metric: 'h', type: 'histogram', help: 'Two\nlines \\ and "quotes".', unit: '' },
      { metric: 'my.metric', type: 'unknown', help: 'x', unit: '' },
      { metric: 'u', type: 'unknown', help: '', unit: '' },
      { metric: 'bare', type: 'unknown', help: '', unit: '' },
    ]);
  });

  it('has le of histograms and quantile of summaries in one form of numbers, and no other label', () => {
    const text = [
      '# TYPE h histogram',
      'h_bucket{le="1",quantile="1"} 1',
      'h_bucket{le="1e6"} 1',
      'h_bucket{le="+Inf"} 1',
      'h_bucket{le="x"} 1',
      '# TYPE s summary',
      's{quantile="0.50",le="1"} 1',
      's{quantile="0.00001"} 1',
      '# TYPE g gauge',
      'g{le="1"} 1',
    ].join('\n');
    assert.deepEqual(shown(decode(text)), [
      'h_bucket{le="1.0",quantile="1"} 1',
      'h_bucket{le="1e+06"} 1',
      'h_bucket{le="+Inf"} 1',
      'h_bucket{le="x"} 1',
      's{le="1",quantile="0.5"} 1',
      's{quantile="1e-05"} 1',
      'g{le="1"} 1',
    ]);
  });
});

describe('OpenMetrics', () => {
  it('keeps the labels of a series apart from those of its exemplar, which may be longer', () => {
    const text = 'a_total{job="api",zone="a"} 5 # {trace_id="t1",user="somebody"} 0.5\n# EOF\n';
    const decoded = decodeExposition(Buffer.from(text), { ...openMetricsOptions, mode: 'lenient' });
    assert.deepEqual(shown(decoded), ['a_total{job="api",zone="a"} 5']);
    assert.deepEqual(decodeLabels(decoded.exemplars[0]!.series), [
      ['__name__', 'a_total'],
      ['job', 'api'],
      ['zone', 'a'],
    ]);
  });

  it('has times in seconds, units, exemplars and _created series', () => {
    const decoded = decodeOpenMetrics(
      [
        '# TYPE foo_seconds counter',
        '# UNIT foo_seconds seconds',
        '# HELP foo_seconds A \\"quoted\\" help.',
        'foo_seconds_total{a="b"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o",path="a\\\\b"} 0.67 1520879606.5',
        'foo_seconds_created{a="b"} 1520430000.123',
        'bar_total 1 # {} 2',
        '# EOF',
        '',
      ].join('\n'),
    );
    assert.deepEqual(shown(decoded), [
      'foo_seconds_total{a="b"} 17 @1520879607789',
      'foo_seconds_created{a="b"} 1520430000.123',
      'bar_total 1',
    ]);
    assert.deepEqual(decoded.metadata, [
      { metric: 'foo_seconds', type: 'counter', help: 'A "quoted" help.', unit: 'seconds' },
    ]);
    const exemplars = decoded.exemplars.map(({ series, labels, timeMs, value }) => [
      Object.fromEntries(decodeLabels(series)).__name__,
      decodeLabels(labels),
      timeMs,
      value,
    ]);
    assert.deepEqual(exemplars, [
      [
        'foo_seconds_total',
        [
          ['path', 'a\\b'],
          ['trace_id', 'KOO5S4vxi0o'],
        ],
        1520879606500,
        0.67,
      ],
      ['bar_total', [], nowMs, 2],
    ]);
  });

  it('ends with # EOF and nothing behind it', () => {
    assert.deepEqual(shown(decodeOpenMetrics('a 1\n# EOF')), ['a 1']);
    for (const [text, code] of [
      ['a 1\n', 'incomplete_body'],
      ['a 1', 'incomplete_body'],
      ['# EOF\n\n', 'invalid_exposition'],
      ['# EOF\na 1\n# EOF\n', 'invalid_exposition'],
    ] as const)
      assert.throws(() => decodeOpenMetrics(text), { code }, text);
    assert.deepEqual(decodeOpenMetrics('').samplesScraped, 0);
  });
});

/** What Prometheus' own tests call malformed (model/textparse, TestPromParseErrors and TestOpenMetricsParseErrors). */
const malformedText: readonly (string | Buffer)[] = [
  'a',
  "a{b='c'} 1\n",
  'a{b=\n',
  Buffer.from('a{\xff="foo"} 1\n', 'latin1'),
  Buffer.from('a{b="\xff"} 1\n', 'latin1'),
  Buffer.from('{"\xff"} 1\n', 'latin1'),
  Buffer.from('# HELP a \xff\n', 'latin1'),
  '{"a", "b = "c"}',
  '{"a",b\\nc="d"} 1',
  'a true\n',
  'something_weird{problem="',
  'empty_label_name{=""} 0',
  'empty_label_name{""="x"} 0',
  '{""} 0',
  '{A}0',
  'foo 1_2\n',
  'foo 0x1p-3\n',
  'foo 0 1_2\n',
  'foo 0 1.5\n',
  'foo 1e999\n',
  '{a="ok"} 1',
  '{"a","b"} 1',
  'a{"b"} 1',
  'a{b="1",b="2"} 1',
  'a{__name__="b"} 1',
  'a{b="c",,d="e"} 1',
  '# TYPE #\n',
  '# HELP #\n',
  '# TYPE a histo\n',
  '# TYPE a info\n',
  '# TYPE a\n',
  '# TYPE a counter \n',
  '# TYPE "a\n',
  '9 1\n',
  'a 1 99999999999999999999\n',
];
const malformedOpenMetrics: readonly string[] = [
  '\n',
  'metric\n',
  'a\n#EOF\n',
  ' a 1\n',
  '9\n',
  '# TYPE u untyped\n',
  '#  TYPE c counter\n',
  '# TYPE \n',
  '# TYPE m\n',
  '# HELP m\n',
  '# UNIT metric suffix\n',
  '# UNIT metricsuffix suffix\n',
  '# a comment\n',
  'a\t1\n',
  'a 1\t2\n',
  'a 1 2 \n',
  'a 1 2 #\n',
  'a 1 1z\n',
  'a 1 1 1\n',
  'a  1\n',
  'a{b="c", d="e"} 1\n',
  'a{,b="c"} 1\n',
  'a{b="c"d="e"} 1\n',
  'a 1 NaN\n',
  'a 1 Inf\n',
  'a 1 # {aa=bb}\n',
  'a 1 # {aa="bb"}\n',
  'a 1 # {aa="bb",,cc="dd"} 1\n',
  'a 1 # {aa="bb",aa="cc"} 1\n',
  'a 1 # {"name"} 1\n',
  'a 1 # {aa="bb"} true\n',
  'a 1 # {aa="bb"} 4 NaN\n',
  'a 1 # {aa="bb"} 4 1 1\n',
  'a 1 #{aa="bb"} 4\n',
];

describe('a malformed line', () => {
  for (const text of malformedText)
    it(`fails a strict body and is alone rejected in a lenient one: ${JSON.stringify(text.toString('latin1'))}`, () => {
      const around = Buffer.concat([Buffer.from('first 1\n'), Buffer.from(text)]);
      assert.throws(
        () => decode(around),
        (error) => error instanceof ExpositionError && /^line 2: got /.test(error.message),
      );
      const lenient = decode(Buffer.concat([around, Buffer.from('\nlast 2\n')]), { mode: 'lenient' });
      assert.deepEqual(shown(lenient), ['first 1', 'last 2']);
      assert.equal(lenient.rejected, 1);
      assert.deepEqual(
        lenient.rejections.map(({ line }) => line),
        [2],
      );
    });

  for (const text of malformedOpenMetrics)
    it(`fails OpenMetrics: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => decodeOpenMetrics(`first 1\n${text}# EOF\n`),
        (error) => error instanceof ExpositionError && /^line 2: got /.test(error.message),
      );
    });

  it('is told with what was got and wanted, and the body’s failure with what had been read', () => {
    assert.throws(() => decode('a 1\nb 2\nc{d=5} 1\n'), {
      code: 'invalid_exposition',
      message: 'line 3: got "5} 1", wanted a label value in quotes',
      samplesScraped: 2,
      samplesKept: 2,
    });
    const { rejections } = decode('ok 1\nbad\n\nx{a="1",a="2"} 1\n', { mode: 'lenient' });
    assert.deepEqual(rejections, [
      { line: 2, code: 'invalid_exposition', message: 'got the end of the line, wanted a number' },
      { line: 4, code: 'duplicate_key', message: 'got "x{a=\\"1\\",a=\\"2\\"} 1", wanted each label once' },
    ]);
  });

  it('in a million is counted, and a hundred are told', () => {
    const { rejected, rejections, rejectedByCode } = decode('x\n'.repeat(100_000), { mode: 'lenient' });
    assert.equal(rejected, 100_000);
    assert.equal(rejections.length, 100);
    assert.deepEqual([...rejectedByCode], [['invalid_exposition', 100_000]]);
  });
});

describe('a lenient body', () => {
  it('may end its lines with CR LF and come without # EOF', () => {
    const text = '# TYPE a counter\r\na{b="c"} 1\r\n\r\nb 2 5\r\n';
    assert.deepEqual(shown(decode(text, { mode: 'lenient' })), ['a{b="c"} 1', 'b 2 @5']);
    const openMetrics = decode('# TYPE a counter\na_total 1\n', { mode: 'lenient', format: 'openmetrics' });
    assert.deepEqual(shown(openMetrics), ['a_total 1']);
    assert.equal(openMetrics.rejected, 0);
  });

  it('ends a line at its line break even within quotes, where a strict one reads on as Prometheus does', () => {
    const text = 'a{b="x\ny"} 1\nc 2\n';
    assert.deepEqual(shown(decode(text)), ['a{b="x\\ny"} 1', 'c 2']);
    const lenient = decode(text, { mode: 'lenient' });
    assert.deepEqual(shown(lenient), ['c 2']);
    assert.equal(lenient.rejected, 2);
  });
});

describe('times in a body', () => {
  it('count, are ignored, or are refused', () => {
    const text = 'a 1 5\nb 2\n';
    assert.deepEqual(shown(decode(text)), ['a 1 @5', 'b 2']);
    assert.deepEqual(shown(decode(text, { timestamps: 'ignore' })), ['a 1', 'b 2']);
    assert.throws(() => decode(text, { timestamps: 'refuse' }), { code: 'time_refused' });
  });
});

describe('a limit', () => {
  const labelling = (bounds: object) => ({ labelling: { bounds } });

  it('of samples fails the body with their whole number, and counts what is left after relabelling', () => {
    const text = 'a 1\nb 1\nc 1\n';
    assert.equal(decode(text, { samplesMax: 3 }).samplesKept, 3);
    for (const mode of ['strict', 'lenient'] as const)
      assert.throws(() => decode(text, { samplesMax: 2, mode }), {
        code: 'too_many_samples',
        message: 'got 3 samples, wanted at most 2 (sample_limit)',
        samplesScraped: 3,
      });
    const relabel = (labels: readonly (readonly [string, string])[]) => (labels[0]![1] === 'b' ? undefined : labels);
    const dropped = decode(text, { samplesMax: 2, labelling: { relabel } });
    assert.deepEqual([dropped.samplesScraped, dropped.samplesKept, shown(dropped)], [3, 2, ['a 1', 'c 1']]);
  });

  it('of labels fails the body', () => {
    const text = 'a{bb="ccc"} 1\n';
    const cases: [object, string | undefined][] = [
      [{ labelsMax: 2, nameBytesMax: 8, valueBytesMax: 3 }, undefined],
      [{ labelsMax: 1 }, 'too_many_values'],
      [{ nameBytesMax: 7 }, 'too_long'],
      [{ valueBytesMax: 2 }, 'too_long'],
    ];
    for (const [bounds, code] of cases) {
      if (code === undefined) assert.deepEqual(shown(decode(text, labelling(bounds))), ['a{bb="ccc"} 1']);
      else assert.throws(() => decode(text, labelling(bounds)), { code, samplesScraped: 1, samplesKept: 0 });
    }
  });
});
