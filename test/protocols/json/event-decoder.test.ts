// Long because every way of framing and cutting a body stands in it, one case a line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Kernel } from '../../../src/kernel/kernel.js';
import { RowScan } from '../../../src/kernel/row-scan.js';
import { assertBatch } from '../../../src/model/column-rows.js';
import type { DecodedBody, DecoderOptions } from '../../../src/protocols/json/event-decoder.js';
import { groundTruthDecoder } from '../../../src/protocols/json/ground-truth-decoder.js';
import { predictionDecoder } from '../../../src/protocols/json/prediction-decoder.js';
import { expectedRow, type Row, rowsOf } from './decoded-rows.js';
import { hasNonFinite, mutated, parsed, tokens } from './json-texts.js';

const options = { framing: 'auto', nowMs: Date.UTC(2030, 0), aheadMsMax: 'off' } as const;
const row = (i: number | string): string => `{"request_id":"r${i}","model":"m","version":"1"}`;

type Decoded = DecodedBody<object & Parameters<typeof assertBatch>[0]>;
type DecoderOf = typeof predictionDecoder | typeof groundTruthDecoder;

/** Rows that were scanned in the kernel. */
let scanned = 0;
class CountingScan extends RowScan {
  override scan(from: number): number {
    const rows = super.scan(from);
    scanned += rows;
    return rows;
  }
}
const kernel = new Kernel();
const scans = new Map<DecoderOf, RowScan>([
  [predictionDecoder, new CountingScan(kernel)],
  [groundTruthDecoder, new CountingScan(kernel)],
]);

/** Decodes a body with and without the kernel's scan, which makes no difference. */
function decode(
  body: string | Uint8Array,
  more: Partial<DecoderOptions> = {},
  cuts: readonly number[] = [],
  decoderOf: DecoderOf = predictionDecoder,
): Decoded {
  const [withScan, without] = [scans.get(decoderOf), undefined].map((scan) => {
    try {
      return decodeOnce(body, cuts, decoderOf, { ...options, ...more, ...(scan && { scan }) });
    } catch (error) {
      return error as Error;
    }
  });
  assert.deepEqual(withScan, without);
  if (without instanceof Error) throw without;
  return without as Decoded;
}

function decodeOnce(
  body: string | Uint8Array,
  cuts: readonly number[],
  decoderOf: DecoderOf,
  decoderOptions: DecoderOptions,
): Decoded {
  const decoder = decoderOf(decoderOptions);
  const bytes = Buffer.from(body as string);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    decoder.push(bytes.subarray(from, cut));
    from = cut;
  }
  const decoded = decoder.end();
  decoded.batches.forEach(assertBatch);
  return decoded;
}

const idsOf = (decoded: ReturnType<typeof decode>): unknown[] => rowsOf(decoded.batches).map((each) => each.request_id);

test('a prediction comes out with every field in its column', () => {
  const sent = {
    request_id: 'r-1',
    model: 'churn "α"',
    version: '2026-01',
    ts: '2026-01-31T12:00:00.5Z',
    endpoint: '/predict',
    region: 'eu',
    segment: 'gold',
    prediction: 'leaves',
    score: 0.75,
    scores: { leaves: 0.75, stays: 0.2, unsure: 0.05 },
    confidence: -0,
    latency_ms: 12.5,
    status: 'ok',
    features: { age: 41, plan: 'team', empty: '', returning: true, lapsed: false, income: null, 'größe "x"': -1.5e-7 },
    embedding: [0.25, -1, 3e38],
    experiment_id: 'e',
    variant: 'b',
    unit_id: 'u',
    trace_id: 't',
    input_hash: 'h',
    metadata: { a: [1, { b: 'x  y' }], c: {} },
  };
  const decoded = decode(JSON.stringify(sent));
  assert.deepEqual(rowsOf(decoded.batches), [{ ...expectedRow(sent), ts: Date.parse(sent.ts), confidence: 0 }]);
  const columns = decoded.batches[0]!.columns as Record<string, { values?: { values: unknown }; items?: object }>;
  assert.deepEqual([...(columns.features_flag!.values!.values as Uint8Array)], [1, 0]);
});

