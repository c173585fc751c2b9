import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../src/base/errors.js';
import { createMatcher, expressionLengthMax } from '../../src/model/matcher.js';

const matches = (op: string, value: string, candidate: string): boolean =>
  createMatcher('label', op, value).matches(candidate);

describe('a matcher', () => {
  it('compares texts exactly, and an absent label as the empty text', () => {
    assert.equal(matches('=', 'api', 'api'), true);
    assert.equal(matches('=', 'api', 'api2'), false);
    assert.equal(matches('!=', 'api', 'api'), false);
    assert.equal(matches('!=', 'api', ''), true);
    assert.equal(matches('=', '', ''), true);
    assert.equal(matches('=', 'a.c', 'abc'), false);
  });

  it('wants a regular expression to match the whole value', () => {
    assert.equal(matches('=~', 'b', 'abc'), false);
    assert.equal(matches('=~', 'a|bc', 'abc'), false);
    assert.equal(matches('=~', '.*b.*', 'abc'), true);
    assert.equal(matches('!~', 'b', 'abc'), true);
    assert.equal(matches('=~', '', ''), true);
    assert.equal(matches('=~', '', 'a'), false);
    assert.equal(matches('=~', 'a||b', ''), true);
  });

  it('lets the dot match the end of a line, as Prometheus 3 does', () => {
    for (const expression of ['a.*b', 'a.+b', 'a.b', '(?:a).b']) assert.equal(matches('=~', expression, 'a\nb'), true);
  });

  it('takes what RE2 takes, and no look-around or back-reference', () => {
    assert.equal(matches('=~', '(?i)API-\\d+', 'api-17'), true);
    assert.equal(matches('=~', '[[:alpha:]]+', 'abc'), true);
    assert.equal(matches('=~', '\\pL+', 'äöü'), true);
    assert.equal(matches('=~', '\\Qa|b\\E', 'a|b'), true);
    assert.equal(matches('=~', '(?P<word>a+)', 'aa'), true);
    for (const expression of ['(?=a)a', '(a)\\1', '(?<!a)b']) {
      assert.throws(
        () => createMatcher('l', '=~', expression),
        (error) => isBarographError(error, 'invalid_matcher'),
      );
    }
  });

  it('answers at once where backtracking would take years', () => {
    assert.equal(matches('=~', '(x+x+)+y', `${'x'.repeat(5000)}z`), false);
  });

  it('says where a regular expression goes wrong', () => {
    const cases: [string, number][] = [
      ['api-[a-', 5],
      ['a**', 2],
      ['ok)', 1],
      ['x\\y', 2],
      ['ab(?=c)', 3],
      ['a{2,1}', 2],
    ];
    for (const [expression, character] of cases) {
      assert.throws(
        () => createMatcher('pod', '=~', expression),
        (error) =>
          isBarographError(error, 'invalid_matcher') &&
          error.message.includes(`for label pod is not valid at character ${character}:`),
        expression,
      );
    }
  });

  it('refuses an unknown operator, a label without a name, and an endless expression', () => {
    const wrong: [string, string, string][] = [
      ['l', '==', 'x'],
      ['', '=', 'x'],
      ['l', '=~', 'x'.repeat(expressionLengthMax + 1)],
    ];
    for (const [name, op, value] of wrong) {
      assert.throws(
        () => createMatcher(name, op, value),
        (error) => isBarographError(error, 'invalid_matcher'),
      );
    }
  });

  it('knows the values that a plain expression takes without an automaton', () => {
    const kindOf = (expression: string) => createMatcher('l', '=~', expression).pattern;
    assert.deepEqual(kindOf('(?:a|b\\.c|a)'), { kind: 'texts', texts: ['a', 'b.c'] });
    assert.deepEqual(kindOf('(a|b)'), { kind: 'texts', texts: ['a', 'b'] });
    assert.deepEqual(kindOf('.*'), { kind: 'any' });
    assert.deepEqual(kindOf('.+'), { kind: 'not_empty' });
    assert.equal(kindOf('a.*').kind, 'test');
  });

  it('means by an expression what JavaScript means by it, where their languages are the same', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '.',
      '.*',
      '.+',
      '|',
      '(',
      ')',
      '(?:',
      '\\.',
      '[ab]',
      '[^a|]',
      '?',
      '{2}',
      'ab',
      '^',
      '$',
    );
    const expression = fc.array(piece, { maxLength: 7, size: 'max' }).map((pieces) => pieces.join(''));
    const candidate = fc
      .array(fc.constantFrom('a', 'b', '.', '|', '\n'), { maxLength: 5 })
      .map((chars) => chars.join(''));
    let compared = 0;
    fc.assert(
      fc.property(expression, fc.array(candidate, { minLength: 5, maxLength: 5 }), (text, candidates) => {
        const expected = sharedMeaning(text);
        fc.pre(expected !== undefined);
        const matcher = createMatcher('l', '=~', text);
        for (const value of candidates) {
          compared++;
          assert.equal(matcher.matches(value), expected.test(value), `${text} on ${JSON.stringify(value)}`);
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(compared > 3_000);
  });
});

/** The expression as JavaScript's, undefined where either language does not have it. */
function sharedMeaning(expression: string): RegExp | undefined {
  try {
    createMatcher('l', '=~', expression);
    new RegExp(expression, 'su');
    return new RegExp(`^(?:${expression})$`, 'su');
  } catch {
    return undefined;
  }
}
