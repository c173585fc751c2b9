import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Newlines } from '../../../src/protocols/json/json-cursor.js';
import { skipValue } from '../../../src/protocols/json/json-value.js';
import { KeySet } from '../../../src/protocols/json/key-set.js';
import { cursorAt, hasNonFinite, mutated, parsed, tokens } from './json-texts.js';

/** Whether one value with white space around it is all of the text. */
function accepts(text: string, newlines: Newlines = 'space'): boolean {
  const cursor = cursorAt(text, newlines);
  if (!skipValue(cursor)) {
    assert.equal(cursor.failure?.code, 'invalid_json');
    assert.ok(cursor.failure.at !== undefined && cursor.failure.at <= cursor.end);
    assert.match(cursor.failure.describe(), /^got .*, wanted ./s);
    return false;
  }
  cursor.skipSpace();
  return cursor.position === cursor.end;
}

test('what JSON.parse takes and refuses is taken and refused', () => {
  const text = fc.oneof(fc.json(), mutated(fc.json()), tokens);
  fc.assert(
    fc.property(text, (candidate) => {
      fc.pre(!hasNonFinite(candidate));
      assert.equal(accepts(candidate), parsed(candidate) !== undefined);
    }),
    { numRuns: 20_000 },
  );
});

test('white space other than newlines stands anywhere between tokens, newlines in documents only', () => {
  assert.ok(accepts(' \t\r{ "a" : [ 1 , { } , [ ] ] }\r\t '));
  assert.ok(accepts('\n{\n"a"\n:\n[\n1\n,\n2\n]\n}\n'));
  assert.ok(!accepts('[1,\n2]', 'end'));
  assert.ok(!accepts('[1,\u00a02]'));
});

test('nesting is limited by nothing but the text', () => {
  const depth = 200_000;
  assert.ok(accepts('['.repeat(depth) + ']'.repeat(depth)));
  assert.ok(!accepts('['.repeat(depth) + ']'.repeat(depth - 1)));
  assert.ok(!accepts(`${'['.repeat(depth) + ']'.repeat(depth)}]`));
  assert.ok(accepts(`${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`));
});

function strictFailure(text: string, depthMax = 64): string | undefined {
  const cursor = cursorAt(text);
  return skipValue(cursor, { keys: new KeySet(), depthMax }) ? undefined : cursor.failure?.code;
}

test('a kept value is held to more than grammar', () => {
  for (const [text, code] of [
    ['{"a":1,"b":2}', undefined],
    ['{"a":1,"a":2}', 'duplicate_key'],
    ['{"a":1,"\\u0061":2}', 'duplicate_key'],
    ['{"a":{"b":1,"b":2}}', 'duplicate_key'],
    ['{"a":{"a":1},"b":{"a":1}}', undefined],
    ['[{"a":1},{"a":1}]', undefined],
    ['{"a":{"b":1},"b":2,"a":3}', 'duplicate_key'],
    ['{"":1,"":2}', 'duplicate_key'],
    ['{"a":"\\ud83d"}', 'invalid_utf8'],
    ['{"\\ude00":1}', 'invalid_utf8'],
    ['{"a":"\\ud83d\\ude00"}', undefined],
    ['{"a":1e400}', 'out_of_range'],
    ['{"a":-1e400}', 'out_of_range'],
    ['{"a":1e-400}', undefined],
    ['{"a":NaN}', 'invalid_json'],
    ['{"a":-Infinity}', 'invalid_json'],
    ['[[[1]]]', undefined],
    ['[[[[1]]]]', 'too_deep'],
    ['{"a":{"b":[{}]}}', 'too_deep'],
  ] as const)
    assert.equal(strictFailure(text, 3), code, text);
});

test('a value kept is refused for a repeated key exactly where an object repeats one', () => {
  const keys = fc.constantFrom('a', 'b', 'ab', 'abcd', 'abcde', 'é', '', 'a\u0000');
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('1', '"a"', 'null'),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      fc
        .array(fc.tuple(keys, tie('value')), { maxLength: 5 })
        .map((entries) => `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${item}`).join(',')}}`),
    ),
  }));
  fc.assert(
    fc.property(value, (text) => {
      // JSON.parse keeps one of the repeated keys, so that writing the value again makes it shorter.
      const repeats = JSON.stringify(JSON.parse(text)).length < text.length;
      assert.equal(strictFailure(text), repeats ? 'duplicate_key' : undefined, text);
    }),
    { numRuns: 3000 },
  );
});
