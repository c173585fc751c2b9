/** Why rows are rejected: one row a line, with its code and its whole message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kernel } from '../../../src/kernel/kernel.js';
import { RowScan } from '../../../src/kernel/row-scan.js';
import { groundTruthDecoder } from '../../../src/protocols/json/ground-truth-decoder.js';
import { predictionDecoder } from '../../../src/protocols/json/prediction-decoder.js';

const nowMs = Date.UTC(2026, 0, 31, 12);
const options = { framing: 'ndjson', nowMs, aheadMsMax: 3_600_000 } as const;
const ids = '"request_id":"r","model":"m","version":"1"';
const good = `{${ids}}`;

const kernel = new Kernel();

type Case = readonly [row: string | Uint8Array, code: string, message: string];

/** The case's row stands between good ones, which are taken; in an array too, unless the row is no JSON. */
function check(
  decoder: typeof predictionDecoder | typeof groundTruthDecoder,
  sound: string,
  cases: readonly Case[],
): void {
  const scan = new RowScan(kernel);
  for (const [row, code, message] of cases) {
    const bytes = Buffer.from(row as string);
    const lines = decoder({ ...options, scan });
    lines.push(Buffer.concat([Buffer.from(`${sound}\n`), bytes, Buffer.from(`\n${sound}\n`)]));
    const { accepted, rejected, rejections, rejectedByCode } = lines.end();
    assert.deepEqual({ accepted, rejected }, { accepted: 2, rejected: 1 }, bytes.toString());
    assert.deepEqual(rejections, [{ line: 2, code, message }]);
    assert.deepEqual([...rejectedByCode], [[code, 1]]);
    if (code === 'invalid_json') continue;
    const elements = decoder({ ...options, framing: 'array' });
    elements.push(Buffer.concat([Buffer.from(`[${sound},`), bytes, Buffer.from(`,${sound}]`)]));
    assert.deepEqual(elements.end().rejections, [{ line: 2, code, message }]);
  }
}

const prediction = (fields: string): string => `{${ids},${fields}}`;

test('fields that are missing', () => {
  check(predictionDecoder, good, [
    ['{}', 'missing_field', 'request_id: the row does not have it, wanted text; also missing: model, version'],
    ['{"request_id":"r","version":"1"}', 'missing_field', 'model: the row does not have it, wanted text'],
    ['{"request_id":null,"model":"m","version":"1"}', 'missing_field', 'request_id: got null, wanted text'],
  ]);
  check(groundTruthDecoder, '{"request_id":"r","label":1}', [
    ['{"request_id":"r"}', 'missing_field', 'label: the row does not have it, wanted text or a number'],
    ['{"request_id":"r","label":null}', 'missing_field', 'label: got null, wanted text or a number'],
  ]);
});

