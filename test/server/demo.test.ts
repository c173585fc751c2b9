import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CensusRow, censusFolder, isFaulty, readCensus } from '../../src/server/cli/demo-data.js';
import { runDemo } from '../../src/server/cli/demo-run.js';
import { startProgress } from '../../src/server/cli/progress.js';
import { packageRoot } from './cli-process.js';
import { startTestServer, type TestServer } from './test-server.js';

interface Figures {
  readonly count: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly roc_auc: number;
  readonly brier: number;
}

/** What scikit-learn says of the same sample; see fixtures/make.py. */
const oracle = JSON.parse(readFileSync(join(packageRoot, 'test/server/fixtures/census-employment.json'), 'utf8')) as {
  readonly every: number;
  readonly from_year: number;
  readonly corrected: number;
  readonly by_year_first: Record<string, Figures>;
  readonly by_year_final: Record<string, Figures>;
  readonly by_age_first: Figures[];
  readonly by_sex_first: Record<string, Figures>;
  readonly worst_month_first: [month: string, figures: Figures];
  readonly march_first: Figures;
  readonly march_final: Figures;
};

describe('the demo on a sample of the data', () => {
  let server: TestServer;
  let rows: CensusRow[];
  const printed: string[] = [];

  before(async () => {
    [server, rows] = await Promise.all([
      startTestServer(),
      readCensus(censusFolder, { sampleEvery: oracle.every, fromYear: oracle.from_year }),
    ]);
    const progress = startProgress({ write: () => undefined });
    await runDemo({ url: server.url, rows, progress, print: (line) => printed.push(...line.split('\n')) });
  });
  after(() => server?.stop());

  /** The cells of the lines of the table under a title, by the name of the row. */
  function tableUnder(title: string, firstColumn: string): Map<string, string[]> {
    const start = printed.findIndex((line, i) => i > printed.indexOf(title) && line.startsWith(`${firstColumn} `));
    assert.ok(printed.includes(title) && start >= 0, printed.join('\n'));
    const lines = printed.slice(start + 2, printed.indexOf('', start));
    return new Map(lines.map((line) => line.split(/ {2,}/)).map(([name, ...cells]) => [name!, cells]));
  }

  const cellsOf = (figures: Figures): string[] => [
    figures.count.toLocaleString('en-US'),
    '100.0 %',
    ...[figures.accuracy, figures.precision, figures.recall, figures.f1, figures.roc_auc, figures.brier].map((value) =>
      value.toFixed(4),
    ),
  ];

  test('prints the figures of every year that scikit-learn gives, the faulty truths included', () => {
    const table = tableUnder('How good was it, year by year?', 'year');
    assert.deepEqual(
      Object.fromEntries(table),
      Object.fromEntries(Object.entries(oracle.by_year_first).map(([year, figures]) => [year, cellsOf(figures)])),
    );
  });

  test('prints the figures of every age group and of both sexes that scikit-learn gives', () => {
    const ages = tableUnder('For whom?', 'age');
    assert.deepEqual([...ages.values()], oracle.by_age_first.map(cellsOf));
    const sexes = tableUnder('For whom?', 'sex');
    assert.deepEqual(Object.fromEntries(sexes), {
      '1 male': cellsOf(oracle.by_sex_first['1']!),
      '2 female': cellsOf(oracle.by_sex_first['2']!),
    });
  });

  test('prints the worst month first', () => {
    const [month, figures] = oracle.worst_month_first;
    const [[firstMonth, cells]] = [...tableUnder('When was it worst?', 'month')] as [[string, string[]]];
    assert.deepEqual([firstMonth, cells], [month, cellsOf(figures)]);
  });

  test('prints the month of the correction before it, after it, and as it was known before', () => {
    const title = printed.find((line) => line.startsWith('The registry corrects'));
    assert.equal(title?.match(/corrects (\d+) truths of 2018-03/)?.[1], String(oracle.corrected));
    const table = tableUnder(title!, '2018-03');
    assert.deepEqual(Object.fromEntries(table), {
      before: cellsOf(oracle.march_first),
      after: cellsOf(oracle.march_final),
      'as_of 2019-02-28': cellsOf(oracle.march_first),
    });
    assert.notEqual(oracle.march_first.accuracy, oracle.march_final.accuracy);
  });

  test('leaves the real truth behind', async () => {
    interface Row {
      from: string;
      count: number;
      metrics: Record<string, number>;
    }
    const { body } = await server.get<{ rows: Row[] }>('/api/ml/evaluations?model=employment&every=1y&fresh=1');
    const figures = body.rows.map(({ from, count, metrics }) => [from.slice(0, 4), count, metrics.accuracy]);
    assert.deepEqual(
      figures,
      Object.entries(oracle.by_year_final).map(([year, { count, accuracy }]) => [year, count, accuracy]),
    );
  });

  test('prints one prediction with both revisions of its truth', () => {
    const text = printed.join('\n');
    const id = rows.find(isFaulty)!.id;
    assert.ok(text.includes(`GET /api/ml/predictions/${id}`));
    assert.match(text, /"revision":1/);
    assert.match(text, /"revision":2/);
  });

  test('prints commands that work', async () => {
    const curl = printed.find((line) => line.startsWith(`curl '${server.url}`))!;
    const answer = await server.get<string>(curl.slice(`curl '${server.url}`.length, -1));
    assert.equal(answer.status, 200);
    assert.equal(answer.body.trim().split('\n').length, 1 + 24);
    const sql = JSON.parse(printed.find((line) => line.includes('-d '))!.match(/'(.*)'/)![1]!) as { query: string };
    const years = await server.post<string>('/api/sql', JSON.stringify(sql), { 'content-type': 'application/json' });
    assert.equal(years.status, 200, JSON.stringify(years.body));
  });

  test('prints no line wider than a hundred characters', () => {
    assert.deepEqual(
      printed.filter((line) => line.length > 100),
      [],
    );
  });
});
