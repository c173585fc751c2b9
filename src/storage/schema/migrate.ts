/** Brings a database to this program's schema, or refuses one that a newer program wrote. */
import { BarographError } from '../../base/errors.js';
import type { Engine } from '../engine.js';
import { type Migration, migrations } from './migrations.js';
import { column, qualified, renderTable, type TableDefinition, type Topology } from './table.js';

const versionTable: TableDefinition = {
  name: '_version',
  comment: 'Which migrations were applied, when and by which program.',
  columns: [
    column('number', 'UInt32'),
    column('name', 'String'),
    column('applied_at', "DateTime64(3, 'UTC')", 'DEFAULT now64(3)'),
    column('program', 'String'),
  ],
  engine: 'MergeTree',
  orderBy: ['number'],
  shardBy: 'number',
};

export interface MigrateOptions {
  readonly topology: Topology;
  /** Version of this program, recorded beside each migration. */
  readonly program: string;
  /** The history to apply; other than the real one only in tests. */
  readonly history?: readonly Migration[];
  readonly onApplied?: (migration: Migration) => void;
}

/**
 * Applies what the database, which must exist, lacks, in order, and answers its version afterwards.
 * Fails with `newer_database` when it holds a migration that this program does not know.
 */
export async function migrate(engine: Engine, options: MigrateOptions): Promise<number> {
  const { topology, history = migrations } = options;
  for (const sql of renderTable(versionTable, topology)) await engine.command({ sql });
  const current = await currentVersion(engine, topology);
  const newest = history.at(-1)?.number ?? 0;
  if (current > newest)
    throw new BarographError(
      'newer_database',
      `the database is at schema version ${current}, and this program knows versions up to ${newest}`,
      { hint: 'Start the Barograph that last ran here, or a newer one.' },
    );
  for (const migration of history.filter(({ number }) => number > current)) await apply(engine, migration, options);
  return newest;
}

async function currentVersion(engine: Engine, topology: Topology): Promise<number> {
  const sql = `SELECT max(number) AS number FROM ${qualified('_version', topology)}`;
  const [row] = await engine.query<{ number: number }>({ sql });
  return row?.number ?? 0;
}

/** Applies one migration, and records nothing of it. */
export async function runMigration(engine: Engine, migration: Migration, topology: Topology): Promise<void> {
  if ('run' in migration) return migration.run(engine, topology);
  for (const sql of migration.statements(topology)) await engine.command({ sql });
}

async function apply(
  engine: Engine,
  migration: Migration,
  { topology, program, onApplied }: MigrateOptions,
): Promise<void> {
  await runMigration(engine, migration, topology);
  await engine.command({
    sql: `INSERT INTO ${qualified('_version', topology)} (number, name, program)
SELECT {number:UInt32}, {name:String}, {program:String}`,
    params: { number: migration.number, name: migration.name, program },
  });
  onApplied?.(migration);
}
