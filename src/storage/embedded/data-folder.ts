/** The data folder of the private engine: `engine/` for the server's files and `engine-config/` for its configuration. */
import { access, constants, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BarographError, messageOf } from '../../base/errors.js';
import { makeFolder } from '../../base/make-folder.js';
import { type EngineConfig, writeEngineConfig } from './engine-config.js';

export interface DataFolder {
  /** Absolute path of the server's own files. */
  readonly enginePath: string;
  /** Absolute path of the configuration of this start. */
  readonly configPath: string;
  writeConfig(config: EngineConfig): Promise<void>;
  removeConfig(): Promise<void>;
  /** Removes what starts that were killed left. Only while we hold the folder. */
  removeOtherConfigs(): Promise<void>;
}

/** Makes the folders where they are missing. Rejects with `disk_full`, or `bad_configuration` where they cannot be written. */
export async function openDataFolder(dataFolder: string): Promise<DataFolder> {
  const enginePath = resolve(dataFolder, 'engine');
  const configsPath = resolve(dataFolder, 'engine-config');
  const configFolder = await explained(dataFolder, async () => {
    await makeFolder(enginePath, 0o700);
    await makeFolder(configsPath, 0o700);
    await access(enginePath, constants.R_OK | constants.W_OK | constants.X_OK);
    return mkdtemp(join(configsPath, 'start-'));
  });
  return {
    enginePath,
    configPath: join(configFolder, 'config.xml'),
    writeConfig: (config) => explained(dataFolder, () => writeEngineConfig(configFolder, config)),
    removeConfig: () => rm(configFolder, { recursive: true, force: true }),
    async removeOtherConfigs() {
      const others = (await readdir(configsPath)).filter((name) => name !== basename(configFolder));
      await Promise.all(others.map((name) => rm(join(configsPath, name), { recursive: true, force: true })));
    },
  };
}

async function explained<T>(dataFolder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new BarographError(
      full ? 'disk_full' : 'bad_configuration',
      `The data folder ${resolve(dataFolder)} cannot be written: ${messageOf(cause)}`,
      { hint: full ? 'Make room; nothing that was stored is lost.' : 'Name a folder that this user may write.', cause },
    );
  }
}
