/**
 * Keeps what folding knows over restarts and crashes: the totals of folded series and the last values of their sources, in a file of the data
 * folder. The file and the log together are the state: what was folded since the file was written is folded again from the log's records, so
 * the file must be written before the log lets go of them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.js';
import { folderSnapshot, type RestoredFolder, restoredFolder } from '../ingest/cardinality/folder-snapshot.js';
import { createFolderState, defaultFolderOptions } from '../ingest/cardinality/folder-state.js';
import { replaceFile } from '../wal/log-folder.js';
import type { Logger } from './cli/log.js';

export interface FoldStateFile extends RestoredFolder {
  /** Writes the state where it has changed. Everything folded from records below `nextSequence` is in it. */
  save(nextSequence: number): Promise<void>;
}

/** The state of an earlier run, or a new one where there is none or the file is damaged. */
export async function openFoldState(dataFolder: string, logger: Logger): Promise<FoldStateFile> {
  const path = join(dataFolder, 'fold-state');
  const restored = await readState(path, logger);
  const { state } = restored;
  let savedChanges = state.changes;
  return {
    ...restored,
    async save(nextSequence) {
      const { changes } = state;
      if (changes === savedChanges) return;
      try {
        await replaceFile(path, folderSnapshot(state, nextSequence));
        savedChanges = changes;
      } catch (error) {
        logger.warn({ path, reason: messageOf(error) }, 'the state of folded series cannot be written');
      }
    },
  };
}

async function readState(path: string, logger: Logger): Promise<RestoredFolder> {
  try {
    const restored = restoredFolder(await readFile(path), defaultFolderOptions);
    if (restored !== undefined) return restored;
    logger.warn({ path }, 'the state of folded series is damaged; their totals begin anew');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn(
        { path, reason: messageOf(error) },
        'the state of folded series cannot be read; their totals begin anew',
      );
  }
  return { state: createFolderState(defaultFolderOptions), sequence: 0 };
}
