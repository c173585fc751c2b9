import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../../src/base/errors.js';
import { parseGroupingPath } from '../../../src/protocols/exposition/pushgateway-path.js';

describe('the path of a push', () => {
  const read: readonly [path: string, labels: Record<string, string>][] = [
    ['job/some_job', { job: 'some_job' }],
    ['job/some_job/', { job: 'some_job' }],
    ['job/some_job/instance/some_instance', { job: 'some_job', instance: 'some_instance' }],
    ['job/titan/name/%CE%A0%CF%81%CE%BF%CE%BC%CE%B7%CE%B8%CE%B5%CF%8D%CF%82', { job: 'titan', name: 'Προμηθεύς' }],
    ['job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C', { job: 'titan', name: 'Προμηθεύς' }],
    ['job/directory_cleaner/path@base64/L3Zhci90bXA', { job: 'directory_cleaner', path: '/var/tmp' }],
    ['job/directory_cleaner/path@base64/L3Zhci90bXA=', { job: 'directory_cleaner', path: '/var/tmp' }],
    [
      'job/example/first_label@base64/=/second_label/foobar',
      { job: 'example', first_label: '', second_label: 'foobar' },
    ],
    ['job@base64/L3Zhci90bXA/a/b', { job: '/var/tmp', a: 'b' }],
    ['job/a/x/1/x/2/job/other', { job: 'a', x: '2' }],
    ['job/a/b/c%2Fd/e', { job: 'a', b: 'c', d: 'e' }],
    ['job/50%25', { job: '50%' }],
    ['job/a/U__http_2e_status/200', { job: 'a', 'http.status': '200' }],
    ['job/a/U___1F60A_@base64/eA', { job: 'a', '😊': 'x' }],
    ['job/a/U___55_____x/1', { job: 'a', U__x: '1' }],
    ['job/a/U__in_xxx_valid/1', { job: 'a', U__in_xxx_valid: '1' }],
  ];
  for (const [path, labels] of read)
    it(`names a group: /metrics/${path}`, () => {
      const parsed = parseGroupingPath(path);
      assert.deepEqual(Object.fromEntries(parsed), labels);
      assert.deepEqual(
        parsed.map(([name]) => name),
        Object.keys(labels).sort(),
      );
    });

  const refused: readonly [path: string, what: RegExp][] = [
    ['', /wanted \/metrics\/job\/<job>/],
    ['jobs/a', /wanted \/metrics\/job\/<job>/],
    ['instance/a', /wanted \/metrics\/job\/<job>/],
    ['job', /label "job" without a value/],
    ['job/', /label "job" without a value/],
    ['job//instance/a', /empty part/],
    ['job/a/instance//x/y', /empty part/],
    ['job/a/instance', /label "instance" without a value/],
    ['job/a/instance/', /label "instance" without a value/],
    ['job@base64/=', /empty job/],
    ['job@base64/a', /wanted base64/],
    ['job/a/path@base64/L3Zh+i90', /wanted base64/],
    ['job/a/path@base64/_w', /not UTF-8/],
    ['job/a/with%20blank/x', /label name "with blank"/],
    ['job/a/__name__/x', /label name "__name__"/],
    ['job/a/@base64/x', /label name ""/],
    ['job/a/U__/x', /label name "U__"/],
    ['job/a/U______name____/x', /label name "U______name____"/],
    ['job/%zz', /percent-encoded/],
    ['job/%ff', /percent-encoded/],
  ];
  for (const [path, what] of refused)
    it(`is refused with a sentence: /metrics/${path}`, () => {
      assert.throws(
        () => parseGroupingPath(path),
        (error) => isBarographError(error) && error.kind.status === 400 && what.test(error.message),
      );
    });

  it('carries any labels through base64', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/).filter((label) => label !== 'job');
    fc.assert(
      fc.property(
        text.filter((job) => job !== ''),
        fc.uniqueArray(fc.tuple(name, text), { selector: ([label]) => label, maxLength: 5 }),
        (job, labels) => {
          const encoded = (value: string): string => (value === '' ? '=' : Buffer.from(value).toString('base64url'));
          const path = [['job', job], ...labels]
            .map(([label, value]) => `${label}@base64/${encoded(value!)}`)
            .join('/');
          assert.deepEqual(Object.fromEntries(parseGroupingPath(path)), Object.fromEntries([['job', job], ...labels]));
        },
      ),
    );
  });
});