test('values of another type', () => {
  const time = 'wanted RFC 3339 text such as "2026-01-31T12:00:00Z", or a number of seconds, ms, µs or ns since 1970';
  const boolean = 'wanted text or a number; send a boolean as "true" or "false", or as 1 or 0';
  check(predictionDecoder, good, [
    ['7', 'wrong_type', 'got the number 7, wanted a row, which is an object'],
    ['"row"', 'wrong_type', 'got the text "row", wanted a row, which is an object'],
    ['null', 'wrong_type', 'got the value null, wanted a row, which is an object'],
    ['[1,2]', 'wrong_type', 'got the array [1,2], wanted a row, which is an object'],
    ['{"request_id":5,"model":"m","version":"1"}', 'wrong_type', 'request_id: got the number 5, wanted text'],
    [prediction('"endpoint":["a"]'), 'wrong_type', 'endpoint: got the array ["a"], wanted text'],
    [prediction('"score":"high"'), 'wrong_type', 'score: got the text "high", wanted a number'],
    [prediction('"score":{"a": 1}'), 'wrong_type', 'score: got the object {"a": 1}, wanted a number'],
    [prediction('"latency_ms":true'), 'wrong_type', 'latency_ms: got the boolean true, wanted a number from 0 on'],
    [prediction('"prediction":false'), 'wrong_type', `prediction: got the boolean false, ${boolean}`],
    [prediction('"prediction":[0]'), 'wrong_type', 'prediction: got the array [0], wanted text or a number'],
    [prediction('"ts":"yesterday"'), 'wrong_type', `ts: got the text "yesterday", ${time}`],
    [prediction('"ts":"1700000000"'), 'wrong_type', `ts: got the text "1700000000", ${time}`],
    [prediction('"ts":false'), 'wrong_type', `ts: got the boolean false, ${time}`],
    [
      prediction('"features":[]'),
      'wrong_type',
      'features: got the array [], wanted an object of numbers, texts, booleans and nulls by name',
    ],
    [
      prediction('"features":{"a":1,"b":[2]}'),
      'wrong_type',
      'features: "b": got the array [2], wanted a number, text, boolean or null',
    ],
    [
      prediction('"features":{"a":{}}'),
      'wrong_type',
      'features: "a": got the object {}, wanted a number, text, boolean or null',
    ],
    [prediction('"scores":{"cat":"0.5"}'), 'wrong_type', 'scores: "cat": got the text "0.5", wanted a number'],
    [prediction('"scores":{"cat":null}'), 'wrong_type', 'scores: "cat": got the value null, wanted a number'],
    [prediction('"scores":0.5'), 'wrong_type', 'scores: got the number 0.5, wanted an object of numbers by name'],
    [prediction('"embedding":{"0":1}'), 'wrong_type', 'embedding: got the object {"0":1}, wanted an array of numbers'],
    [prediction('"embedding":[1,null]'), 'wrong_type', 'embedding: number 2: got the value null, wanted a number'],
    [prediction('"metadata":"{}"'), 'wrong_type', 'metadata: got the text "{}", wanted an object'],
  ]);
  check(groundTruthDecoder, '{"request_id":"r","label":1}', [
    ['{"request_id":"r","label":true}', 'wrong_type', `label: got the boolean true, ${boolean}`],
    ['{"request_id":"r","label":1,"source":2}', 'wrong_type', 'source: got the number 2, wanted text'],
    [
      '{"request_id":"r","label":1,"revision":"2"}',
      'wrong_type',
      'revision: got the text "2", wanted a whole number from 0 to 4294967295',
    ],
  ]);
});

test('long values are shown shortened, on one line', () => {
  const shown = `"${'x'.repeat(59)}…`;
  check(predictionDecoder, good, [
    [prediction(`"score":"${'x'.repeat(5000)}"`), 'wrong_type', `score: got the text ${shown}, wanted a number`],
    [prediction('"score":"é\\n\u2028"'), 'wrong_type', 'score: got the text "é\\n ", wanted a number'],
  ]);
});

test('empty texts where text is needed', () => {
  check(predictionDecoder, good, [
    ['{"request_id":"","model":"m","version":"1"}', 'empty_field', 'request_id: got empty text, wanted text'],
    ['{"request_id":"r","model":"","version":"1"}', 'empty_field', 'model: got empty text, wanted text'],
    ['{"request_id":"r","model":"m","version":""}', 'empty_field', 'version: got empty text, wanted text'],
    [prediction('"prediction":""'), 'empty_field', 'prediction: got empty text, wanted text or a number'],
    [prediction('"features":{"":1}'), 'empty_field', 'features: got an empty name, wanted text'],
    [prediction('"scores":{"":1}'), 'empty_field', 'scores: got an empty name, wanted text'],
  ]);
  check(groundTruthDecoder, '{"request_id":"r","label":1}', [
    ['{"request_id":"r","label":""}', 'empty_field', 'label: got empty text, wanted text or a number'],
  ]);
});

test('numbers outside what a field holds', () => {
  const doubles = 'wanted a number within ±1.7976931348623157e+308';
  check(predictionDecoder, good, [
    [prediction('"score":1e400'), 'out_of_range', `score: got 1e400, ${doubles}`],
    [prediction('"features":{"a":-1e999}'), 'out_of_range', `features: "a": got -1e999, ${doubles}`],
    [prediction('"metadata":{"a":[1e400]}'), 'out_of_range', `metadata: got 1e400, ${doubles}`],
    [prediction('"latency_ms":-0.5'), 'out_of_range', 'latency_ms: got the number -0.5, wanted a number from 0 on'],
    [
      prediction('"embedding":[1e38,4e38]'),
      'out_of_range',
      'embedding: number 2: got the number 4e38, wanted a number within ±3.4e38, as 32-bit floats hold',
    ],
  ]);
  const wanted = 'wanted a whole number from 0 to 4294967295';
  check(groundTruthDecoder, '{"request_id":"r","label":1}', [
    ['{"request_id":"r","label":1,"revision":-1}', 'out_of_range', `revision: got the number -1, ${wanted}`],
    ['{"request_id":"r","label":1,"revision":1.5}', 'out_of_range', `revision: got the number 1.5, ${wanted}`],
    [
      '{"request_id":"r","label":1,"revision":4294967296}',
      'out_of_range',
      `revision: got the number 4294967296, ${wanted}`,
    ],
  ]);
});

