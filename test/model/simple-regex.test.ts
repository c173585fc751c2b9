/** Expressions that JavaScript's engine runs, judged by RE2's (re2js): the same texts match, with the same groups. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { compileSimpleRegex } from '../../src/model/simple-regex.js';

/** The whole match and its groups as RE2 finds them, '' for a group that took no part; undefined where the text does not match. */
function re2Groups(pattern: string, text: string): string[] | undefined {
  const matcher = RE2JS.compile(`^(?s:${pattern})$`).matcher(text);
  if (!matcher.find()) return undefined;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '');
}

const groupsOf = (pattern: string, text: string): string[] | undefined =>
  compileSimpleRegex(pattern)!
    .exec(text)
    ?.map((group) => group ?? '');

describe('a simple expression', () => {
  const rules = [
    'http_(.*)_bucket',
    '(.+)_([0-9]+)_(.*)',
    '([^:]+)(?::\\d+)?',
    '(http|grpc)_(request|response)_(.*)',
    'a|b|',
    '(a|ab)(c|bcd)(d*)',
    '\\/metrics\\.(json|txt)',
    '(.*?)-(.*)',
    '[^a-c]+',
    '\\W\\D',
  ];
  const texts = [
    'http_x_bucket',
    'a_12_',
    'host:80',
    'grpc_response_ms',
    'abcd',
    '',
    'a',
    '/metrics.txt',
    'a-b-c',
    'x\ny',
    '\n-',
    'é-😀',
  ];
  for (const rule of rules)
    it(`${rule} finds what RE2 finds`, () => {
      for (const text of texts) assert.deepEqual(groupsOf(rule, text), re2Groups(rule, text), text);
    });

  it('is found among random ones to match the same texts with the same groups', () => {
    const one = fc.constantFrom(
      'a',
      'b',
      '_',
      '-',
      '/',
      '.',
      '\\.',
      '\\d',
      '\\w',
      '\\W',
      '[ab]',
      '[^a]',
      '[a-c_]',
      '[\\d.]',
      'é',
      '😀',
    );
    const repeat = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}');
    const { expression } = fc.letrec<{ expression: string; part: string }>((tie) => ({
      part: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.tuple(one, repeat).map((parts) => parts.join('')),
        fc
          .tuple(fc.constantFrom('(', '(?:', '(?P<n>'), tie('expression'), fc.constantFrom(')', ')?', ')??'))
          .map((parts) => parts.join('')),
      ),
      expression: fc
        .array(
          fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
          { minLength: 1, maxLength: 3 },
        )
        .map((alternatives) => alternatives.join('|')),
    }));
    // A name may stand once.
    const unique = expression.map((text) => {
      let number = 0;
      return text.replaceAll('?P<n>', () => `?P<n${number++}>`);
    });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', '-', '.', '1', '\n', 'é', '😀'), maxLength: 8 });
    let tried = 0;
    fc.assert(
      fc.property(unique, fc.array(text, { minLength: 1, maxLength: 8 }), (pattern, candidates) => {
        const simple = compileSimpleRegex(pattern);
        if (simple === undefined) return;
        for (const candidate of candidates) {
          const found = simple.exec(candidate);
          if (found === undefined) continue;
          tried++;
          assert.deepEqual(
            found?.map((group) => group ?? ''),
            re2Groups(pattern, candidate),
            `${pattern} on ${candidate}`,
          );
        }
      }),
      { numRuns: 3_000 },
    );
    assert.ok(tried > 1_000, `${tried}`);
  });
});

describe('an expression is left to RE2', () => {
  for (const pattern of [
    '(a*)*',
    '(a|b)+',
    '(a*)?',
    '(|a)?b',
    '(?i)a',
    '\\bx',
    '[[:alpha:]]',
    '^a',
    'a$',
    '\\s',
    '\\pL',
    '(?U)a*',
    '\\Qa\\E',
    '[a&&b]',
  ])
    it(`where it is ${pattern}`, () => assert.equal(compileSimpleRegex(pattern), undefined));

  it('for a text on which backtracking could take long', () => {
    const regex = compileSimpleRegex('(.*)a(.*)a(.*)b')!;
    assert.equal(regex.exec('a'.repeat(1_000)), undefined);
    assert.equal(regex.exec('a'.repeat(60)), null);
    const startedMs = performance.now();
    compileSimpleRegex('(.*)a(.*)b')!.exec('a'.repeat(512));
    assert.ok(performance.now() - startedMs < 100);
  });
});
