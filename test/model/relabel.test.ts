// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such placeholders are what is tested.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../src/base/errors.js';
import { type Label, sortedLabels } from '../../src/model/labels.js';
import { compileRelabel, type RelabelConfig } from '../../src/model/relabel.js';

type LabelTexts = Readonly<Record<string, string>>;

/** Labels after the rules, undefined where they are dropped. */
function relabelled(input: LabelTexts, ...rules: RelabelConfig[]): LabelTexts | undefined {
  const labels = compileRelabel(rules)(sortedLabels(Object.entries(input)));
  return labels === undefined ? undefined : Object.fromEntries(labels);
}

interface Case {
  readonly does: string;
  readonly input: LabelTexts;
  readonly rules: readonly RelabelConfig[];
  /** Absent where the labels are dropped. */
  readonly output?: LabelTexts;
}

const ports = { __tmp_port: '1234', __port1: '1234', __port2: '5678' };
const tags = { __meta_sd_tags: 'path:/secret,job:some-job,label:foo=bar' };
const lines = { a: 'line1\nline2', b: 'bar' };
const abc = { a: 'foo', b: 'bar', c: 'baz' };

/** What Prometheus' own tests (model/relabel/relabel_test.go) say that relabelling does, told anew. */
const cases: readonly Case[] = [
  {
    does: 'replace uses a group twice',
    input: abc,
    rules: [{ sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: 'ch${1}-ch${1}' }],
    output: { ...abc, d: 'choo-choo' },
  },
  {
    does: 'a later rule sees what an earlier one wrote',
    input: abc,
    rules: [
      { sourceLabels: ['a', 'b'], regex: 'f(.*);(.*)r', targetLabel: 'a', replacement: 'b${1}${2}m' },
      { sourceLabels: ['c', 'a'], regex: '(b).*b(.*)ba(.*)', targetLabel: 'd', replacement: '$1$2$2$3' },
    ],
    output: { a: 'boobam', b: 'bar', c: 'baz', d: 'boooom' },
  },
  {
    does: 'drop ends the rules',
    input: { a: 'foo' },
    rules: [
      { sourceLabels: ['a'], regex: '.*o.*', action: 'drop' },
      { sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: 'ch$1-ch$1' },
    ],
  },
  {
    does: 'the default separator is a semicolon, the default action replace',
    input: { a: 'abc' },
    rules: [{ sourceLabels: ['a'], regex: '.*(b).*', targetLabel: 'd' }],
    output: { a: 'abc', d: 'b' },
  },
  {
    does: 'drop without a match changes nothing',
    input: { a: 'foo' },
    rules: [{ sourceLabels: ['a'], regex: 'no-match', action: 'drop' }],
    output: { a: 'foo' },
  },
  {
    does: 'alternatives are anchored together',
    input: { a: 'foo' },
    rules: [{ sourceLabels: ['a'], regex: 'f|o', action: 'drop' }],
    output: { a: 'foo' },
  },
  {
    does: 'keep without a match drops',
    input: { a: 'foo' },
    rules: [{ sourceLabels: ['a'], regex: 'no-match', action: 'keep' }],
  },
  {
    does: 'keep with a match keeps',
    input: { a: 'foo' },
    rules: [{ sourceLabels: ['a'], regex: 'f.*', action: 'keep' }],
    output: { a: 'foo' },
  },
  {
    does: 'replace without a match changes nothing',
    input: { a: 'boo' },
    rules: [{ sourceLabels: ['a'], regex: 'f', targetLabel: 'b', replacement: 'bar' }],
    output: { a: 'boo' },
  },
  {
    does: 'a replacement that comes out empty deletes the label',
    input: { a: 'foo', f: 'baz' },
    rules: [{ sourceLabels: ['a'], regex: '(f).*', targetLabel: '$1', replacement: '$2' }],
    output: { a: 'foo' },
  },
  {
    does: 'hashmod writes the hash of a value modulo a number',
    input: abc,
    rules: [{ sourceLabels: ['c'], targetLabel: 'd', action: 'hashmod', modulus: 1000 }],
    output: { ...abc, d: '976' },
  },
  {
    does: 'hashmod takes line ends',
    input: { a: 'foo\nbar' },
    rules: [{ sourceLabels: ['a'], targetLabel: 'b', action: 'hashmod', modulus: 1000 }],
    output: { a: 'foo\nbar', b: '734' },
  },
  {
    does: 'labelmap copies to names made of the match',
    input: { a: 'foo', b1: 'bar', b2: 'baz' },
    rules: [{ regex: '(b.*)', replacement: 'bar_${1}', action: 'labelmap' }],
    output: { a: 'foo', b1: 'bar', b2: 'baz', bar_b1: 'bar', bar_b2: 'baz' },
  },
  {
    does: 'labelmap turns meta labels into labels',
    input: { a: 'foo', __meta_my_bar: 'aaa', __meta_my_baz: 'bbb', __meta_other: 'ccc' },
    rules: [{ regex: '__meta_(my.*)', replacement: '${1}', action: 'labelmap' }],
    output: { a: 'foo', __meta_my_bar: 'aaa', __meta_my_baz: 'bbb', __meta_other: 'ccc', my_bar: 'aaa', my_baz: 'bbb' },
  },
  {
    does: 'the name of the target may come from the match',
    input: { a: 'some-name-value' },
    rules: [{ sourceLabels: ['a'], regex: 'some-([^-]+)-([^,]+)', replacement: '${2}', targetLabel: '${1}' }],
    output: { a: 'some-name-value', name: 'value' },
  },
  {
    does: 'a group that is not there makes an empty replacement',
    input: { a: 'some-name-value' },
    rules: [{ sourceLabels: ['a'], regex: 'some-([^-]+)-([^,]+)', replacement: '${3}', targetLabel: '${1}' }],
    output: { a: 'some-name-value' },
  },
  {
    does: 'an empty name of a target changes nothing',
    input: { a: 'some-name-0' },
    rules: [
      { sourceLabels: ['a'], regex: 'some-([^-]+)-([^,]+)', replacement: '${1}', targetLabel: '${3}' },
      { sourceLabels: ['a'], regex: 'some-([^-]+)(-[^,]+)', replacement: '${1}', targetLabel: '${3}' },
    ],
    output: { a: 'some-name-0' },
  },
  {
    does: 'tags of a discovery are taken apart',
    input: tags,
    rules: [
      {
        sourceLabels: ['__meta_sd_tags'],
        regex: '(?:.+,|^)path:(/[^,]+).*',
        replacement: '${1}',
        targetLabel: '__metrics_path__',
      },
      { sourceLabels: ['__meta_sd_tags'], regex: '(?:.+,|^)job:([^,]+).*', replacement: '${1}', targetLabel: 'job' },
      {
        sourceLabels: ['__meta_sd_tags'],
        regex: '(?:.+,|^)label:([^=]+)=([^,]+).*',
        replacement: '${2}',
        targetLabel: '${1}',
      },
    ],
    output: { ...tags, __metrics_path__: '/secret', job: 'some-job', foo: 'bar' },
  },
  {
    does: 'a label that was dropped can be written again',
    input: { __meta_port_name: 'foo', __meta_port_number: '9091' },
    rules: [
      { regex: '^__meta_port_name$', action: 'labeldrop' },
      {
        sourceLabels: ['__meta_port_number'],
        regex: '(.+)',
        replacement: 'metrics',
        targetLabel: '__meta_port_name',
      },
      { sourceLabels: ['__meta_port_name'], regex: '^metrics$', action: 'keep' },
    ],
    output: { __meta_port_name: 'metrics', __meta_port_number: '9091' },
  },
  {
    does: 'labelkeep keeps only names that match',
    input: { a: 'foo', b1: 'bar', b2: 'baz' },
    rules: [{ regex: '(b.*)', action: 'labelkeep' }],
    output: { b1: 'bar', b2: 'baz' },
  },
  {
    does: 'labeldrop drops names that match',
    input: { a: 'foo', b1: 'bar', b2: 'baz' },
    rules: [{ regex: '(b.*)', action: 'labeldrop' }],
    output: { a: 'foo' },
  },
  {
    does: 'uppercase and lowercase write the source in other letters',
    input: { foo: 'bAr123Foo' },
    rules: [
      { sourceLabels: ['foo'], action: 'uppercase', targetLabel: 'foo_uppercase' },
      { sourceLabels: ['foo'], action: 'lowercase', targetLabel: 'foo_lowercase' },
    ],
    output: { foo: 'bAr123Foo', foo_lowercase: 'bar123foo', foo_uppercase: 'BAR123FOO' },
  },
  {
    does: 'keepequal keeps where source and target are equal',
    input: ports,
    rules: [{ sourceLabels: ['__tmp_port'], action: 'keepequal', targetLabel: '__port1' }],
    output: ports,
  },
  {
    does: 'keepequal drops where they differ',
    input: ports,
    rules: [{ sourceLabels: ['__tmp_port'], action: 'keepequal', targetLabel: '__port2' }],
  },
  {
    does: 'dropequal drops where source and target are equal',
    input: ports,
    rules: [{ sourceLabels: ['__tmp_port'], action: 'dropequal', targetLabel: '__port1' }],
  },
  {
    does: 'dropequal keeps where they differ',
    input: ports,
    rules: [{ sourceLabels: ['__tmp_port'], action: 'dropequal', targetLabel: '__port2' }],
    output: ports,
  },
  {
    does: 'the dot matches line ends, and a group that is not there is empty',
    input: lines,
    rules: [{ sourceLabels: ['a'], regex: 'line1.*line2', targetLabel: 'd', replacement: 'match${1}' }],
    output: { ...lines, d: 'match' },
  },
  {
    does: 'names of labels may hold any character',
    input: { 'utf-8.label': 'line1\nline2' },
    rules: [
      { sourceLabels: ['utf-8.label'], regex: 'line1.*line2', targetLabel: 'other.label${1}', replacement: 'match' },
    ],
    output: { 'utf-8.label': 'line1\nline2', 'other.label': 'match' },
  },
  {
    does: 'groups have names',
    input: { a: 'line1\nline2' },
    rules: [
      {
        sourceLabels: ['a'],
        regex: '(line1).*(?<second>line2)',
        targetLabel: 'label1_${1}',
        replacement: 'val_${second}',
      },
      {
        sourceLabels: ['a'],
        regex: '(line1).*(?P<second>line2)',
        targetLabel: 'label2_$1',
        replacement: 'val_$second',
      },
    ],
    output: { a: 'line1\nline2', label1_line1: 'val_line2', label2_line1: 'val_line2' },
  },
  {
    does: 'a fixed value is written where the metric matches',
    input: { __name__: 'http_requests_total' },
    rules: [{ sourceLabels: ['__name__'], regex: '.*_total$', targetLabel: '__type__', replacement: 'counter' }],
    output: { __name__: 'http_requests_total', __type__: 'counter' },
  },
  {
    does: 'a rule without sources writes a fixed label',
    input: { job: 'foo' },
    rules: [{ targetLabel: 'cluster', replacement: 'eu-1' }],
    output: { job: 'foo', cluster: 'eu-1' },
  },
  {
    does: 'an empty regex matches only an empty source',
    input: { job: 'foo' },
    rules: [
      { regex: '', targetLabel: 'a', replacement: 'static' },
      { sourceLabels: ['job'], regex: '', targetLabel: 'b', replacement: 'static' },
    ],
    output: { job: 'foo', a: 'static' },
  },
  {
    does: 'a replacement of nothing deletes the target label',
    input: { job: 'foo', pod: 'p' },
    rules: [{ targetLabel: 'pod', replacement: '' }],
    output: { job: 'foo' },
  },
];

