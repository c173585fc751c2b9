/** SHOW and EXISTS statements hide their conditions from the tree, so they are matched as text, in the engine's own formatting. */
import { BarographError } from '../../base/errors.js';
import type { Engine } from '../engine.js';

const identifier = '(?:[A-Za-z_][A-Za-z0-9_]*|`[^`\\\\]+`)';
const like = "(?: (?:NOT )?I?LIKE '(?:[^'\\\\]|\\\\.)*')?";

/** Rejects with `query_not_allowed` where the statement is not a SHOW or EXISTS of tables in our database. */
export async function checkShow(engine: Engine, sql: string, signal?: AbortSignal): Promise<void> {
  const [row] = await engine.query<{ formatted: string }>({
    sql: 'SELECT formatQuerySingleLine({sql:String}) AS formatted',
    params: { sql },
    ...(signal === undefined ? {} : { signal }),
  });
  const formatted = row?.formatted ?? '';
  if (showForms(engine.database).some((form) => form.test(formatted))) return;
  throw new BarographError('query_not_allowed', 'Readers may not use this form of SHOW or EXISTS.', {
    hint: `SHOW TABLES, SHOW COLUMNS FROM, SHOW CREATE TABLE and EXISTS TABLE are open, for tables of ${engine.database}, with LIKE and without WHERE, FORMAT and SETTINGS.`,
  });
}

function showForms(database: string): readonly RegExp[] {
  const name = database.replaceAll(/[^\w]/g, '\\$&');
  const ours = `(?:${name}|\`${name}\`)`;
  const table = `(?:${ours}\\.)?${identifier}`;
  return [
    `SHOW TABLES(?: FROM ${ours})?${like}(?: LIMIT \\d+)?`,
    `SHOW (?:COLUMNS|INDEXES) FROM ${identifier}(?: FROM ${ours})?${like}`,
    `SHOW CREATE (?:TABLE|VIEW) ${table}`,
    `EXISTS (?:TABLE|VIEW) ${table}`,
  ].map((form) => new RegExp(`^${form}$`));
}