test('ground truth comes out with every field in its column', () => {
  const sent = [
    { request_id: 'a', label: 'cat', ts: 1_700_000_000, source: 'audit', revision: 4_294_967_295 },
    { request_id: 'b', label: -1.5, revision: 0 },
  ];
  const decoded = decode(JSON.stringify(sent), {}, [], groundTruthDecoder);
  assert.deepEqual(rowsOf(decoded.batches), [{ ...sent[0], ts: 1_700_000_000_000 }, sent[1]]);
});

test('null and empty text mean that an optional field is not given', () => {
  const fields = ['ts', 'prediction', 'score', 'scores', 'features', 'embedding', 'metadata', 'region', 'latency_ms'];
  const nulls = `{"request_id":"r1","model":"m","version":"1",${fields.map((name) => `"${name}":null`).join(',')}}`;
  const empties = '{"request_id":"r1","model":"m","version":"1","region":"","features":{},"scores":{},"embedding":[]}';
  assert.deepEqual(rowsOf(decode(`${nulls}\n${empties}`).batches), [parsed(row(1))!.value, parsed(row(1))!.value]);
});

test('metadata keep the text they were sent as, but for white space between tokens', () => {
  const metadata = '{ "a" : [ 1.50, 1e2 , "x \\u00e9 \\" y" ] ,\t"b" : { } }';
  const [only] = rowsOf(decode(`{"request_id":"r","model":"m","version":"1","metadata":${metadata}}`).batches);
  assert.equal(only!.metadata, '{"a":[1.50,1e2,"x \\u00e9 \\" y"],"b":{}}');
  const [inArray] = rowsOf(decode(`[{"request_id":"r","model":"m","version":"1","metadata":{\n"a"\n:\r\n1}}]`).batches);
  assert.equal(inArray!.metadata, '{"a":1}');
});

test('lines are rows: blank ones count but hold none, and the last needs no newline', () => {
  const body = `\n \t\r\n${row(1)}\r\n\n  ${row(2)}  \noops\n\n${row(3)}`;
  const decoded = decode(body);
  assert.deepEqual(idsOf(decoded), ['r1', 'r2', 'r3']);
  assert.deepEqual(
    decoded.rejections.map(({ line }) => line),
    [6],
  );
});

test("a byte order mark at the body's start is passed over, and nowhere else", () => {
  for (const body of [`\ufeff${row(1)}\n${row(2)}`, `\ufeff\n[${row(1)},${row(2)}]`])
    for (const cuts of [[], [1], [2], [1, 2, 3, 4]]) assert.deepEqual(idsOf(decode(body, {}, cuts)), ['r1', 'r2']);
  assert.equal(decode(`${row(1)}\n\ufeff${row(2)}`).rejections[0]?.code, 'invalid_json');
  assert.equal(decode('\ufeff\ufeff{}').rejected, 1);
});

test('the first byte that is no white space tells an array from lines', () => {
  assert.deepEqual(idsOf(decode(` \r\n\t [${row(1)}\n,\n${row(2)} ] \n`)), ['r1', 'r2']);
  assert.deepEqual(idsOf(decode(`[${row(1)}]\n`, { framing: 'array' })), ['r1']);
  const asLines = decode(`${row(1)}\n[${row(2)}]`);
  assert.deepEqual(
    asLines.rejections.map(({ line, code }) => [line, code]),
    [[2, 'wrong_type']],
  );
  assert.equal(decode(`[${row(1)}]`, { framing: 'ndjson' }).rejections[0]?.code, 'wrong_type');
  assert.throws(() => decode(row(1), { framing: 'array' }), { code: 'invalid_json' });
});

