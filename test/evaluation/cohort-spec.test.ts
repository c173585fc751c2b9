import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../src/base/errors.js';
import { parseCohorts } from '../../src/evaluation/cohort-spec.js';

const column = (name: string) => ({ kind: 'column', name, column: name });
const feature = (name: string, binning: object = { kind: 'auto' }) => ({
  kind: 'feature',
  name: `feature:${name}`,
  feature: name,
  binning,
});

describe('understood', () => {
  const cases: [string, object[]][] = [
    ['', []],
    ['region', [column('region')]],
    [' version , prediction ', [column('version'), column('prediction')]],
    ['feature:age', [feature('age')]],
    ['feature:age(18,30.5,1e3)', [feature('age', { kind: 'edges', edges: [18, 30.5, 1000] })]],
    ['feature:age( -5 , 0 ),region', [feature('age', { kind: 'edges', edges: [-5, 0] }), column('region')]],
    ['feature:age(quantiles=10)', [feature('age', { kind: 'quantiles', count: 10 })]],
    ['feature:user agent', [feature('user agent')]],
    ['feature:"a,b(c)"(1)', [feature('a,b(c)', { kind: 'edges', edges: [1] })]],
    ['feature:"say ""hi"""', [feature('say "hi"')]],
    ['feature:a:b,feature:"\n"', [feature('a:b'), feature('\n')]],
  ];
  for (const [text, wanted] of cases) test(JSON.stringify(text), () => assert.deepEqual(parseCohorts(text), wanted));

  test('any feature name, once quoted', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
        assert.deepEqual(parseCohorts(`feature:"${name.replaceAll('"', '""')}",region`), [
          feature(name),
          column('region'),
        ]);
      }),
    );
  });
});

describe('refused', () => {
  const cases: [string, RegExp][] = [
    ['regoin', /Did you mean region\?/],
    ['region,', /is not a column/],
    ['region,region', /region twice/],
    ['feature:a(1),feature:a(2)', /feature:a twice/],
    ['feature:', /names no feature/],
    ['feature:""', /names no feature/],
    ['feature:a(', /not closed/],
    ['feature:a)', /does not belong/],
    ['feature:a((1))', /does not belong/],
    ['feature:"a', /quote that is not closed/],
    ['feature:a()', /not numbers/],
    ['feature:a(1,x)', /not numbers/],
    ['feature:a(1,Infinity)', /not numbers/],
    ['feature:a(2,1)', /do not ascend/],
    ['feature:a(1,1)', /do not ascend/],
    ['feature:a(quantiles=1)', /2 to 100/],
    ['feature:a(quantiles=101)', /2 to 100/],
    ['version,endpoint,region,segment,status,prediction,experiment_id,variant,unit_id', /the most is 8/],
  ];
  for (const [text, says] of cases)
    test(text, () =>
      assert.throws(
        () => parseCohorts(text),
        (error) => isBarographError(error, 'bad_request') && says.test(`${error.message} ${error.hint}`),
      ),
    );
});
