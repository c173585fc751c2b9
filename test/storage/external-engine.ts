/** A ClickHouse that is not ours, as far as the tests can tell: reached by URL, with its own users, configuration and database. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openClickhouseEngine } from '../../src/storage/clickhouse-engine.js';
import type { Credentials } from '../../src/storage/credentials.js';
import { startChild } from '../../src/storage/embedded/child-process.js';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { libraryPath } from '../../src/storage/embedded/library-path.js';
import { defaultReaderLimits, readerProfileXml } from '../../src/storage/reader-profile.js';
import { temporaryFolder } from './test-engine.js';

export interface ExternalEngine {
  readonly url: string;
  readonly database: string;
  readonly admin: Credentials;
  readonly reader: Credentials;
  stop(): Promise<void>;
}

const database = 'elsewhere';
const admin = { username: 'ops', password: 'a password of someone else & more' };
const reader = { username: 'analyst', password: 'p@ss:wörd' };

export async function startExternalEngine(): Promise<ExternalEngine> {
  const root = await temporaryFolder();
  const folder = join(root, 'engine');
  const configPath = join(root, 'config.xml');
  await mkdir(folder);
  await writeFile(configPath, configXml(join(root, 'users.xml')));
  await writeFile(join(root, 'users.xml'), usersXml);
  const port = await freePort();
  const child = startChild({ libraryPath: libraryPath(), folder, configPath, port });
  const url = `http://127.0.0.1:${port}`;
  const outside = openClickhouseEngine({ url, database: 'system', admin });
  while (!(await outside.health()).ok) {
    if (!child.isRunning()) throw await child.exited;
    await delay(10);
  }
  await outside.command({ sql: `CREATE DATABASE ${database} ENGINE = Atomic` });
  await outside.close();
  return {
    url,
    database,
    admin,
    reader,
    async stop() {
      await child.end(0);
      await rm(root, { recursive: true, force: true });
    },
  };
}

const configXml = (usersPath: string) => `<clickhouse>
  <logger><level>none</level></logger>
  <users_config>${usersPath}</users_config>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
  </access_control_improvements>
</clickhouse>`;

const userXml = ({ username, password }: Credentials, profile: string, rights: string) =>
  `<${username}><password>${password.replaceAll('&', '&amp;')}</password><networks><ip>::/0</ip></networks>
  <profile>${profile}</profile>${rights}</${username}>`;

const usersXml = `<clickhouse>
  <profiles><default/>${readerProfileXml(defaultReaderLimits)}</profiles>
  <users>
    <default><password/><networks><ip>::/0</ip></networks><profile>default</profile></default>
    ${userXml(admin, 'default', '<access_management>1</access_management>')}
    ${userXml(reader, 'reader', `<grants><query>GRANT SELECT ON ${database}.*</query></grants>`)}
  </users>
</clickhouse>`;