test('a body without a row is empty_body', () => {
  for (const body of ['', ' ', '\n\r\n\t ', '\ufeff', '\ufeff \n', '[]', ' [ \n ] ']) {
    assert.throws(() => decode(body), { code: 'empty_body' }, JSON.stringify(body));
  }
  assert.throws(() => decode('', { framing: 'array' }), { code: 'empty_body' });
  assert.throws(() => decode('\n', { framing: 'ndjson' }), { code: 'empty_body' });
});

test('an array that just ends is incomplete_body', () => {
  const whole = `[${row(1)}, 12 ,"a\\u00e9",true,[{"a":null}]]`;
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => decode(whole.slice(0, length)), { code: 'incomplete_body' }, whole.slice(0, length));
  }
  assert.throws(() => decode(`[\n${row(1)},\n`), { message: 'the JSON array ends at line 3, column 1 without its ]' });
});

test('an array that is no JSON fails as a whole, with its place', () => {
  const length = row(1).length;
  for (const [body, message] of [
    [`[${row(1)}] x`, `line 1, column ${length + 4}: got x, wanted nothing after the array`],
    [`[${row(1)}][]`, `line 1, column ${length + 3}: got [, wanted nothing after the array`],
    [`[${row(1)},]`, `line 1, column ${length + 3}: got ], wanted a value`],
    [`[,${row(1)}]`, `line 1, column 2: got ,, wanted a value`],
    [`[${row(1)}${row(2)}]`, `line 1, column ${length + 2}: got {, wanted a comma or ]`],
    [`[\n${row(1)},\n  {"model":tru}\n]`, 'line 3, column 15: got }, wanted true'],
    [
      `[\n${row(1)},\n\n{"model":"a\nb"}]`,
      'line 4, column 12: got the control character 0x0a, wanted the rest of a string (control characters must be escaped)',
    ],
    ['[tru,1]', 'line 1, column 5: got ,, wanted true'],
    ['[{"model":1]}]', 'line 1, column 12: got ], wanted a comma or }'],
    ['[{"model":1]', 'line 1, column 12: got ], wanted a comma or }'],
    ['[1}]', 'line 1, column 3: got }, wanted a comma or ]'],
    ['[1 2]', 'line 1, column 4: got 2, wanted a comma or ]'],
    ['["a"1]', 'line 1, column 5: got 1, wanted a comma or ]'],
    ['[1x]', 'line 1, column 3: got x, wanted a comma or ]'],
    ['\n [\u0000]', 'line 2, column 3: got the control character 0x00, wanted a value'],
  ] as const)
    for (const cuts of [[], Array.from({ length: Buffer.byteLength(body) - 1 }, (_, i) => i + 1)])
      assert.throws(() => decode(body, {}, cuts), { code: 'invalid_json', message }, body);
});

test('rows that are too long are told so and not kept, their neighbours are taken', () => {
  const fitting = row('x'.repeat(100));
  const long = row('x'.repeat(101));
  const bounds = { rowBytesMax: fitting.length };
  for (const body of [
    `${row(1)}\n${fitting}\n${long}\n${row(2)}`,
    `[${row(1)},${fitting},${long},${row(2)}]`,
    `${row(1)}\n${fitting}\n  {"broken":"${'y'.repeat(200)}\n${row(2)}`,
    `[${row(1)},${fitting},["]\\"]",${'[1,2],'.repeat(50)}0],${row(2)}]`,
  ])
    for (const cutEvery of [1, 7, 1000]) {
      const cuts = Array.from({ length: Math.floor((body.length - 1) / cutEvery) }, (_, i) => (i + 1) * cutEvery);
      const decoded = decode(body, bounds, cuts);
      assert.deepEqual(idsOf(decoded), ['r1', `r${'x'.repeat(100)}`, 'r2']);
      const message = `the row is longer than ${fitting.length} bytes, the limit`;
      assert.deepEqual(decoded.rejections, [{ line: 3, code: 'row_too_large', message }]);
    }
});

test('a row too long that ends the body is told so', () => {
  const decoded = decode(`${row(1)}\n${'x'.repeat(500)}`, { rowBytesMax: 100 });
  assert.deepEqual(
    decoded.rejections.map(({ line, code }) => [line, code]),
    [[2, 'row_too_large']],
  );
  assert.throws(() => decode(`[${row(1)},[${'1,'.repeat(500)}`, { rowBytesMax: 100 }), { code: 'incomplete_body' });
});