describe('relabelling', () => {
  for (const { does, input, rules, output } of cases)
    it(does, () => {
      assert.deepEqual(relabelled(input, ...rules), output);
    });

  it('gives sorted labels without the empty ones', () => {
    const rules = compileRelabel([{ targetLabel: 'B', replacement: 'x' }]);
    const labels: Label[] = [
      ['a', '1'],
      ['c', ''],
    ];
    assert.deepEqual(rules(labels), [
      ['B', 'x'],
      ['a', '1'],
    ]);
  });

  it('changes letters one by one, as Go does', () => {
    const rules: RelabelConfig[] = [
      { sourceLabels: ['a'], targetLabel: 'up', action: 'uppercase' },
      { sourceLabels: ['b'], targetLabel: 'low', action: 'lowercase' },
    ];
    assert.deepEqual(relabelled({ a: 'straße', b: 'ΟΔΟΣ İ' }, ...rules), {
      a: 'straße',
      b: 'ΟΔΟΣ İ',
      up: 'STRAßE',
      low: 'οδοσ i',
    });
  });

  it('puts every value into the shard that the last 8 bytes of its MD5 name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (a, modulus) => {
        const hex = createHash('md5').update(a).digest('hex').slice(16);
        const shard = String(BigInt(`0x${hex}`) % BigInt(modulus));
        const labels = relabelled({ a }, { sourceLabels: ['a'], targetLabel: 'shard', action: 'hashmod', modulus });
        assert.equal(labels?.shard, shard);
      }),
    );
  });

  it('takes time linear in the text where backtracking would take for ever', () => {
    const rule: RelabelConfig = { sourceLabels: ['a'], regex: '(x+x+)+y', action: 'drop' };
    assert.ok(relabelled({ a: 'x'.repeat(5_000) }, rule));
  });
});

