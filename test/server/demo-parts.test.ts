import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  type CensusRow,
  censusFolder,
  correctedTruthLine,
  firstTruthLine,
  predictionLine,
  readCensus,
} from '../../src/server/cli/demo-data.js';
import { prepareFolder } from '../../src/server/cli/demo-server.js';
import { textTable, wrapped } from '../../src/server/cli/demo-table.js';
import { runCli } from './cli-process.js';

describe('the data of the demo', () => {
  test('is every row of the files, spread over its year in the order of ids, with its truth', async () => {
    const rows = await readCensus(censusFolder, { sampleEvery: 1 });
    assert.equal(rows.length, 277_677);
    assert.deepEqual(
      rows.map(({ tsMs }) => tsMs),
      rows.map(({ tsMs }) => tsMs).sort((a, b) => a - b),
    );
    assert.equal(rows[0]!.tsMs, Date.UTC(2015));
    const ofYear = rows.filter(({ tsMs }) => tsMs >= Date.UTC(2016) && tsMs < Date.UTC(2017));
    assert.deepEqual([ofYear[0]!.id, ofYear[0]!.tsMs], [68_785, Date.UTC(2016)]);
    const dayMs = 86_400_000;
    const perDay = new Map<number, number>();
    for (const { tsMs } of ofYear)
      perDay.set(Math.floor(tsMs / dayMs), (perDay.get(Math.floor(tsMs / dayMs)) ?? 0) + 1);
    assert.equal(perDay.size, 366);
    assert.ok(Math.max(...perDay.values()) - Math.min(...perDay.values()) <= 1);
  });

  test('flips the first truths of ids that end in 7 in March 2018, and no others', () => {
    const encode = (_: number, cells: readonly unknown[]) => ({ line: JSON.stringify(cells) });
    const row = (id: number, tsMs: number): CensusRow => ({ id, tsMs, cells: [7], encode, employed: 1 });
    const march = row(250_007, Date.UTC(2018, 2, 31));
    const labelOf = (line: string): unknown => JSON.parse(line).label;
    assert.deepEqual(JSON.parse(firstTruthLine(march)), {
      request_id: '250007',
      label: 0,
      ts: Date.UTC(2018, 3, 30),
      source: 'registry',
      revision: 1,
    });
    assert.equal(labelOf(correctedTruthLine(march)), 1);
    assert.equal(labelOf(firstTruthLine(row(250_008, Date.UTC(2018, 2, 31)))), 1);
    assert.equal(labelOf(firstTruthLine(row(250_007, Date.UTC(2018, 3, 1)))), 1);
    assert.equal(predictionLine(march), `[7,${march.tsMs}]`);
  });
});

describe('the folder of the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-demo-'));
  after(() => rmSync(folder, { recursive: true }));

  test('is made where it is missing, and emptied where a demo made it', async () => {
    const made = join(folder, 'a/b');
    await prepareFolder(made);
    mkdirSync(join(made, 'engine'));
    writeFileSync(join(made, 'engine', 'data'), 'x');
    await prepareFolder(made);
    assert.deepEqual(readdirSync(made), ['.barograph-demo']);
  });

  test('is not emptied where something else is in it', async () => {
    const precious = join(folder, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'thesis.tex'), 'x');
    await assert.rejects(prepareFolder(precious), { code: 'bad_use' });
    const { code, stderr } = await runCli(['demo', '--data', precious]);
    assert.equal(code, 2);
    assert.match(stderr, /precious is not empty and not a folder of the demo's/);
    assert.deepEqual(readdirSync(precious), ['thesis.tex']);
  });
});

test('tables line up, numbers right and texts left', () => {
  const columns = [
    { title: 'name', align: 'left' },
    { title: 'n', align: 'right' },
  ] as const;
  assert.deepEqual(
    textTable(columns, [
      ['a', '1'],
      ['longer', '1,000'],
    ]),
    ['name        n', '------  -----', 'a           1', 'longer  1,000'],
  );
});

test('long lines are broken at commas and spaces, and nothing of them is lost', () => {
  const text = '  "features": {"AGEP":62,"SCHL":"16","MAR":"1"}';
  const lines = wrapped(text, 24, '    ');
  assert.deepEqual(lines, ['  "features":', '    {"AGEP":62,', '    "SCHL":"16",', '    "MAR":"1"}']);
  assert.deepEqual(wrapped('short', 24, '  '), ['short']);
});
