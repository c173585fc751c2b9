/** The forms of an answer, over HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import fastify, { type FastifyInstance } from 'fastify';
import { parquetReadObjects } from 'hyparquet';
import { isBarographError } from '../../src/base/errors.js';
import { errorAnswer } from '../../src/http/contract/errors.js';
import { type EvaluationAnswer, evaluationSchemas } from '../../src/http/contract/evaluations.js';
import { registerEvaluations } from '../../src/http/evaluations.js';
import { encodeTable } from '../../src/http/tabular.js';
import type { TestEngine } from '../storage/test-engine.js';
import { dayMs, startEvaluationEngine, startMs, storePredictions } from './stored-predictions.js';

let testEngine: TestEngine;
let app: FastifyInstance;
let waits = 0;

before(async () => {
  testEngine = await startEvaluationEngine();
  await storePredictions(testEngine.engine, [
    { model: 'm', region: 'a "b",\r\nc', prediction: 1, score: 0.75, truths: [{ label: 1 }] },
    { model: 'm', region: 'a "b",\r\nc', prediction: 1, score: 0.5, truths: [{ label: 0 }] },
    { model: 'm', tsMs: startMs + dayMs, prediction: 0, score: 0.25 },
  ]);
  app = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array' } } });
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, _request, reply) =>
    isBarographError(error)
      ? reply.code(error.kind.status).send({ error: { code: error.code, message: error.message, hint: error.hint } })
      : reply.send(error),
  );
  for (const schema of [errorAnswer, ...evaluationSchemas]) app.addSchema(schema);
  registerEvaluations(app, {
    engine: testEngine.engine,
    waitUntilStored: async () => {
      waits++;
    },
    limits: { rowsMax: 1_000, timeMsMax: 60_000, memoryBytesMax: 1024 ** 3 },
  });
  await app.ready();
});
after(async () => {
  await app.close();
  await testEngine.stop();
});

const get = (query: Record<string, string>, accept?: string) =>
  app.inject({
    url: '/api/ml/evaluations',
    query: { model: 'm', every: '1d', by: 'region', metrics: 'accuracy,roc_auc,tp', ...query },
    ...(accept !== undefined && { headers: { accept } }),
  });

const region = 'a "b",\r\nc';
const [day1, day2, day3] = [startMs, startMs + dayMs, startMs + 2 * dayMs];
const iso = (timeMs: number): string => new Date(timeMs).toISOString();

test('JSON holds the task, the range, the rows and the notes', async () => {
  const { statusCode, body } = await get({});
  assert.equal(statusCode, 200);
  const { notes, ...answer } = JSON.parse(body) as EvaluationAnswer;
  assert.deepEqual(answer, {
    model: 'm',
    version: null,
    task: 'classification',
    task_reason: 'truths are whole numbers with at most 20 distinct values',
    positive: '1',
    positive_reason: '"1" says yes',
    classes: ['0', '1'],
    from: iso(day1),
    to: iso(day2 + 1),
    every: '1d',
    as_of: null,
    rows: [
      {
        from: iso(day1),
        to: iso(day2),
        cohort: { region },
        count: 2,
        with_truth: 2,
        coverage: 1,
        metrics: { accuracy: 0.5, roc_auc: 1, tp: 1 },
      },
      {
        from: iso(day2),
        to: iso(day3),
        cohort: { region: null },
        count: 1,
        with_truth: 0,
        coverage: 0,
        metrics: { accuracy: null, roc_auc: null, tp: 0 },
      },
    ],
  });
  assert.deepEqual(notes, ['accuracy, roc_auc: null where no prediction has truth (1 row).']);
});

describe('tables', () => {
  const columns = ['from', 'to', 'region', 'count', 'with_truth', 'coverage', 'accuracy', 'roc_auc', 'tp'];

  test('CSV quotes as RFC 4180 wants, and null is an empty field', async () => {
    const { body, headers } = await get({ format: 'csv' });
    assert.match(String(headers['content-type']), /^text\/csv/);
    assert.equal(body.split('\r\n').at(-2), `${iso(day2)},${iso(day3)},,1,0,0,,,0`);
    assert.deepEqual(parse(body, { record_delimiter: '\r\n' }), [
      columns,
      [iso(day1), iso(day2), region, '2', '2', '1', '0.5', '1', '1'],
      [iso(day2), iso(day3), '', '1', '0', '0', '', '', '0'],
    ]);
  });

  const rows = [
    [new Date(day1), new Date(day2), region, 2n, 2n, 1, 0.5, 1, 1n],
    [new Date(day2), new Date(day3), null, 1n, 0n, 0, null, null, 0n],
  ];

  test('Parquet reads back with its types and nulls', async () => {
    const { rawPayload, headers } = await get({ format: 'parquet' });
    assert.equal(headers['content-type'], 'application/vnd.apache.parquet');
    const file = new Uint8Array(rawPayload).buffer;
    const read = await parquetReadObjects({ file });
    assert.deepEqual(read.map(Object.keys), [columns, columns]);
    assert.deepEqual(read.map(Object.values), rows);
  });

  test('Arrow reads back with its types and nulls', async () => {
    const { rawPayload, headers } = await get({ format: 'arrow' });
    assert.equal(headers['content-type'], 'application/vnd.apache.arrow.stream');
    const table = tableFromIPC(rawPayload);
    assert.deepEqual(
      table.schema.fields.map(({ name, type }) => `${name} ${type}`),
      [
        'from Timestamp<MILLISECOND, UTC>',
        'to Timestamp<MILLISECOND, UTC>',
        'region Utf8',
        'count Int64',
        'with_truth Int64',
        'coverage Float64',
        'accuracy Float64',
        'roc_auc Float64',
        'tp Int64',
      ],
    );
    const read = table.toArray().map((row) => Object.values(row?.toJSON() ?? {}));
    const inMs = rows.map((row) => row.map((value) => (value instanceof Date ? value.getTime() : value)));
    assert.deepEqual(read, inMs);
  });

  for (const format of ['csv', 'parquet', 'arrow'])
    test(`${format} of no rows still has its columns`, async () => {
      const { rawPayload, body } = await get({ format, from: '2001-01-01', to: '2001-01-02' });
      if (format === 'csv') assert.equal(body, `${columns.join(',')}\r\n`);
      if (format === 'arrow')
        assert.deepEqual(
          tableFromIPC(rawPayload).schema.fields.map(({ name }) => name),
          columns,
        );
      if (format === 'parquet')
        assert.deepEqual(await parquetReadObjects({ file: new Uint8Array(rawPayload).buffer }), []);
    });

  test('an empty text in CSV is quoted, so that it is not null', async () => {
    const csv = await encodeTable('csv', [
      { name: 'a,b', type: 'text', values: ['', null, 'x'] },
      { name: 'n', type: 'number', values: [1e21, null, -0.1] },
    ]);
    assert.equal(Buffer.from(csv).toString(), '"a,b",n\r\n"",1e+21\r\n,\r\nx,-0.1\r\n');
  });
});

describe('the form of an answer', () => {
  const cases: [accept: string, type: RegExp][] = [
    ['*/*', /^application\/json/],
    ['text/html, application/json;q=0.9, */*;q=0.1', /^application\/json/],
    ['text/*', /^text\/csv/],
    ['application/json;q=0.2, text/csv', /^text\/csv/],
    ['application/*;q=0.5, application/json;q=0, application/vnd.apache.arrow.stream', /arrow/],
    ['application/vnd.apache.parquet', /parquet/],
  ];
  for (const [accept, type] of cases)
    test(`Accept: ${accept}`, async () => assert.match(String((await get({}, accept)).headers['content-type']), type));

  test('the parameter goes before Accept', async () => {
    assert.match(String((await get({ format: 'csv' }, 'application/json')).headers['content-type']), /^text\/csv/);
  });

  for (const accept of ['text/html', 'application/json;q=0'])
    test(`Accept: ${accept} is refused with what is offered`, async () => {
      const { statusCode, body } = await get({}, accept);
      const { error } = JSON.parse(body) as { error: { code: string; hint: string } };
      assert.deepEqual([statusCode, error.code], [406, 'not_acceptable']);
      assert.match(error.hint, /application\/json, text\/csv/);
    });
});