test('NaN and the infinities, which JSON does not have', () => {
  const wanted = 'wanted a value that JSON has: leave the field out or send null';
  const column = (fields: string): number => prediction(fields).search(/NaN|-?Infinity/) + 1;
  for (const [fields, field, shown] of [
    ['"score":NaN', 'score: ', 'NaN'],
    ['"score":Infinity', 'score: ', 'Infinity'],
    ['"latency_ms":-Infinity', 'latency_ms: ', '-Infinity'],
    ['"prediction":NaN', 'prediction: ', 'NaN'],
    ['"ts":NaN', 'ts: ', 'NaN'],
    ['"features":{"a":NaN}', 'features: "a": ', 'NaN'],
    ['"embedding":[0,NaN]', 'embedding: number 2: ', 'NaN'],
    ['"metadata":{"a":NaN}', 'metadata: ', 'NaN'],
  ] as const) {
    check(predictionDecoder, good, [
      [prediction(fields), 'invalid_json', `column ${column(fields)}: ${field}got ${shown}, ${wanted}`],
    ]);
  }
});

test('a NaN in one row of an array costs that row only', () => {
  const decoder = predictionDecoder({ ...options, framing: 'array' });
  decoder.push(Buffer.from(`[${good},\n ${prediction('"score":NaN')},${good}]`));
  const { accepted, rejections } = decoder.end();
  assert.equal(accepted, 2);
  assert.deepEqual(rejections, [
    {
      line: 2,
      code: 'invalid_json',
      message: 'line 2, column 54: score: got NaN, wanted a value that JSON has: leave the field out or send null',
    },
  ]);
});

test('texts and objects past their limits', () => {
  const entries = (count: number): string => Array.from({ length: count }, (_, i) => `"f${i}":${i}`).join(',');
  const long = 'x'.repeat(65_537);
  check(predictionDecoder, good, [
    [
      `{"request_id":"${'é'.repeat(129)}","model":"m","version":"1"}`,
      'too_long',
      'request_id: got 258 bytes of text, wanted at most 256',
    ],
    [
      `{"request_id":"r","model":"${'m'.repeat(257)}","version":"1"}`,
      'too_long',
      'model: got 257 bytes of text, wanted at most 256',
    ],
    [
      `{"request_id":"r","model":"m","version":"${'\\u00e9'.repeat(129)}"}`,
      'too_long',
      'version: got 258 bytes of text, wanted at most 256',
    ],
    [prediction(`"endpoint":"${long}"`), 'too_long', 'endpoint: got 65537 bytes of text, wanted at most 65536'],
    [prediction(`"prediction":"${long}"`), 'too_long', 'prediction: got 65537 bytes of text, wanted at most 65536'],
    [
      prediction(`"features":{"a":"${long}"}`),
      'too_long',
      'features: "a": got 65537 bytes of text, wanted at most 65536',
    ],
    [prediction(`"features":{"${long}":1}`), 'too_long', 'features: got a name of 65537 bytes, wanted at most 65536'],
    [
      prediction(`"metadata":{"a": "${long.slice(8)}"}`),
      'too_long',
      'metadata: got 65537 bytes of text, wanted at most 65536',
    ],
    [
      prediction(`"features":{${entries(1025)}}`),
      'too_many_features',
      'features: got more than 1024 entries, the limit',
    ],
    [prediction(`"scores":{${entries(1025)}}`), 'too_many_values', 'scores: got more than 1024 entries, the limit'],
    [
      prediction(`"embedding":[${'0,'.repeat(16_384)}0]`),
      'too_many_values',
      'embedding: got more than 16384 numbers, the limit',
    ],
    [
      prediction(`"metadata":{"a":${'['.repeat(64)}${']'.repeat(64)}}`),
      'too_deep',
      'metadata: got more than 64 objects and arrays within one another',
    ],
  ]);
});

