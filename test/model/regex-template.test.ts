// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such placeholders are what is tested.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expandTemplate, parseRegexTemplate } from '../../src/model/regex-template.js';

describe('a replacement text', () => {
  const namedGroups = { host: 1, x1: 2 };
  const groups = ['whole', 'one', 'two', null];
  // Expansions as Go's Regexp.Expand documents and makes them.
  const cases: [text: string, expansion: string, why: string][] = [
    ['', '', 'empty'],
    ['plain', 'plain', 'no group'],
    ['$1', 'one', 'a number'],
    ['${1}', 'one', 'a number in braces'],
    ['$0', 'whole', 'the whole match'],
    ['a$1b', 'a', 'the longest name is 1b, which is no group'],
    ['a${1}b', 'aoneb', 'braces end the name'],
    ['$1_$2', 'two', 'an underscore belongs to the name'],
    ['$1-$2', 'one-two', 'a hyphen does not'],
    ['$host', 'one', 'a name'],
    ['${host}:${x1}', 'one:two', 'names in braces'],
    ['$x1', 'two', 'a name with a digit'],
    ['$hostname', '', 'a longer name is another'],
    ['$3', '', 'a group without a match'],
    ['$9', '', 'a group that is not there'],
    ['$01', '', 'a leading zero makes it a name'],
    ['$$1', '$1', 'two dollars are one'],
    ['$', '$', 'a lone dollar'],
    ['a$-b', 'a$-b', 'a dollar before no name'],
    ['${', '${', 'an open brace'],
    ['${1', '${1', 'a brace that is not closed'],
    ['${}', '${}', 'empty braces'],
    ['${1-2}', '${1-2}', 'no name in braces'],
    ['$é', '', 'letters of any script are names'],
  ];
  for (const [text, expansion, why] of cases)
    it(`${JSON.stringify(text)} becomes ${JSON.stringify(expansion)}: ${why}`, () => {
      assert.equal(expandTemplate(parseRegexTemplate(text, namedGroups), groups), expansion);
    });

  it('says whether it refers to groups', () => {
    assert.equal(parseRegexTemplate('a$$b', {}).hasGroups, false);
    assert.equal(parseRegexTemplate('a$2', {}).hasGroups, true);
    assert.equal(parseRegexTemplate('$nothing', {}).hasGroups, false);
  });
});