describe('requests', () => {
  test('fresh=1 waits for what was acknowledged, and nothing else does', async () => {
    const before = waits;
    await get({});
    await get({ fresh: '0' });
    assert.equal(waits, before);
    await get({ fresh: '1' });
    assert.equal(waits, before + 1);
  });

  const refused: [name: string, query: Record<string, string>, says: RegExp][] = [
    ['an unknown metric', { metrics: 'acuracy' }, /Did you mean accuracy\?/],
    ['a time of no form', { from: 'yesterday' }, /from "yesterday" is not a time/],
    ['a range without length', { from: '2026-01-02', to: '2026-01-02' }, /is not before/],
    ['a bucket of two years', { every: '2y' }, /1m to 1y/],
    ['an unknown column', { by: 'city' }, /is not a column/],
  ];
  for (const [name, query, says] of refused)
    test(`${name} is refused`, async () => {
      const { statusCode, body } = await get(query);
      const { error } = JSON.parse(body) as { error: { code: string; message: string; hint: string } };
      assert.deepEqual([statusCode, error.code], [400, 'bad_request']);
      assert.match(`${error.message} ${error.hint}`, says);
    });

  for (const [name, query] of [
    ['a parameter that does not exist', { modle: 'x' }],
    ['a format that does not exist', { format: 'xml' }],
    ['an empty model', { model: '' }],
  ] as const)
    test(`${name} does not fit the schema`, async () => assert.equal((await get(query)).statusCode, 400));
});