test('values at their limits are taken', () => {
  const entries = Array.from({ length: 1024 }, (_, i) => `"f${i}":${i}`).join(',');
  const longest = 'x'.repeat(65_536);
  for (const row of [
    `{"request_id":"${'é'.repeat(128)}","model":"${'m'.repeat(256)}","version":"${'v'.repeat(256)}"}`,
    prediction(`"endpoint":"${longest}","features":{"${longest}":"${longest}"}`),
    prediction(`"features":{${entries}},"scores":{${entries}}`),
    prediction(`"embedding":[${'3.4028234663852886e38,'.repeat(16_383)}-3.4028234663852886e38]`),
    prediction(`"metadata":{ "a" : "${longest.slice(8)}" }`),
    prediction(`"metadata":{"a":${'['.repeat(63)}${']'.repeat(63)}}`),
  ]) {
    const decoder = predictionDecoder(options);
    decoder.push(Buffer.from(row));
    assert.deepEqual(decoder.end().rejections, []);
  }
});

test('keys that come twice', () => {
  check(predictionDecoder, good, [
    [prediction('"score":1,"score":1'), 'duplicate_key', 'score: got the field twice in one row'],
    [prediction('"score":null,"sc\\u006fre":1'), 'duplicate_key', 'score: got the field twice in one row'],
    [prediction('"model":"m"'), 'duplicate_key', 'model: got the field twice in one row'],
    [prediction('"features":{"a":1,"b":2,"a":"x"}'), 'duplicate_key', 'features: got the name "a" twice'],
    [prediction('"features":{"a":1,"\\u0061":null}'), 'duplicate_key', 'features: got the name "\\u0061" twice'],
    [prediction('"scores":{"a":1,"a":1}'), 'duplicate_key', 'scores: got the name "a" twice'],
    [prediction('"metadata":{"a":1,"a":1}'), 'duplicate_key', 'metadata: got the key "a" twice in one object'],
    [
      prediction('"metadata":{"a":[{"b":{},"b":{}}]}'),
      'duplicate_key',
      'metadata: got the key "b" twice in one object',
    ],
  ]);
});

test('a name that comes twice is found also in rows that keep the order of the rows before', () => {
  const decoder = predictionDecoder(options);
  const rows = [
    '"a":1,"b":2,"c":3',
    '"a":1,"c":3',
    '"a":1,"b":2,"a":3',
    '"b":1,"c":2,"b":3',
    '"c":3,"a":1,"b":2',
    '"c":3,"b":2,"a":1,"c":3',
  ];
  decoder.push(Buffer.from(rows.map((features) => `${prediction(`"features":{${features}}`)}\n`).join('')));
  const { accepted, rejections } = decoder.end();
  assert.equal(accepted, 3);
  assert.deepEqual(
    rejections.map(({ line, code }) => [line, code]),
    [
      [3, 'duplicate_key'],
      [4, 'duplicate_key'],
      [6, 'duplicate_key'],
    ],
  );
});

test('fields that are not known', () => {
  const known =
    'request_id, model, version, ts, endpoint, region, segment, prediction, score, scores, confidence, latency_ms, status, ' +
    'features, embedding, experiment_id, variant, unit_id, trace_id, input_hash, metadata';
  check(predictionDecoder, good, [
    ['{"requestId":"r"}', 'unknown_field', '"requestId" is not a known field; did you mean request_id?'],
    [prediction('"Score":1'), 'unknown_field', '"Score" is not a known field; did you mean score?'],
    [prediction('"timestamp":1'), 'unknown_field', `"timestamp" is not a known field; known are ${known}`],
    [prediction('"":1'), 'unknown_field', `"" is not a known field; known are ${known}`],
    [prediction('"scor\\u00e9":1'), 'unknown_field', '"scoré" is not a known field; did you mean score?'],
    [prediction(`"${'x'.repeat(1000)}":1`), 'unknown_field', `"${'x'.repeat(60)}…" is not a known field`],
  ]);
  check(groundTruthDecoder, '{"request_id":"r","label":1}', [
    ['{"request_id":"r","lable":1}', 'unknown_field', '"lable" is not a known field; did you mean label?'],
  ]);
});

