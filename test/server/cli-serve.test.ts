import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, test } from 'node:test';
import { type CliProcess, runCli, startCli } from './cli-process.js';

let dataFolder: string;
let server: CliProcess | undefined;
before(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'barograph-serve-'));
});
afterEach(async () => {
  if (server?.exitCode === null && server.signalCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
});
after(() => rmSync(dataFolder, { recursive: true, force: true }));

/** Starts a server on a free port and gives its URL once it says that it is ready. */
async function startServer(...set: readonly string[]): Promise<{ child: CliProcess; url: string }> {
  const args = [
    'serve',
    '--data',
    dataFolder,
    '--listen',
    '127.0.0.1:0',
    ...['log.format=json', ...set].flatMap((key) => ['--set', key]),
  ];
  server = startCli(args, { workingFolder: dataFolder });
  const url = await lineMatching(server.stdout, /^Barograph is ready at (http:\S+)$/);
  return { child: server, url };
}

/** The first group of the first line that matches. */
async function lineMatching(stream: Readable, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    const match = pattern.exec(line);
    if (match !== null) return match[1] ?? line;
  }
  return assert.fail(`the program ended without a line like ${pattern}`);
}

test('serve answers status and sql, and a SIGTERM ends it with success', async () => {
  const { child, url } = await startServer();
  const log = text(child.stderr);
  const status = await runCli(['status', '--url', url]);
  assert.equal(status.code, 0, status.stdout + status.stderr);
  assert.ok(status.stdout.includes(`at ${url} is ready\n`), status.stdout);
  const sql = await runCli(['sql', 'select {a:Int32} + 1 as x', '--param', 'a=41', '--url', url]);
  assert.deepEqual(sql, { code: 0, stdout: 'x\n42\n', stderr: '' });
  const refused = await runCli(['sql', 'drop table predictions', '--url', url]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error query_not_allowed: /);

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null], await log);
  assert.equal((await runCli(['status', '--url', url])).code, 1);
});

test('a second signal ends the server at once, without waiting for a request that is being answered', async () => {
  const { child, url } = await startServer();
  const unfinished = request(`${url}/api/ml/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'content-length': '1000' },
  });
  unfinished.on('error', () => {});
  await new Promise<void>((resolve) => unfinished.write('{', () => resolve()));

  child.kill('SIGINT');
  await lineMatching(child.stderr, /"msg":"stopping; a second signal stops at once"/);
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [1, null]);
});

test('an address that is taken ends serve with 2 and a sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, stderr } = await runCli(['serve', '--data', dataFolder, '--listen', listen]);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      new RegExp(`error bad_configuration: cannot listen on ${listen}: another program listens there`),
    );
  } finally {
    other.close();
  }
});

test("on Linux V8's threads go behind the one that acknowledges", {
  skip: process.platform !== 'linux' && 'threads have no levels of their own there',
}, async () => {
  // No thread of heavy queries, which goes behind too.
  const { child } = await startServer('query.promql.rehearsal=off');
  const folder = `/proc/${child.pid}/task`;
  const levels = readdirSync(folder).map((thread) => {
    const fields = readFileSync(`${folder}/${thread}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { thread: Number(thread), level: Number(fields[16]) };
  });
  const main = levels.find(({ thread }) => thread === child.pid)!;
  const lower = levels.filter(({ level }) => level > main.level).map(({ thread }) => thread);
  assert.equal(lower.length, 4, JSON.stringify(levels));
  const named = lower.map((thread) => readFileSync(`${folder}/${thread}/comm`, 'utf8').trim());
  assert.ok(
    named.every((name) => name === 'V8Worker' || name === 'node'),
    named.join(),
  );
});

test('a SIGHUP has the configuration read again, and a broken one is told in the log', async () => {
  const file = join(dataFolder, 'barograph.yaml');
  writeFileSync(file, '');
  const { child, url } = await startServer();
  const pools = async (): Promise<string[]> =>
    ((await (await fetch(`${url}/api/v1/scrape_pools`)).json()) as { data: { scrapePools: string[] } }).data
      .scrapePools;
  assert.deepEqual(await pools(), []);
  writeFileSync(file, 'scrape_configs: [{job_name: a, static_configs: [{targets: ["127.0.0.1:1"]}]}]');
  child.kill('SIGHUP');
  await lineMatching(child.stderr, /"msg":"configuration read again"/);
  assert.deepEqual(await pools(), ['a']);
  writeFileSync(file, 'scrape_configs: [{job_name: a, scheme: ftp}]');
  child.kill('SIGHUP');
  await lineMatching(child.stderr, /scheme.*"msg":"the configuration stays as it was"/);
  assert.deepEqual(await pools(), ['a']);
  rmSync(file);
});