test('the memory that a decoder holds does not grow with a row that is too long', () => {
  const decoder = predictionDecoder({ ...options, framing: 'ndjson', rowBytesMax: 1000 });
  const chunk = Buffer.alloc(1 << 20, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) decoder.push(chunk);
  assert.ok(process.memoryUsage().arrayBuffers - before < 20 << 20);
  assert.equal(decoder.end().rejectedByCode.get('row_too_large'), 1);
});

test('batches hold as many rows and bytes as allowed, in order', () => {
  const body = Array.from({ length: 25 }, (_, i) => row(i)).join('\n');
  const ids = Array.from({ length: 25 }, (_, i) => `r${i}`);
  const byRows = decode(body, { rowsPerBatchMax: 10 });
  assert.deepEqual(
    byRows.batches.map(({ rowCount }) => rowCount),
    [10, 10, 5],
  );
  assert.deepEqual(idsOf(byRows), ids);
  const byBytes = decode(body, { batchBytesMax: 3 * row(0).length });
  assert.deepEqual(idsOf(byBytes), ids);
  assert.ok(byBytes.batches.every(({ rowCount }) => rowCount <= 3));
});

test('the first rejections are kept with their messages, all are counted', () => {
  const body = `${'oops\n{}\n'.repeat(1500)}${row(1)}`;
  const { accepted, rejected, rejections, rejectedByCode } = decode(body);
  assert.deepEqual({ accepted, rejected, kept: rejections.length }, { accepted: 1, rejected: 3000, kept: 1000 });
  assert.deepEqual(rejections.at(-1), { ...rejections[1], line: 1000 });
  assert.deepEqual(Object.fromEntries(rejectedByCode), { invalid_json: 1500, missing_field: 1500 });
});

test('a decoder that failed or ended takes no more', () => {
  const failed = predictionDecoder(options);
  assert.throws(() => failed.push(Buffer.from('[1 2')));
  assert.throws(() => failed.push(Buffer.from('3')), { name: 'AssertionError' });
  assert.throws(() => failed.end(), { name: 'AssertionError' });
  const ended = predictionDecoder(options);
  ended.push(Buffer.from(row(1)));
  ended.end();
  assert.throws(() => ended.push(Buffer.from('{}')), { name: 'AssertionError' });
  assert.throws(() => ended.end(), { name: 'AssertionError' });
});

