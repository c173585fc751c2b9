/** The groups of pushed metrics over restarts: a folder in the data folder, with a file for each group. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BarographError, messageOf } from '../base/errors.js';
import type { GroupFiles } from '../ingest/push/group-changes.js';
import { groupSnapshot, restoredGroup } from '../ingest/push/group-snapshot.js';
import type { PushedGroup } from '../ingest/push/pushed-group.js';
import { isDiskFull } from '../wal/file-operations.js';
import { createFolder, replaceFile, syncFolder, temporaryEnding } from '../wal/log-folder.js';
import type { Logger } from './cli/log.js';

export interface OpenedGroupFiles {
  /** Of the earlier run; what is damaged is left out and told. */
  readonly groups: readonly PushedGroup[];
  readonly files: GroupFiles;
}

const folderName = 'push-groups';

export async function openGroupFiles(dataFolder: string, logger: Logger): Promise<OpenedGroupFiles> {
  const folder = join(dataFolder, folderName);
  await createFolder(folder);
  const groups: PushedGroup[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    if (name.endsWith(temporaryEnding)) await rm(path);
    else groups.push(...(await readGroup(path, logger)));
  }
  return { groups, files: groupFiles(folder) };
}

async function readGroup(path: string, logger: Logger): Promise<PushedGroup[]> {
  const group = restoredGroup(await readFile(path));
  if (group !== undefined) return [group];
  logger.warn({ path }, 'the file of a group of pushed metrics is damaged; the group is gone until its next push');
  return [];
}

function groupFiles(folder: string): GroupFiles {
  const pathOf = ({ id }: PushedGroup): string =>
    join(folder, createHash('sha256').update(id).digest('hex').slice(0, 32));
  return {
    write: (group) => told(replaceFile(pathOf(group), groupSnapshot(group))),
    remove: (group) =>
      told(
        (async () => {
          await rm(pathOf(group), { force: true });
          await syncFolder(folder);
        })(),
      ),
  };
}

/** A guess: long enough for an operator to make room. */
const diskFullRetryAfterSeconds = 10;

async function told(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new BarographError('disk_full', `a group of pushed metrics could not be written: ${messageOf(error)}`, {
      retryAfterSeconds: diskFullRetryAfterSeconds,
      cause: error,
    });
  }
}
