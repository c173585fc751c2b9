import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chown, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isBarographError } from '../../../src/base/errors.js';
import {
  type EmbeddedEngine,
  type EmbeddedEngineOptions,
  startEmbeddedEngine,
} from '../../../src/storage/embedded/embedded-engine.js';
import { silentLog, temporaryFolder } from '../test-engine.js';

/** Everything a test started is ended after it, however it went. */
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folder(): Promise<string> {
  const path = await temporaryFolder();
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function start(dataFolder: string, options: Partial<EmbeddedEngineOptions> = {}): Promise<EmbeddedEngine> {
  const embedded = await startEmbeddedEngine({ dataFolder, memoryBytesMax: 1024 ** 3, log: silentLog, ...options });
  cleanups.push(() => embedded.stop());
  return embedded;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}

const one = async ({ engine }: EmbeddedEngine): Promise<unknown> => engine.query({ sql: 'SELECT 1 AS one' });

async function makeTable({ engine }: EmbeddedEngine): Promise<void> {
  await engine.command({ sql: 'CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a' });
  await engine.command({ sql: 'INSERT INTO t SELECT number FROM numbers(1000)' });
}
const rowsOf = async ({ engine }: EmbeddedEngine) => {
  const [row] = await engine.query<{ n: string }>({ sql: 'SELECT count() AS n FROM t' });
  return Number(row?.n);
};

interface Parent {
  readonly process: ChildProcess;
  readonly childPid: number;
  readonly nextLine: () => Promise<string>;
}

/** A Barograph of its own, as a process that can be killed. */
async function startParent(
  dataFolder: string,
  options: { uid?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Parent> {
  const script = fileURLToPath(new URL('./parent-process.js', import.meta.url));
  const parent = spawn(process.execPath, [script, dataFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    ...options,
  });
  cleanups.push(async () => parent.kill('SIGKILL'));
  const lines = createInterface({ input: parent.stdout! })[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  const { child } = JSON.parse(await nextLine()) as { child: number };
  return { process: parent, childPid: child, nextLine };
}

describe('a private engine', () => {
  test('answers once it has started, and keeps what it stored over a stop', async () => {
    const path = await folder();
    const first = await start(path);
    assert.deepEqual(first.state, { name: 'running', reason: '' });
    await makeTable(first);
    await first.stop();
    assert.equal(first.state.name, 'stopped');
    assert.equal(isAlive(first.pid), false);
    assert.deepEqual(await readdir(join(path, 'engine-config')), []);
    await first.stop();
    const second = await start(path);
    assert.equal(await rowsOf(second), 1000);
    assert.notEqual(second.admin.password, first.admin.password);
  });

  test('keeps its time in UTC, whatever the time zone of its parent', async () => {
    const before = process.env.TZ;
    process.env.TZ = 'Asia/Tokyo';
    try {
      const { engine } = await start(await folder());
      assert.deepEqual(await engine.query({ sql: 'SELECT timezone() AS tz, serverTimezone() AS server' }), [
        { tz: 'UTC', server: 'UTC' },
      ]);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  test('syncs what it inserts and merges to the disk', async () => {
    const { engine } = await start(await folder());
    const sql = `SELECT name, value FROM system.merge_tree_settings WHERE name IN (
      'fsync_after_insert', 'fsync_part_directory', 'min_compressed_bytes_to_fsync_after_merge') ORDER BY name`;
    assert.deepEqual(await engine.query({ sql }), [
      { name: 'fsync_after_insert', value: '1' },
      { name: 'fsync_part_directory', value: '1' },
      { name: 'min_compressed_bytes_to_fsync_after_merge', value: '1' },
    ]);
  });

  test('is bound to 40 % of the memory there is where nothing else is said', async () => {
    const embedded = await startEmbeddedEngine({ dataFolder: await folder(), log: silentLog });
    cleanups.push(() => embedded.stop());
    const sql = "SELECT toUInt64(value) AS bytes FROM system.server_settings WHERE name = 'max_server_memory_usage'";
    const [row] = await embedded.engine.query<{ bytes: string }>({ sql });
    const available = Math.min(totalmem(), process.constrainedMemory() || totalmem());
    assert.equal(Number(row?.bytes), Math.max(512 * 1024 ** 2, Math.floor(available * 0.4)));
  });

  test('holds no more memory than its bound, and stays sound past it', async () => {
    const embedded = await start(await folder(), { memoryBytesMax: 600 * 1024 ** 2 });
    const sql = 'SELECT length(groupArray(number)) FROM numbers(200000000)';
    await assert.rejects(embedded.engine.query({ sql }), (error) => isBarographError(error, 'query_memory'));
    assert.deepEqual(await one(embedded), [{ one: 1 }]);
  });

  test('takes only the credentials of this start, from no one else', async () => {
    const embedded = await start(await folder());
    const ask = async (authorization?: string, query = '') => {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      const answer = await fetch(`${embedded.url}/${query}`, {
        method: 'POST',
        headers,
        body: "SELECT file('/etc/hosts')",
      });
      await answer.text();
      return answer.status;
    };
    const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    assert.equal(await ask(basic('admin', embedded.admin.password)), 200);
    for (const authorization of [undefined, basic('default', ''), basic('admin', ''), basic('reader', 'x')]) {
      assert.equal(await ask(authorization), 404);
      assert.equal(await ask(authorization, '?user=default'), 404);
      assert.equal(await ask(authorization, '?user=default&password='), 404);
    }
    const get = await fetch(`${embedded.url}/?query=SELECT%201`);
    assert.equal(get.status, 404);
    await get.text();
  });

  test('keeps its passwords from other users of the machine', async () => {
    const path = await folder();
    const embedded = await start(path);
    const [name] = await readdir(join(path, 'engine-config'));
    for (const file of ['config.xml', 'users.xml']) {
      assert.equal((await stat(join(path, 'engine-config', name!, file))).mode & 0o777, 0o600);
    }
    assert.equal((await stat(join(path, 'engine'))).mode & 0o777, 0o700);
    const command = execFileSync('ps', ['-o', 'args=', '-p', String(embedded.pid)], { encoding: 'utf8' });
    assert.ok(!command.includes(embedded.admin.password) && !command.includes(embedded.reader.password));
  });

  test('sees nothing of its parent’s environment', async (t) => {
    if (platform() !== 'linux') return t.skip('the environment of another process is read from /proc');
    const env = { ...process.env, AWS_SECRET_ACCESS_KEY: 'a secret of the parent' };
    const { childPid } = await startParent(await folder(), { env });
    assert.ok(!(await readFile(`/proc/${childPid}/environ`, 'utf8')).includes('a secret of the parent'));
  });

  test('runs for a user without privileges', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can become another user; the other tests ran as one');
    const path = await folder();
    const nobody = 65534;
    await chown(path, nobody, nobody);
    const { childPid } = await startParent(path, { uid: nobody });
    assert.ok(isAlive(childPid));
  });
});

describe('the data folder', () => {
  test('that is in use is refused with its name, and its owner is not disturbed', async () => {
    const path = await folder();
    const owner = await start(path);
    await makeTable(owner);
    await assert.rejects(
      startEmbeddedEngine({ dataFolder: path, log: silentLog }),
      (error) => isBarographError(error, 'folder_in_use') && error.message.includes(path),
    );
    assert.equal(await rowsOf(owner), 1000);
    assert.deepEqual(owner.state, { name: 'running', reason: '' });
    assert.equal((await readdir(join(path, 'engine-config'))).length, 1);
  });

  test('that cannot be made is refused with its name', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    await assert.rejects(
      startEmbeddedEngine({ dataFolder: join(file, 'data'), log: silentLog }),
      (error) => isBarographError(error, 'bad_configuration') && error.message.includes(file),
    );
  });

  test('is cleared of the configuration of a start that was killed', async () => {
    const path = await folder();
    await mkdir(join(path, 'engine-config', 'start-killed'), { recursive: true });
    await start(path);
    const left = await readdir(join(path, 'engine-config'));
    assert.equal(left.length, 1);
    assert.ok(!left.includes('start-killed'));
  });

  test('whose parts are damaged opens, and each such part is told in the log', async () => {
    const path = await folder();
    const first = await start(path);
    await makeTable(first);
    const [part] = await first.engine.query<{ path: string }>({
      sql: "SELECT path FROM system.parts WHERE table = 't' AND active",
    });
    await first.engine.command({ sql: 'INSERT INTO t VALUES (5000)' });
    await first.stop();
    for (const file of await readdir(part!.path)) await truncate(join(part!.path, file), 0);
    const told: object[] = [];
    const second = await start(path, { log: { ...silentLog, error: (fields) => told.push(fields) } });
    assert.equal(await rowsOf(second), 1);
    assert.equal(told.length, 1);
    assert.ok(JSON.stringify(told[0]).includes('"table":"t"'), JSON.stringify(told));
  });
});

describe('a server that is gone', () => {
  test('by kill -9 is started again with its rows, and the same engine goes on', async () => {
    const told: string[] = [];
    const embedded = await start(await folder(), { log: { ...silentLog, error: (_, message) => told.push(message) } });
    await makeTable(embedded);
    for (let round = 0; round < 2; round++) {
      const killed = embedded.pid;
      process.kill(killed, 'SIGKILL');
      await until(() => embedded.state.name === 'restarting');
      assert.match(embedded.state.reason, /SIGKILL/);
      await until(() => embedded.state.name === 'running');
      assert.notEqual(embedded.pid, killed);
      assert.equal(await rowsOf(embedded), 1000);
    }
    assert.equal(told.length, 2);
  });

  test('fails what was asked of it meanwhile as unavailable', async () => {
    const embedded = await start(await folder());
    const running = embedded.engine.query({ sql: 'SELECT sum(number) FROM system.numbers' });
    const failed = assert.rejects(running, (error) => isBarographError(error, 'engine_unavailable'));
    await until(
      async () =>
        (
          await embedded.engine.query({
            sql: "SELECT 1 FROM system.processes WHERE query LIKE '%sum(number)%' AND query NOT LIKE '%processes%'",
          })
        ).length > 0,
    );
    process.kill(embedded.pid, 'SIGKILL');
    await failed;
    await until(() => embedded.state.name === 'restarting');
    await assert.rejects(one(embedded), (error) => isBarographError(error, 'engine_unavailable'));
    await until(() => embedded.state.name === 'running');
    assert.deepEqual(await one(embedded), [{ one: 1 }]);
  });

  test('silent, though it lives, is killed and started again', async () => {
    const embedded = await start(await folder(), { silenceMsMax: 1_000 });
    const stopped = embedded.pid;
    process.kill(stopped, 'SIGSTOP');
    await until(() => embedded.state.name === 'restarting');
    assert.match(embedded.state.reason, /pings/);
    await until(() => embedded.state.name === 'running');
    assert.equal(isAlive(stopped), false);
    assert.deepEqual(await one(embedded), [{ one: 1 }]);
  });

  test('is not started again once the engine is stopped', async () => {
    const embedded = await start(await folder());
    process.kill(embedded.pid, 'SIGKILL');
    await until(() => embedded.state.name === 'restarting');
    await embedded.stop();
    assert.equal(embedded.state.name, 'stopped');
    assert.equal(isAlive(embedded.pid), false);
  });
});

describe('a parent', () => {
  test('that is killed with -9 leaves no server behind, and the folder is free', async () => {
    const path = await folder();
    const parent = await startParent(path);
    assert.ok(isAlive(parent.childPid));
    parent.process.kill('SIGKILL');
    await until(() => !isAlive(parent.childPid));
    await start(path);
  });

  test('that is interrupted at the terminal still has its server, to stop it in order', async () => {
    const parent = await startParent(await folder());
    process.kill(-parent.process.pid!, 'SIGINT');
    assert.equal(await parent.nextLine(), 'interrupted');
    assert.ok(isAlive(parent.childPid));
  });
});

describe('a full disk', () => {
  let mounted: string | undefined;
  /** A file system of 48 MB, where this process may mount one. */
  async function smallDisk(t: TestContext): Promise<string | undefined> {
    const path = await folder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', path], { stdio: 'ignore' });
    } catch {
      t.skip('mounting a small file system needs privileges that this process has not');
      return undefined;
    }
    mounted = path;
    cleanups.push(async () => unmount());
    return path;
  }
  const unmount = () => {
    if (mounted !== undefined) execFileSync('umount', [mounted]);
    mounted = undefined;
  };
  after(unmount);

  test('refuses inserts as full, goes on answering, and takes them again when there is room', async (t) => {
    const path = await smallDisk(t);
    if (path === undefined) return;
    const embedded = await start(path);
    await makeTable(embedded);
    await writeFile(join(path, 'ballast'), Buffer.alloc(20 * 1024 ** 2));
    const fill = async () => {
      for (;;) await embedded.engine.command({ sql: 'INSERT INTO t SELECT rand64() FROM numbers(500000)' });
    };
    await assert.rejects(fill(), (error) => isBarographError(error, 'disk_full'));
    const rows = await rowsOf(embedded);
    assert.ok(rows >= 1000);
    await rm(join(path, 'ballast'));
    await embedded.engine.command({ sql: 'INSERT INTO t SELECT 1' });
    assert.equal(await rowsOf(embedded), rows + 1);
  });

  test('is told at the start, with its name', async (t) => {
    const path = await smallDisk(t);
    if (path === undefined) return;
    const fill = async () => {
      for (let i = 0; ; i++) await writeFile(join(path, `ballast${i}`), Buffer.alloc(1024 ** 2));
    };
    await assert.rejects(fill());
    await assert.rejects(
      startEmbeddedEngine({ dataFolder: path, log: silentLog }),
      (error) => isBarographError(error, 'disk_full') && error.message.includes(path),
    );
  });
});