test('a decoder that is used again reads the next body as a new one does', () => {
  const times = { framing: 'auto', nowMs: 0, aheadMsMax: 1000 } as const;
  const decoder = predictionDecoder(times);
  const bodies = [
    '[{"request_id":"a","model":"m","version":"1","features":{"x":1,"y":"t"},"scores":{"no":1}}]',
    `${row(1)}\n{"broken\n${row(2)}\n`,
    `{"request_id":"b","model":"m","version":"1","ts":5000,"features":{"y":"t","z":true}}\n${row(3)}`,
    '{"broken',
    `\ufeff${row('long'.repeat(60))}`,
  ];
  for (const body of [...bodies, ...bodies.reverse()]) {
    decoder.push(Buffer.from(body));
    const { batches, ...counts } = decoder.end();
    const fresh = predictionDecoder(times);
    fresh.push(Buffer.from(body));
    const { batches: wanted, ...wantedCounts } = fresh.end();
    assert.deepEqual(counts, wantedCounts);
    assert.deepEqual(rowsOf(batches), rowsOf(wanted));
    batches.forEach(assertBatch);
    decoder.reset(times);
  }
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('eu-west', 'a "quoted" one', 'back\\slash', 'line\nbreak', '\u0000', '😀', 'é'.repeat(40)),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const name = fc.oneof(fc.constantFrom('age', 'income', 'plan', 'a', 'ab', 'abcde', 'größe', '"'), text);
const feature = fc.oneof(number, fc.integer(), text, fc.constant(''), fc.boolean(), fc.constant(null));
const optional = fc.oneof(text, fc.constant(''), fc.constant(null));

const sound: fc.Arbitrary<Row> = fc
  .tuple(
    fc.record({ request_id: text, model: text, version: text }),
    fc.record(
      {
        region: optional,
        segment: optional,
        trace_id: optional,
        prediction: fc.oneof(text, number, fc.constant(null)),
        score: fc.oneof(number, fc.constant(null)),
        latency_ms: fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0),
        ts: fc.oneof(fc.integer({ min: 1e11, max: 1e13 }), fc.constant(null)),
        features: fc.oneof(fc.dictionary(name, feature, { maxKeys: 8, noNullPrototype: true }), fc.constant(null)),
        scores: fc.dictionary(name, number, { maxKeys: 4, noNullPrototype: true }),
        embedding: fc.array(
          fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
          { maxLength: 6 },
        ),
        metadata: fc.dictionary(name, fc.jsonValue(), { maxKeys: 3, noNullPrototype: true }),
      },
      { requiredKeys: [] },
    ),
    fc.boolean(),
  )
  .filter(([ids]) => Object.values(ids).every((id) => Buffer.byteLength(id) <= 256))
  .map(([ids, fields, idsLast]) => (idsLast ? { ...fields, ...ids } : { ...ids, ...fields }));

/** Names that an object puts elsewhere or hides are out of JSON.parse's reach as an oracle. */
const comparable = (value: unknown): boolean => {
  const written = JSON.stringify(value);
  return !written.includes('__proto__') && JSON.stringify(JSON.parse(written)) === written;
};

/** White space where a row may have it, to vary how rows lie in the body. */
const spaced = (value: unknown, wide: boolean): string =>
  wide ? JSON.stringify(value, null, 1).replaceAll('\n', ' ') : JSON.stringify(value);

/** Text as a sender writes it, and what it is to come out as: undefined where it is to be rejected. */
type Sent = readonly [written: string, expected: Row | undefined];
const soundSent: fc.Arbitrary<Sent> = fc
  .tuple(sound.filter(comparable), fc.boolean())
  .map(([value, wide]) => [spaced(value, wide), expectedRow(value)]);
const broken: fc.Arbitrary<Sent> = fc
  .constantFrom(
    '{',
    'oops',
    '{"request_id":"r","model":"m"',
    '{"request_id":"r","model":"m","version":"1","features":{"a":1,"b":"x","c":true,"d":null,"e":[]}}',
    '{"request_id":"r","model":"m","version":"1","scores":{"a":1,"b":{}},"score":1}',
    '{"request_id":"r","model":"m","version":"1","embedding":[1,2,"3"]}',
    '{"request_id":"r","model":"m","score":5,"prediction":"x","metadata":{"a":1}}',
    '{"model":"\\ud83d"}',
    '"x"',
  )
  .map((written) => [written, undefined]);

const usual = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -1e9, max: 1e9 }).map((value) => value / 1000) },
  number,
);

/** Rows of one shape, as one program writes them: the same fields and features in the same order, of which some are left out. */
const shaped: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.shuffledSubarray(['region', 'prediction', 'score', 'latency_ms', 'ts', 'features', 'scores', 'embedding']),
    fc.uniqueArray(
      name.filter((each) => each !== '__proto__'),
      { minLength: 1, maxLength: 6 },
    ),
    fc.boolean(),
  )
  .chain(([fields, names, wide]) => {
    const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
      region: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('eu', 'us') }, optional),
      prediction: fc.oneof(usual, fc.constantFrom('yes', 'no')),
      score: usual,
      latency_ms: fc.oneof({ weight: 9, arbitrary: fc.double({ min: 0, max: 1e6, noNaN: true }) }, number),
      ts: fc.oneof(fc.constantFrom('2026-01-31T12:00:00.5Z', '2026-13-31'), fc.integer({ min: 1e9, max: 2e9 })),
      features: objectOf(names, fc.oneof({ weight: 9, arbitrary: usual }, feature)),
      scores: objectOf(names, usual),
      embedding: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 }),
    };
    const shape = Object.fromEntries(fields.map((field) => [field, values[field]!]));
    const value = fc.record({
      request_id: fc.uuid(),
      model: fc.constant('m'),
      version: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('1', '2') }, text),
      ...shape,
    });
    const line = value.map((each) => spaced(each, wide));
    const some = fc.oneof(
      { weight: 12, arbitrary: line },
      mutated(line).map((each) => each.replaceAll('\n', ' ')),
    );
    return fc.array(some, { minLength: 4, maxLength: 30 });
  });

