/**
 * What tables of ClickHouse's MergeTree family take on disk, read from their folders: readers of `/api/sql` may not see
 * `system.parts`. A part's folder is called `<partition>_<first block>_<last block>_<level>[_<mutation>]`; the parts that it was merged
 * from stay beside it for some minutes and are covered by its range of blocks. Source: ClickHouse's documentation, "Parts" and `MergeTreePartInfo`.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderBytes } from './folder-bytes.js';

interface Part {
  readonly name: string;
  readonly partition: string;
  readonly first: number;
  readonly last: number;
  readonly level: number;
  readonly mutation: number;
}

function parsePart(name: string): Part[] {
  const match = /^([0-9a-zA-Z-]+)_(\d+)_(\d+)_(\d+)(?:_(\d+))?$/.exec(name);
  if (match === null) return [];
  const [first, last, level, mutation] = match.slice(2).map((text) => Number(text ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return [{ name, partition: match[1]!, first, last, level, mutation }];
}

const covers = (a: Part, b: Part): boolean =>
  a.partition === b.partition &&
  a.first <= b.first &&
  a.last >= b.last &&
  a.level >= b.level &&
  a.mutation >= b.mutation &&
  a.name !== b.name;

/** The names among a table's folders that are parts which count: not merged into another one, not half written. */
export function activeParts(names: readonly string[]): string[] {
  const parts = names.flatMap(parsePart);
  return parts.filter((part) => !parts.some((other) => covers(other, part))).map(({ name }) => name);
}

/** Bytes of all active parts of the tables whose folders lie, or are linked to, in this one. Index, marks and checksums are in them. */
export async function activePartBytes(tables: string): Promise<number> {
  let sum = 0;
  for (const table of await readdir(tables)) {
    const folder = join(tables, table);
    sum += await folderBytes(folder, activeParts(await readdir(folder)));
  }
  return sum;
}

/** Whether a merge writes its result now. */
export async function isMerging(tables: string): Promise<boolean> {
  for (const table of await readdir(tables))
    if ((await readdir(join(tables, table))).some((name) => name.startsWith('tmp_m'))) return true;
  return false;
}
