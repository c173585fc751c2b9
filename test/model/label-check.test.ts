import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ErrorCode } from '../../src/base/errors.js';
import { checkCanonical } from '../../src/model/label-check.js';
import { encodeLabels, type Label, sortedLabels } from '../../src/model/labels.js';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 10 });
const sound = fc
  .uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 6 })
  .map((pairs): Label[] => [['__name__', 'up'], ...pairs.filter(([name]) => name !== '__name__')]);

const codeOf = (bytes: Uint8Array, needsName?: boolean): ErrorCode | undefined =>
  checkCanonical(bytes, 0, bytes.length, needsName)?.code;

/** Bytes that are written as Latin-1, where ÿ is 0xFF. */
const raw = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('the check of canonical labels', () => {
  it('finds nothing wrong with the labels of a series, wherever among other bytes they lie', () => {
    fc.assert(
      fc.property(sound, fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (labels, before, behind) => {
        const bytes = encodeLabels(sortedLabels(labels));
        const keys = Buffer.concat([before, bytes, behind]);
        assert.equal(checkCanonical(keys, before.length, before.length + bytes.length), undefined);
      }),
    );
  });

  it('tells what is wrong with others', () => {
    const many = Array.from({ length: 128 }, (_, i): Label => [`l${i}`, 'x']);
    const cases: [Uint8Array, ErrorCode][] = [
      [raw(''), 'missing_field'],
      [raw('aÿ1ÿ'), 'missing_field'],
      [raw('__name__ÿupÿaÿ1ÿaÿ2ÿ'), 'duplicate_key'],
      [raw('__name__ÿupÿÿ1ÿ'), 'empty_field'],
      [raw('__name__ÿupÿbÿ1ÿaÿ2ÿ'), 'invalid_utf8'],
      [raw('__name__ÿupÿaÿÿ'), 'invalid_utf8'],
      [raw('__name__ÿupÿaÿ'), 'invalid_utf8'],
      [raw('__name__ÿup'), 'invalid_utf8'],
      [raw('__name__ÿu\xc3ÿ'), 'invalid_utf8'],
      [encodeLabels(sortedLabels([['__name__', 'up'], ...many])), 'too_many_values'],
      [encodeLabels([['__name__', 'x'.repeat(65_537)]]), 'too_long'],
    ];
    for (const [i, [bytes, code]] of cases.entries()) assert.equal(codeOf(bytes), code, `case ${i}`);
    assert.equal(codeOf(encodeLabels(sortedLabels([['__name__', 'up'], ...many.slice(1)]))), undefined);
    assert.equal(codeOf(encodeLabels([['__name__', 'x'.repeat(65_536)]])), undefined);
  });

  it('asks for no metric’s name where none is needed', () => {
    assert.equal(codeOf(raw(''), false), undefined);
    assert.equal(codeOf(raw('trace_idÿabcÿ'), false), undefined);
    assert.equal(codeOf(raw('aÿ1ÿaÿ1ÿ'), false), 'duplicate_key');
  });

  it('names the label that it means', () => {
    const bytes = raw('__name__ÿupÿaÿ1ÿaÿ2ÿ');
    assert.equal(checkCanonical(bytes, 0, bytes.length)?.message, 'got the label "a" twice');
  });
});