const objectOf = (names: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<object> =>
  fc
    .record(Object.fromEntries(names.map((each) => [each, value])))
    .chain((whole) =>
      fc.subarray(Object.keys(whole)).map((left) => (left.length === 1 ? without(whole, left[0]!) : whole)),
    );

const without = (whole: object, key: string): object =>
  Object.fromEntries(Object.entries(whole).filter(([each]) => each !== key));

test('rows of one shape come out the same when the kernel reads them', () => {
  scanned = 0;
  let rows = 0;
  fc.assert(
    fc.property(shaped, fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 4 }), (lines, cuts) => {
      const body = Buffer.from(lines.join('\n'));
      rows += decode(
        body,
        {},
        cuts.filter((cut) => cut < body.length).sort((a, b) => a - b),
      ).accepted;
    }),
    { numRuns: 400 },
  );
  assert.ok(scanned > rows / 4, `the kernel read ${scanned} of ${rows} rows`);
});

test('sound rows survive next to broken ones with their values exact', () => {
  const body = fc.array(fc.oneof({ weight: 2, arbitrary: soundSent }, broken), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(body, fc.integer({ min: 1, max: 9 }), (sent, rowsPerBatchMax) => {
      const decoded = decode(sent.map(([written]) => written).join('\n'), { rowsPerBatchMax });
      const expected = sent.flatMap(([, value]) => (value === undefined ? [] : [value]));
      assert.deepEqual(rowsOf(decoded.batches), expected);
      assert.equal(decoded.accepted, expected.length);
      assert.deepEqual(
        decoded.rejections.map(({ line }) => line),
        sent.flatMap(([, value], i) => (value === undefined ? [i + 1] : [])),
      );
    }),
    { numRuns: 400 },
  );
});

/** A body's outcome as a value that can be compared: rows and rejections, or the failure of the whole. */
function outcomeOf(body: Uint8Array, more: Partial<DecoderOptions>, cuts: readonly number[]): unknown {
  try {
    const { batches, ...rest } = decode(body, more, cuts);
    return { rows: rowsOf(batches), ...rest };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    assert.ok(code !== undefined, message);
    return { code, message };
  }
}

const anyRow = fc.oneof(
  soundSent.map(([written]) => written),
  broken.map(([written]) => written),
  mutated(soundSent.map(([written]) => written)),
  tokens,
);
const anyBody = fc
  .tuple(fc.array(anyRow, { maxLength: 8 }), fc.boolean(), fc.constantFrom('', '\ufeff', '\n', ' \r\n'))
  .map(([rows, isArray, lead]) => Buffer.from(lead + (isArray ? `[${rows.join(',')}]` : rows.join('\n'))));
const spoiled = fc.tuple(anyBody, fc.nat(), fc.integer({ min: 0x80, max: 0xff })).map(([body, at, code]) => {
  if (body.length > 0) body[at % body.length] = code;
  return body;
});

test('where a body is cut changes nothing of what comes out', () => {
  const cuts = fc.oneof(fc.constant('all' as const), fc.array(fc.nat(3000), { maxLength: 12 }));
  fc.assert(
    fc.property(fc.oneof(anyBody, spoiled), cuts, fc.constantFrom(60, 400, 1 << 20), (body, places, rowBytesMax) => {
      const every = Array.from({ length: Math.max(0, body.length - 1) }, (_, i) => i + 1);
      const chosen =
        places === 'all' ? every : [...new Set(places)].filter((at) => at < body.length).sort((a, b) => a - b);
      assert.deepEqual(outcomeOf(body, { rowBytesMax }, chosen), outcomeOf(body, { rowBytesMax }, []));
    }),
    { numRuns: 1500 },
  );
});

