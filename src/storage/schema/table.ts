/**
 * A table as data, and the one function that renders it for one node or for a cluster. On a cluster every table is a
 * replicated table on each shard plus a Distributed table over them that carries the plain name, so that the same
 * queries run on both. Queries write `GLOBAL IN` and `GLOBAL JOIN`, which mean nothing more than IN and JOIN on one node.
 */

/** Where the tables live. */
export interface Topology {
  readonly database: string;
  /** Name of the ClickHouse cluster; absent on one node. */
  readonly cluster?: string;
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  /** What stands behind the type: DEFAULT, EPHEMERAL, ALIAS or CODEC, as in SQL. */
  readonly extra?: string;
  readonly comment?: string;
}

export interface TableDefinition {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly ColumnDefinition[];
  readonly indexes?: readonly string[];
  /** `ReplacingMergeTree` keeps one row a sorting key, the last inserted. */
  readonly engine: 'MergeTree' | 'ReplacingMergeTree';
  readonly partitionBy?: string;
  readonly orderBy: readonly string[];
  readonly settings?: Readonly<Record<string, number | string>>;
  /** Expression that spreads rows over a cluster's shards. */
  readonly shardBy: string;
}

export const column = (name: string, type: string, extra?: string): ColumnDefinition =>
  extra === undefined ? { name, type } : { name, type, extra };

/** The statements that create the table: one on one node, two on a cluster. */
export function renderTable(table: TableDefinition, topology: Topology): string[] {
  if (topology.cluster === undefined) return [createMergeTree(table, table.name, topology, `${table.engine}()`)];
  const local = `${table.name}_local`;
  const replicated = `Replicated${table.engine}('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')`;
  return [
    createMergeTree(table, local, topology, replicated),
    `CREATE TABLE IF NOT EXISTS ${qualified(table.name, topology)}${onCluster(topology)} AS ${qualified(local, topology)}
ENGINE = Distributed(${quoted(topology.cluster)}, ${quoted(topology.database)}, ${quoted(local)}, ${table.shardBy})`,
  ];
}

/** The statement that creates a view of the given select, on one node or on every node of a cluster. */
export const renderView = (name: string, select: string, topology: Topology): string =>
  `CREATE OR REPLACE VIEW ${qualified(name, topology)}${onCluster(topology)} AS\n${select}`;

export const onCluster = (topology: Topology): string =>
  topology.cluster === undefined ? '' : ` ON CLUSTER ${quoted(topology.cluster)}`;

export const qualified = (name: string, topology: Topology): string =>
  `${identifier(topology.database)}.${identifier(name)}`;

function createMergeTree(table: TableDefinition, name: string, topology: Topology, engine: string): string {
  const lines = [...table.columns.map(renderColumn), ...(table.indexes ?? []).map((index) => `INDEX ${index}`)];
  const settings = Object.entries(table.settings ?? {}).map(([key, value]) => `${key} = ${value}`);
  return [
    `CREATE TABLE IF NOT EXISTS ${qualified(name, topology)}${onCluster(topology)} (`,
    `  ${lines.join(',\n  ')}`,
    `) ENGINE = ${engine}`,
    ...(table.partitionBy === undefined ? [] : [`PARTITION BY ${table.partitionBy}`]),
    `ORDER BY (${table.orderBy.join(', ')})`,
    ...(settings.length === 0 ? [] : [`SETTINGS ${settings.join(', ')}`]),
    `COMMENT ${quoted(table.comment)}`,
  ].join('\n');
}

const renderColumn = ({ name, type, extra, comment }: ColumnDefinition): string =>
  [identifier(name), type, extra, comment && `COMMENT ${quoted(comment)}`].filter(Boolean).join(' ');

const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
