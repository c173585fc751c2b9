import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BarographError } from '../../src/base/errors.js';
import { describeFailure, runProgram } from '../../src/server/cli/program.js';
import { packageRoot, runCli } from './cli-process.js';

let workingFolder: string;
before(() => {
  workingFolder = mkdtempSync(join(tmpdir(), 'barograph-cli-'));
});
after(() => rmSync(workingFolder, { recursive: true }));

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };

test('--version prints the version of the package and succeeds', async () => {
  assert.deepEqual(await runCli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

/** Runs the command line in this process. */
async function run(args: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await runProgram(args, {
    writeOut: (text) => {
      said.out += text;
    },
    writeErr: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

test('help lists every command and succeeds', async () => {
  const { code, out } = await run(['help']);
  assert.equal(code, 0);
  for (const command of ['serve', 'demo', 'sql', 'import', 'status', 'help'])
    assert.match(out, new RegExp(`^ {2}${command}\\b`, 'm'));
});

test('every command says what it takes', async () => {
  for (const command of ['serve', 'demo', 'sql', 'import', 'status']) {
    const { code, out } = await run(['help', command]);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: barograph ${command} `));
  }
});

test('bad use ends with 2 and says what is wrong', async () => {
  const cases: [string[], RegExp][] = [
    [[], /^Usage: barograph /],
    [['serv'], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [['serve', '--dta', 'x'], /unknown option '--dta'\n\(Did you mean --data\?\)/],
    [['serve', 'extra'], /too many arguments/],
    [['serve', '--data'], /option '--data <folder>' argument missing/],
    [['sql', 'select 1', '--param', 'x'], /--param: got "x", wanted name=value/],
    [['sql', 'select 1', '--file', 'x.sql'], /a statement and --file: wanted one of them/],
    [['sql', '--file', 'missing.sql'], /--file: ENOENT/],
    [['sql', ' '], /the statement is empty/],
    [['status', '--url', 'localhost:4800'], /--url: got "localhost:4800", wanted an http or https URL/],
    [['status', '--listen', '127.0.0.1:0'], /listen names port 0/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await run(args);
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.equal(out, '', args.join(' '));
    assert.match(err, message);
  }
});

test('sql without a statement on its standard input ends with 2', async () => {
  const { code, stderr } = await runCli(['sql'], { input: '\n' });
  assert.equal(code, 2);
  assert.match(stderr, /the statement is empty/);
});

test('a wrong configuration ends with 2, names key and source, and starts nothing', async () => {
  const folder = join(workingFolder, 'wrong');
  mkdirSync(folder);
  writeFileSync(join(folder, 'barograph.yaml'), 'ingest:\n  flush_intervall: 1s\n');
  const { code, stderr } = await runCli(['serve', '--set', 'log.level=loud'], { workingFolder: folder });
  assert.equal(code, 2);
  assert.match(stderr, /^error bad_configuration: 2 problems:\n/);
  assert.match(
    stderr,
    /barograph\.yaml, line 2, column 3: unknown key ingest\.flush_intervall; .* ingest\.flush_interval\n/,
  );
  assert.match(stderr, /log\.level \(--set log\.level\): got "loud", wanted one of trace, /);
  assert.match(stderr, /^hint: docs\/reference\/configuration\.md/m);
});

test('before it is built it says how to build it', () => {
  const bare = join(workingFolder, 'bare');
  cpSync(join(packageRoot, 'bin'), join(bare, 'bin'), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [join(bare, 'bin', 'barograph.mjs'), 'help'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /not built yet. Run `npm run setup`/);
});

test('a failure that was meant is told by code, message and hint, a defect by its stack', () => {
  assert.equal(
    describeFailure(new BarographError('disk_full', 'no room in data', { hint: 'Make room.' })),
    'error disk_full: no room in data\nhint: Make room.\n',
  );
  assert.equal(describeFailure(new BarographError('disk_full', 'no room')), 'error disk_full: no room\n');
  assert.match(describeFailure(new TypeError('x is undefined')), /^error internal: TypeError: x is undefined\n {4}at /);
});