test('a line is taken only if JSON.parse takes it and reads the same values, and each line counts once', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 6 }), (rows) => {
      const lines = `${row(0)}\n${rows.join('\n')}`.split('\n');
      const decoded = decode(lines.join('\n'), { framing: 'ndjson' });
      const filled = lines.map((line, i) => ({ line, number: i + 1 })).filter(({ line }) => !/^[ \t\r]*$/.test(line));
      assert.equal(decoded.accepted + decoded.rejected, filled.length);
      const rejectedAs = new Map(decoded.rejections.map(({ line, code }) => [line, code]));
      const taken = rowsOf(decoded.batches);
      for (const { line, number } of filled) {
        const json = parsed(line);
        const code = rejectedAs.get(number);
        if (code === undefined) {
          const value = taken.shift();
          if (comparable(json!.value)) assertReads(value!, json!.value as Row);
        } else if (!hasNonFinite(line)) assert.equal(code === 'invalid_json', json === undefined, line);
      }
      assert.equal(taken.length, 0);
    }),
    { numRuns: 2000 },
  );
});

/** Times and metadata are kept in another form than they were sent in; all else is the value itself. */
function assertReads(value: Row, sent: Row): void {
  const { ts, metadata, ...rest } = value;
  const { ts: sentTs, metadata: sentMetadata, ...sentRest } = sent;
  assert.deepEqual(withoutMinusZero(rest), withoutMinusZero(expectedRow(sentRest)));
  assert.equal(ts === undefined, sentTs === undefined || sentTs === null);
  assert.deepEqual(metadata === undefined ? undefined : JSON.parse(metadata as string), sentMetadata ?? undefined);
}

/** A minus zero comes back as such, which deepEqual of JSON.parse's values would insist on for maps only. */
const withoutMinusZero = (value: unknown): unknown => {
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, withoutMinusZero(item)]));
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutMinusZero(item)]));
  return typeof value === 'number' ? value + 0 : value;
};

test('bytes of any kind end in rows counted or a coded failure', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.constantFrom('[', '{"model":"', `[${row(1)},`), fc.uint8Array({ maxLength: 100 }))
      .map(([head, tail]) => Buffer.concat([Buffer.from(head), tail])),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom('auto' as const, 'ndjson' as const, 'array' as const), (body, framing) => {
      const outcome = outcomeOf(body, { framing }, []) as { accepted?: number; rejected?: number; code?: string };
      if (framing === 'ndjson' && outcome.code !== 'empty_body') {
        const withoutMark = Buffer.from(
          body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body,
        );
        const filled = withoutMark
          .toString('latin1')
          .split('\n')
          .filter((line) => !/^[ \t\r]*$/.test(line));
        assert.equal(outcome.accepted! + outcome.rejected!, filled.length);
      } else if (outcome.code !== undefined) assert.match(outcome.code, /^(invalid_json|incomplete_body|empty_body)$/);
    }),
    { numRuns: 3000 },
  );
});

test('names of features come back in any order of names from row to row', () => {
  const features = fc.uniqueArray(fc.constantFrom('a', 'b', 'ab', 'abc', 'abcd', 'é', '"', 'a"', '\n', 'é\u0001'), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(features, { minLength: 1, maxLength: 8 }), (rows) => {
      const sent = rows.map((names, i) => ({
        ...(parsed(row(i))!.value as Row),
        features: Object.fromEntries(names.map((each, value) => [each, value])),
      }));
      const decoded = decode(sent.map((each) => JSON.stringify(each)).join('\n'));
      assert.deepEqual(rowsOf(decoded.batches), sent.map(expectedRow));
    }),
  );
});
