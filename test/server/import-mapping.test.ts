import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tableEncoder } from '../../src/server/cli/import-encode.js';
import type { RowKind } from '../../src/server/cli/import-fields.js';
import { createMapping, type MappingOptions } from '../../src/server/cli/import-mapping.js';
import { timeFormatOf } from '../../src/server/cli/import-time.js';

interface Said extends Partial<Omit<MappingOptions, 'map' | 'set' | 'text'>> {
  readonly map?: Record<string, string>;
  readonly set?: Record<string, string>;
  readonly text?: string[];
}

function encoder(columns: string[], { map = {}, set = {}, text = [], ...rest }: Said, kind: RowKind = 'predictions') {
  const options = { features: [], rest: 'refuse', ...rest } as const;
  const mapping = createMapping(kind, {
    ...options,
    map: new Map(Object.entries(map)),
    set: new Map(Object.entries(set)),
    text: new Set(text),
  });
  return tableEncoder(mapping, columns, false, { time: timeFormatOf('auto'), nulls: new Set(['']) });
}

const rowOf = (columns: string[], cells: string[], said: Said = {}, kind?: RowKind): unknown =>
  JSON.parse(encoder(columns, said, kind)(1, cells).line as string);

describe('columns find their fields', () => {
  test('by their own names', () => {
    assert.deepEqual(rowOf(['request_id', 'model', 'version', 'score'], ['a', 'm', '2', '0.5']), {
      request_id: 'a',
      model: 'm',
      version: '2',
      score: 0.5,
    });
  });

  test('by --map and --set, one column for several fields too', () => {
    const said = { map: { request_id: 'id', unit_id: 'id' }, set: { model: 'churn', version: '007', prediction: '1' } };
    assert.deepEqual(rowOf(['id'], ['42'], said), {
      model: 'churn',
      version: '007',
      prediction: 1,
      request_id: '42',
      unit_id: '42',
    });
  });

  test('as features by name, by prefix, by --features and by --features-rest', () => {
    const said: Said = {
      set: { model: 'm', version: '1', 'features.batch': '7' },
      features: ['age'],
      rest: 'features',
    };
    const row = rowOf(['request_id', 'age', 'features.zip', 'plan', '__proto__'], ['a', '30', '02139', '', 'x'], said);
    assert.deepEqual(
      JSON.stringify((row as { features: unknown }).features),
      '{"batch":7,"age":30,"zip":"02139","plan":null,"__proto__":"x"}',
    );
  });

  test('whole features of a JSON cell and single columns become one object', () => {
    const said: Said = { set: { model: 'm', version: '1' }, features: ['age'] };
    const row = rowOf(
      ['request_id', 'features', 'age', 'scores.a', 'scores.b'],
      ['a', ' {"x": 1} ', '30', '0.5', ''],
      said,
    );
    assert.deepEqual(row, {
      request_id: 'a',
      model: 'm',
      version: '1',
      features: { x: 1, age: 30 },
      scores: { a: 0.5 },
    });
  });

  test('--text keeps a code that looks like a number', () => {
    const said: Said = { set: { model: 'm', version: '1' }, rest: 'features', text: ['zip', 'prediction'] };
    const row = rowOf(['request_id', 'zip', 'prediction'], ['a', '12345', '1'], said);
    assert.deepEqual(row, { request_id: 'a', model: 'm', version: '1', prediction: '1', features: { zip: '12345' } });
  });

  test('a constant stands for the column of its name', () => {
    assert.deepEqual(
      rowOf(['request_id', 'label', 'source'], ['a', '1', 'x'], { set: { source: 'audit' } }, 'ground-truth'),
      {
        source: 'audit',
        request_id: 'a',
        label: 1,
      },
    );
  });
});

describe('what does not fit is refused before anything is sent', () => {
  const given = { set: { model: 'm', version: '1' } };
  const cases: [what: string, columns: string[], said: Said, message: RegExp, kind?: RowKind][] = [
    ['columns that nothing names', ['request_id', 'age', 'zip'], given, /not a field of predictions: "age", "zip"/],
    ['a required field without a source', ['request_id'], {}, /no column gives model or version/],
    ['a column that there is not', ['request_id'], { ...given, map: { score: 'prob' } }, /there is no column "prob"/],
    ['a feature that there is not', ['request_id'], { ...given, features: ['age'] }, /there is no column "age"/],
    ['a text column that there is not', ['request_id'], { ...given, text: ['zip'] }, /there is no column "zip"/],
    ['a field that there is not', ['request_id'], { map: { scroe: 'request_id' } }, /--map names "scroe"/],
    [
      'a field that is filled twice',
      ['id'],
      { map: { score: 'id' }, set: { score: '1' } },
      /score would be filled twice/,
    ],
    [
      'features of ground truth',
      ['request_id', 'label'],
      { rest: 'features' },
      /--features-rest names/,
      'ground-truth',
    ],
    [
      'a field whose column went elsewhere',
      ['id', 'score', 'p'],
      { ...given, map: { request_id: 'id', score: 'p' } },
      /predictions: "score"/,
    ],
  ];
  for (const [what, columns, said, message, kind] of cases) {
    test(what, () => {
      assert.throws(() => encoder(columns, said, kind), { code: 'bad_use', message });
    });
  }

  test('with the nearest name as a hint', () => {
    assert.throws(() => encoder(['x'], { map: { requestid: 'x' } }), { hint: 'Did you mean request_id?' });
  });

  test('--ignore-rest leaves columns out', () => {
    assert.deepEqual(rowOf(['request_id', 'age'], ['a', '1'], { ...given, rest: 'ignore' }), {
      model: 'm',
      version: '1',
      request_id: 'a',
    });
  });
});
