/** A statement, its parameters and its tables as the fields of a form, which unlike a URL has no bound on its length. */
import { randomUUID } from 'node:crypto';
import type { StatementTable } from './engine.js';
import { partLargeParams } from './large-params.js';
import { formatParam } from './param-text.js';

/** A body for `multipart/form-data`, in parts that follow each other, and the content type that names its boundary. */
export interface RequestForm {
  readonly contentType: string;
  readonly parts: readonly Uint8Array[];
}

/** Throws `invalid_query` for a name or value that cannot be a parameter, or one that is too long for it. */
export function requestForm(
  sql: string,
  params: Readonly<Record<string, unknown>>,
  tables: readonly StatementTable[],
): RequestForm {
  // No value can hold the boundary, since it is drawn after the values are there.
  const boundary = `barograph-${randomUUID()}`;
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const parted = partLargeParams(sql, params);
  const values = Object.entries(parted.params).map(([name, value]) => field(`param_${name}`, formatParam(value)));
  const parts: Uint8Array[] = [Buffer.from(`${field('query', parted.sql)}${values.join('')}`)];
  for (const table of tables) {
    const structure = Object.entries(table.columns).map(([name, type]) => `${name} ${type}`);
    parts.push(
      Buffer.from(
        `${field(`${table.name}_structure`, structure.join(', '))}${field(`${table.name}_format`, 'Native')}` +
          `--${boundary}\r\nContent-Disposition: form-data; name="${table.name}"; filename="${table.name}"\r\n\r\n`,
      ),
      ...table.blocks,
      Buffer.from('\r\n'),
    );
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, parts };
}
