import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../src/base/errors.js';
import { parseQuery, queryLengthMax } from '../../src/promql/parse/parse-query.js';
import { nestingDepthMax } from '../../src/promql/parse/token-contexts.js';
import { formatExpression } from '../../src/promql/print/format-expression.js';
import { prettify } from '../../src/promql/print/prettify.js';

/** What a tree says, without where it said it and with its matchers as text. */
const meaningOf = (query: string): unknown =>
  JSON.parse(
    JSON.stringify(parseQuery(query), (key, value) => {
      if (key === 'from' || key === 'to' || key === 'pattern') return undefined;
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
      return value;
    }),
  );

describe('a query', () => {
  // The grammar for editors reads each of these another way.
  for (const [query, kind] of [
    ['a / b offset 1d', 'binary'],
    ['a + b @ 5 * c', 'binary'],
    ['-rate(a[5m]) ^ 2', 'unary'],
    ['-1^2', 'unary'],
  ] as const)
    it(`binds modifiers tightest, then powers, then signs: ${query}`, () => {
      const expression = parseQuery(query);
      assert.equal(expression.kind, kind);
      if (expression.kind === 'binary') assert.equal(expression.left.kind, 'vector_selector');
    });

  it('is frozen through and through', () => {
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      assert.ok(Object.isFrozen(value));
      for (const [key, part] of Object.entries(value)) if (key !== 'matchers') check(part);
    };
    check(parseQuery('sum by (a) (rate(x{b="c"}[5m] offset -1m)) + on (d) group_left (e) y @ end()'));
  });

  it('may be as deep as the limit, and no deeper', () => {
    const parens = (depth: number): string => '('.repeat(depth) + 1 + ')'.repeat(depth);
    const chain = (count: number): string => Array.from({ length: count + 1 }, () => 'rate(a{b="c"}[5m])').join(' or ');
    assert.equal(parseQuery(parens(nestingDepthMax)).kind, 'paren');
    assert.equal(parseQuery(chain(nestingDepthMax - 5)).kind, 'binary');
    const powers = Array.from({ length: nestingDepthMax }, () => '1').join(' ^ ');
    assert.equal(parseQuery(powers).kind, 'binary');
    for (const query of [parens(nestingDepthMax + 1), '('.repeat(100_000), chain(nestingDepthMax + 1)]) {
      assert.throws(
        () => parseQuery(query),
        (error) => isBarographError(error, 'invalid_promql') && /deeper than/.test(error.message),
      );
    }
  });

  it('may be as long as the limit, and no longer', () => {
    const query = `{a="${'x'.repeat(queryLengthMax - 6)}"}`;
    assert.equal(parseQuery(query).kind, 'vector_selector');
    assert.throws(() => parseQuery(`${query} `), /the most is/);
  });
});

describe('any text', () => {
  it('is parsed, or refused with a place', () => {
    const words = [
      'sum',
      'by',
      'on',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      ',',
      '+',
      '^',
      'offset',
      '@',
      '5m',
      '1',
      '"a"',
      'x',
      ':',
      '=',
      '-',
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 12 });
    fc.assert(
      fc.property(text, (parts) => {
        try {
          parseQuery(parts.join(' '));
        } catch (error) {
          assert.ok(isBarographError(error, 'invalid_promql'));
          assert.match(error.message, /^(?:\d+:\d+|unknown position): parse error: ./);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const label = fc.constantFrom('a', 'job', 'on', 'sum', 'le');
const selector = fc
  .tuple(
    fc.constantFrom('foo', 'a:b', 'sum', 'offset', 'by'),
    label,
    fc.constantFrom('=', '!='),
    fc.string({ unit: 'grapheme' }),
  )
  .map(([name, key, op, value]) => `${name}{${key}${op}${JSON.stringify(value.replaceAll('\ufffd', ''))}}`)
  .filter((text) => !/\\u00|\\u[dD]/.test(text));
const modifier = fc.constantFrom(
  '',
  ' offset 5m',
  ' offset -1h30m',
  ' @ 12.5',
  ' @ end()',
  ' @ start() offset 1w',
  ' smoothed',
);
const range = fc.constantFrom('[5m]', '[90]', '[step() * 2]', '[(5m + 1s) / 2]', '[max_of(1m, range())]');
const number = fc
  .oneof(fc.double().map(String), fc.constantFrom('Inf', 'NaN', '5m', '0x1f', '1e300', '.5'))
  .map((text) => text.replace('Infinity', 'Inf'));
const matching = fc.constantFrom(
  '',
  ' on (a)',
  ' ignoring (a, b)',
  ' on (a) group_left (c)',
  ' on () group_right ()',
  ' fill (2)',
);

const { vector } = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { maxDepth: 5 },
    fc.tuple(selector, modifier).map(([text, behind]) => text + behind),
    fc
      .tuple(fc.constantFrom('rate', 'avg_over_time'), selector, range, modifier)
      .map(([f, s, r, m]) => `${f}(${s}${r}${m})`),
    fc
      .tuple(fc.constantFrom('sum', 'max', 'count'), label, tie('vector'))
      .map(([op, by, of]) => `${op} by (${by}) (${of})`),
    fc.tuple(number, tie('vector')).map(([k, of]) => `topk without (x) (${k}, ${of})`),
    fc
      .tuple(fc.constantFrom('+', '-', '/', '^', '>', '== bool'), matching, tie('vector'), tie('vector'))
      .map(([op, how, l, r]) => `${l} ${op}${how} ${r}`),
    fc
      .tuple(fc.constantFrom('and', 'or', 'unless'), tie('vector'), tie('vector'))
      .map(([op, l, r]) => `${l} ${op} ${r}`),
    fc.tuple(fc.constantFrom('*', '%', '<='), number, tie('vector')).map(([op, l, r]) => `${l} ${op} ${r}`),
    tie('vector').map((of) => `-${of}`),
    tie('vector').map((of) => `(${of})`),
    fc.tuple(tie('vector'), modifier).map(([of, m]) => `max_over_time((${of})[1h:5m]${m.replace(' smoothed', '')})`),
  ),
}));

/** Not all that the generator makes has fitting types. */
function isValid(query: string): boolean {
  try {
    parseQuery(query);
    return true;
  } catch {
    return false;
  }
}

describe('a printed query', () => {
  it('means what the query means, on one line and on many', () => {
    fc.assert(
      fc.property(vector, (query) => {
        fc.pre(isValid(query));
        const meaning = meaningOf(query);
        const expression = parseQuery(query);
        assert.deepEqual(meaningOf(formatExpression(expression)), meaning);
        assert.deepEqual(meaningOf(prettify(expression)), meaning);
      }),
      { numRuns: 300 },
    );
  });
});
