/**
 * The private server's configuration: the two XML files that ClickHouse reads. They are written anew for each start, into a
 * folder of their own, so that a second Barograph which finds the data folder in use has not touched the files of the first.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '../credentials.js';
import { commonSettings, type ReaderLimits, readerProfileXml } from '../reader-profile.js';

export interface EngineConfig {
  readonly database: string;
  readonly admin: Credentials;
  readonly reader: Credentials;
  /** Most memory that the server may hold, all queries and caches together, bytes. */
  readonly memoryBytesMax: number;
  readonly readerLimits: ReaderLimits;
}

/** Writes `config.xml` and `users.xml` into `folder`, readable by this user alone.  */
export async function writeEngineConfig(folder: string, config: EngineConfig): Promise<void> {
  const usersPath = join(folder, 'users.xml');
  await writeFile(usersPath, usersXml(config), { mode: 0o600 });
  await writeFile(join(folder, 'config.xml'), configXml(config, usersPath), { mode: 0o600 });
}

/** Bounds of the caches, as parts of the memory bound: they fill with use and are small until then. */
const markCacheShare = 0.1;
const indexCacheShare = 0.05;

/** After a power cut many parts may be unreadable at once; they are set aside and reported, and the rest must open. */
const suspiciousBrokenPartsMax = 100_000;
/** How many blocks a table remembers to recognise a repeated insert. One flush is one block. */
const deduplicationWindowBlocks = 10_000;

/** Threads for merges. The server run so has 2 by default, too few on a large machine that takes many rows. */
const mergesAtOnce = (): number => Math.min(16, Math.max(2, availableParallelism()));

function configXml(config: EngineConfig, usersPath: string): string {
  const share = (part: number) => Math.floor(config.memoryBytesMax * part);
  return `<clickhouse>
  <logger><console>true</console><console_log_level>fatal</console_log_level></logger>
  <users_config>${escapeXml(usersPath)}</users_config>
  <timezone>UTC</timezone>
  <max_server_memory_usage>${config.memoryBytesMax}</max_server_memory_usage>
  <mark_cache_size>${share(markCacheShare)}</mark_cache_size>
  <index_mark_cache_size>${share(indexCacheShare)}</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <mmap_cache_size>0</mmap_cache_size>
  <background_pool_size>${mergesAtOnce()}</background_pool_size>
  <keep_alive_timeout>30</keep_alive_timeout>
  ${httpHandlersXml(config)}
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
    <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
    <on_cluster_queries_require_cluster_grant>true</on_cluster_queries_require_cluster_grant>
  </access_control_improvements>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <min_compressed_bytes_to_fsync_after_merge>1</min_compressed_bytes_to_fsync_after_merge>
    <max_suspicious_broken_parts>${suspiciousBrokenPartsMax}</max_suspicious_broken_parts>
    <max_suspicious_broken_parts_bytes>${Number.MAX_SAFE_INTEGER}</max_suspicious_broken_parts_bytes>
    <non_replicated_deduplication_window>${deduplicationWindowBlocks}</non_replicated_deduplication_window>
  </merge_tree>
</clickhouse>
`;
}

/**
 * Who may speak to the server: besides pings, only requests with exactly the credentials of one of our two users. The
 * `default` user has no password, and on this server any user can read any file of ours through the function file():
 * without these rules, so could every account of the machine.
 */
function httpHandlersXml({ admin, reader }: EngineConfig): string {
  const handler = '<handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>';
  const rules = [admin, reader].map((user) => {
    const authorization = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
    return `<rule><methods>POST</methods><headers><Authorization>${authorization}</Authorization></headers>${handler}</rule>`;
  });
  const ping = '<rule><url>/ping</url><methods>GET</methods><handler><type>ping</type></handler></rule>';
  return `<http_handlers>${ping}${rules.join('')}</http_handlers>`;
}

/**
 * The session that keeps the server alive logs in as `default`, without a password: that user gets what its two
 * statements need and nothing else.
 */
function usersXml(config: EngineConfig): string {
  const common = Object.entries(commonSettings).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<clickhouse>
  <profiles>
    <default>${common.join('')}</default>
    ${readerProfileXml(config.readerLimits)}
  </profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
      </grants>
    </default>
    ${userXml(config.admin, 'default', '<access_management>1</access_management>')}
    ${userXml(config.reader, 'reader', `<grants><query>GRANT SELECT ON ${config.database}.*</query></grants>`)}
  </users>
</clickhouse>
`;
}

function userXml(user: Credentials, profile: string, rights: string): string {
  const hash = createHash('sha256').update(user.password).digest('hex');
  return `<${user.username}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${profile}</profile>
      ${rights}
    </${user.username}>`;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
