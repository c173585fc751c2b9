/**
 * Keeps what folding knows over restarts: the totals of folded series and the last values of their sources, in a file of the data folder.
 * It is written when the server stops and once a minute. After a crash it is up to a minute old; the folder makes up for that from
 * the cumulative values that come next.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.js';
import { folderSnapshot, restoredFolderState } from '../ingest/cardinality/folder-snapshot.js';
import { createFolderState, defaultFolderOptions, type FolderState } from '../ingest/cardinality/folder-state.js';
import type { Logger } from './cli/log.js';

const intervalMs = 60_000;

export interface FoldStateFile {
  readonly state: FolderState;
  /** Writes it for the last time. */
  stop(): Promise<void>;
}

/** The state of an earlier run, or a new one where there is none or the file is damaged. */
export async function openFoldState(dataFolder: string, logger: Logger): Promise<FoldStateFile> {
  const path = join(dataFolder, 'fold-state');
  const state = await readState(path, logger);
  let underway: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    underway = underway.then(() => writeState(path, state, logger));
    return underway;
  };
  const timer = setInterval(() => void save(), intervalMs).unref();
  return {
    state,
    stop() {
      clearInterval(timer);
      return save();
    },
  };
}

async function readState(path: string, logger: Logger): Promise<FolderState> {
  try {
    const restored = restoredFolderState(await readFile(path), defaultFolderOptions);
    if (restored !== undefined) return restored;
    logger.warn({ path }, 'the state of folded series is damaged; their totals begin anew');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn(
        { path, reason: messageOf(error) },
        'the state of folded series cannot be read; their totals begin anew',
      );
  }
  return createFolderState(defaultFolderOptions);
}

/** Under another name first, so that the file is whole at any time. Nothing is written while nothing was ever folded. */
async function writeState(path: string, state: FolderState, logger: Logger): Promise<void> {
  if (state.targets.length === 0) return;
  try {
    await writeFile(`${path}.new`, folderSnapshot(state));
    await rename(`${path}.new`, path);
  } catch (error) {
    logger.warn({ path, reason: messageOf(error) }, 'the state of folded series cannot be written');
  }
}