test('times outside the window', () => {
  const window =
    "wanted a time from 1970-01-01T00:00:00Z to 2026-01-31T13:00:00.000Z, 3600 s ahead of the server's clock (2026-01-31T12:00:00.000Z)";
  check(predictionDecoder, good, [
    [
      prediction('"ts":"2026-01-31T13:00:00.001Z"'),
      'outside_time_window',
      `ts: got the text "2026-01-31T13:00:00.001Z", ${window}`,
    ],
    [
      prediction('"ts":"1969-12-31T23:59:59.999Z"'),
      'outside_time_window',
      `ts: got the text "1969-12-31T23:59:59.999Z", ${window}`,
    ],
    [prediction('"ts":-1'), 'outside_time_window', `ts: got the number -1, ${window}`],
    [prediction('"ts":1e300'), 'outside_time_window', `ts: got the number 1e300, ${window}`],
  ]);
});

test('without a bound ahead, times are bounded by what the tables hold', () => {
  for (const [ts, rejections] of [
    ['"2299-12-31T23:59:59.999Z"', []],
    ['"2300-01-01T00:00:00Z"', ['outside_time_window']],
  ] as const) {
    const decoder = predictionDecoder({ ...options, aheadMsMax: 'off' });
    decoder.push(Buffer.from(prediction(`"ts":${ts}`)));
    assert.deepEqual(
      decoder.end().rejections.map(({ code }) => code),
      rejections,
    );
  }
});

test('bytes that are no UTF-8, and halves of surrogate pairs', () => {
  const row = (bytes: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from(`{${ids},"region":"é`), Uint8Array.from(bytes), Buffer.from('"}')]);
  const message = (shown: string): string => `region: got the text é${shown}, whose bytes are not UTF-8`;
  check(predictionDecoder, good, [
    [row([0xff]), 'invalid_utf8', message('\ufffd')],
    [row([0xc0, 0xaf]), 'invalid_utf8', message('\ufffd\ufffd')],
    [row([0xed, 0xa0, 0x80]), 'invalid_utf8', message('\ufffd\ufffd\ufffd')],
    [row([0xe2, 0x82]), 'invalid_utf8', message('\ufffd')],
    [row([0xf5, 0x80, 0x80, 0x80]), 'invalid_utf8', message('\ufffd\ufffd\ufffd\ufffd')],
    [
      prediction('"region":"\\ud83d"'),
      'invalid_utf8',
      'region: got the escape \\ud83d, half of a surrogate pair without the other half',
    ],
    [
      prediction('"features":{"\\ude00":1}'),
      'invalid_utf8',
      'features: got the escape \\ude00, half of a surrogate pair without the other half',
    ],
  ]);
});

test('text that is no JSON', () => {
  check(predictionDecoder, good, [
    ['oops', 'invalid_json', 'column 1: got oops, wanted a value'],
    ['{', 'invalid_json', 'column 2: got the end of the line, wanted a key'],
    [`{${ids}`, 'invalid_json', 'column 44: got the end of the line, wanted a comma or }'],
    [`{${ids},}`, 'invalid_json', 'column 45: got }, wanted a key'],
    [`{${ids}}}`, 'invalid_json', 'column 45: got }, wanted the end of the line'],
    [`${good} ${good}`, 'invalid_json', 'column 46: got {, wanted the end of the line'],
    [`{${ids};"score":1}`, 'invalid_json', 'column 44: got ;, wanted a comma or }'],
    ['{"model" "m"}', 'invalid_json', 'column 10: got ", wanted a colon'],
    ["{'model':'m'}", 'invalid_json', "column 2: got ', wanted a key"],
    [prediction('"score":'), 'invalid_json', 'column 53: got }, wanted a value'],
    [prediction('"score":.5'), 'invalid_json', 'column 53: got .5, wanted a value'],
    [prediction('"score":01'), 'invalid_json', 'column 54: got 1, wanted a number without leading zeros'],
    [prediction('"score":nan'), 'invalid_json', 'column 54: got an, wanted null'],
    [
      prediction('"model":"a\tb"'),
      'invalid_json',
      'column 55: got the control character 0x09, wanted the rest of a string (control characters must be escaped)',
    ],
    [prediction('"features":{"a":True}'), 'invalid_json', 'column 61: got True, wanted a value'],
    [Uint8Array.of(0xff, 0xfe), 'invalid_json', 'column 1: got \ufffd, wanted a value'],
    // What is no JSON is told so, whatever else is wrong with it before.
    ['{"unknown":1,', 'invalid_json', 'column 14: got the end of the line, wanted a key'],
    [
      prediction('"score":"x","model'),
      'invalid_json',
      'column 64: got the end of the line, wanted the rest of a string (control characters must be escaped)',
    ],
  ]);
});
