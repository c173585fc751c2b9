/**
 * A cluster of two shards on loopback, as near as the embedded engine comes to one. It keeps no Keeper, and what reads the queue of `ON CLUSTER` runs
 * in the server program alone, so statements of that kind are sent to each node in turn, and replicated tables are made as the same
 * tables without replicas. All else is as on a cluster: Distributed tables, macros, copies from shard to shard.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openClickhouseEngine } from '../../../src/storage/clickhouse-engine.js';
import { type EngineChild, startChild } from '../../../src/storage/embedded/child-process.js';
import { freePort } from '../../../src/storage/embedded/free-port.js';
import { libraryPath } from '../../../src/storage/embedded/library-path.js';
import type { Engine, Statement } from '../../../src/storage/engine.js';
import type { Topology } from '../../../src/storage/schema/table.js';
import { temporaryFolder } from '../test-engine.js';

export interface TestCluster {
  /** Speaks to the first node; statements ON CLUSTER go to both. */
  readonly engine: Engine;
  readonly nodes: readonly Engine[];
  readonly topology: Topology & { readonly cluster: string };
  /** Statements ON CLUSTER so far. */
  readonly onCluster: readonly string[];
  stop(): Promise<void>;
}

const database = 'spread';
const cluster = 'prod';
const admin = { username: 'ops', password: 'of the test' };

interface Node {
  readonly child: EngineChild;
  readonly engine: Engine;
}

export async function startTestCluster(): Promise<TestCluster> {
  const root = await temporaryFolder();
  const tcpPorts = [await freePort(), await freePort()];
  const nodes: Node[] = [];
  for (const i of tcpPorts.keys()) nodes.push(await startNode(join(root, `node${i}`), i, tcpPorts));
  const engines = nodes.map(({ engine }) => engine);
  const onCluster: string[] = [];
  return {
    engine: spreading(engines, onCluster),
    nodes: engines,
    topology: { database, cluster },
    onCluster,
    async stop() {
      await Promise.all(engines.map((engine) => engine.close()));
      await Promise.all(nodes.map(({ child }) => child.end(0)));
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Sends what is ON CLUSTER to each node, as the queue would, in the form that a node without a Keeper takes. */
function spreading(nodes: readonly Engine[], onCluster: string[]): Engine {
  const [first] = nodes as [Engine];
  return {
    ...first,
    async command(statement: Statement) {
      const bare = statement.sql.replace(` ON CLUSTER '${cluster}'`, '');
      if (bare === statement.sql) return first.command(statement);
      onCluster.push(statement.sql);
      const sql = bare.replace(/ENGINE = Replicated(\w*MergeTree)\('[^']*', '[^']*'\)/, 'ENGINE = $1()');
      for (const node of nodes) await node.command({ ...statement, sql });
    },
  };
}

async function startNode(root: string, i: number, tcpPorts: readonly number[]): Promise<Node> {
  const folder = join(root, 'engine');
  const configPath = join(root, 'config.xml');
  await mkdir(folder, { recursive: true });
  await writeFile(configPath, configXml(i, tcpPorts, join(root, 'users.xml')));
  await writeFile(join(root, 'users.xml'), usersXml);
  const port = await freePort();
  const child = startChild({ libraryPath: libraryPath(), folder, configPath, port });
  const url = `http://127.0.0.1:${port}`;
  const outside = openClickhouseEngine({ url, database: 'system', admin });
  while (!(await outside.health()).ok) {
    if (!child.isRunning()) throw await child.exited;
    await delay(10);
  }
  await outside.command({ sql: 'SYSTEM START LISTEN TCP' });
  await outside.command({ sql: `CREATE DATABASE ${database} ENGINE = Atomic` });
  await outside.close();
  return { child, engine: openClickhouseEngine({ url, database, admin }) };
}

const configXml = (i: number, tcpPorts: readonly number[], usersPath: string) => `<clickhouse>
  <logger><level>none</level></logger>
  <users_config>${usersPath}</users_config>
  <tcp_port>${tcpPorts[i]}</tcp_port>
  <macros><shard>${i + 1}</shard><replica>node${i}</replica></macros>
  <remote_servers><${cluster}>${tcpPorts
    .map(
      (port) =>
        `<shard><replica><host>127.0.0.1</host><port>${port}</port><user>${admin.username}</user><password>${admin.password}</password></replica></shard>`,
    )
    .join('')}</${cluster}></remote_servers>
</clickhouse>`;

const usersXml = `<clickhouse>
  <profiles><default/></profiles>
  <users>
    <default><password/><networks><ip>::/0</ip></networks><profile>default</profile></default>
    <${admin.username}><password>${admin.password}</password><networks><ip>::/0</ip></networks><profile>default</profile>
      <access_management>1</access_management></${admin.username}>
  </users>
</clickhouse>`;
