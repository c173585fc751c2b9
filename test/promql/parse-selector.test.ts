import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { parseSelector } from '../../src/promql/parse-selector.js';
import { unquote } from '../../src/promql/string-literal.js';

const told = (text: string): string[] => parseSelector(text).map(({ name, op, value }) => `${name} ${op} ${value}`);

describe('a series selector', () => {
  it('may name the metric before the braces, among them, or quoted', () => {
    assert.deepEqual(told('up'), ['__name__ = up']);
    assert.deepEqual(told('up{}'), ['__name__ = up']);
    assert.deepEqual(told('{__name__="up"}'), ['__name__ = up']);
    assert.deepEqual(told('{"my.metric", job!="a"}'), ['__name__ = my.metric', 'job != a']);
    assert.deepEqual(told('job:rate:5m{le="+Inf"}'), ['le = +Inf', '__name__ = job:rate:5m']);
  });

  it('takes all four operators, quoted names and every kind of quote', () => {
    assert.deepEqual(told(`x{a="1", b!='2', c=~\`3\\d\`, "d.e"!~"4",}`), [
      'a = 1',
      'b != 2',
      'c =~ 3\\d',
      'd.e !~ 4',
      '__name__ = x',
    ]);
  });

  for (const [text, message] of [
    ['', /no expression found in input/],
    ['up{', /1:4: parse error: unexpected end of input inside braces/],
    ['rate(up[5m])', /only a series selector/],
    ['up offset 5m', /no modifiers/],
    ['{}', /at least one non-empty matcher/],
    ['{a=~".*"}', /at least one non-empty matcher/],
    ['up{a=~"("}', /error parsing regexp/],
    ['up{"other"}', /must not be set twice: "up" or "other"/],
    ['up{a="\\q"}', /unknown escape sequence/],
  ] as const)
    it(`refuses ${JSON.stringify(text)} with its place`, () => {
      assert.throws(
        () => parseSelector(text),
        (error) => isBarographError(error, 'invalid_promql') && message.test(error.message),
      );
    });
});

describe('a string literal', () => {
  for (const [literal, text] of [
    ['"a\\n\\t\\"b"', 'a\n\t"b'],
    ["'it\\'s'", "it's"],
    ['`raw\\n`', 'raw\\n'],
    ['"\\x41\\101\\u00e9\\U0001F600"', 'AAé😀'],
    ['"\\xc3\\xa9"', 'é'],
  ] as const)
    it(`${literal} is ${JSON.stringify(text)}`, () => assert.equal(unquote(literal), text));
});