describe('a relabelling rule is refused', () => {
  const refused: [why: string, rule: RelabelConfig, message: RegExp][] = [
    ['replace without a target', {}, /replace needs target_label/],
    ['lowercase without a target', { action: 'lowercase' }, /lowercase needs target_label/],
    ['keepequal without a target', { action: 'keepequal' }, /keepequal needs target_label/],
    ['hashmod without a modulus', { action: 'hashmod', targetLabel: 'a' }, /hashmod needs modulus/],
    ['lowercase with a replacement', { action: 'lowercase', targetLabel: 'a', replacement: 'x' }, /no replacement/],
    ['dropequal with a regex', { action: 'dropequal', targetLabel: 'a', regex: 'x' }, /takes no regex/],
    ['labeldrop with sources', { action: 'labeldrop', sourceLabels: ['a'] }, /takes no source_labels/],
    ['labelkeep with a target', { action: 'labelkeep', targetLabel: 'a' }, /takes no target_label/],
    ['labelmap with an empty replacement', { action: 'labelmap', replacement: '' }, /labelmap needs a replacement/],
    ['a regex that is none', { action: 'keep', regex: '(' }, /regex "\(" is not of RE2's syntax/],
    ['a regex with a look-ahead, which RE2 has not', { action: 'keep', regex: '(?=a)' }, /is not of RE2's syntax/],
  ];
  for (const [why, rule, message] of refused)
    it(why, () => {
      assert.throws(
        () => compileRelabel([rule]),
        (error) => isBarographError(error, 'bad_configuration') && message.test(error.message),
      );
    });
});
