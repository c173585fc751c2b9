/**
 * Targets as files list them, in JSON or YAML. Files are read when a folder that holds them changes, and at every interval,
 * because a change can be missed. Source: prometheus/prometheus discovery/file.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { parse } from 'yaml';
import { messageOf } from '../../base/errors.js';
import { type Discovery, type DiscoveryOptions, discoveryBytesMax } from './discovery.js';
import { startPoller } from './poller.js';
import type { FileDiscoveryConfig } from './scrape-config.js';
import { type TargetGroup, targetGroupsOf } from './target-group.js';

/** A file as it was last read without a failure. */
interface ReadFile {
  readonly text: string;
  readonly groups: readonly TargetGroup[];
}

export function startFileDiscovery(config: FileDiscoveryConfig, options: DiscoveryOptions): Discovery {
  let known: ReadonlyMap<string, ReadFile> | undefined;
  const watchers = createWatchers(new Set(config.files.map((file) => dirname(file))), () => poller.trigger());
  const poller = startPoller({
    intervalMs: config.refreshIntervalMs,
    clock: options.clock,
    run: async (stopping) => {
      // Before the reading, so that no change falls between it and the watching.
      watchers.refresh();
      let isWell = true;
      const read = await readFiles(config, known, (problem) => {
        isWell = false;
        options.onProblem(problem);
      });
      options.onRead(isWell);
      if (stopping.aborted || (known !== undefined && isSame(known, read))) return;
      known = read;
      options.onGroups(Array.from(read.values(), ({ groups }) => groups).flat());
    },
  });
  return {
    async stop() {
      watchers.close();
      await poller.stop();
    },
  };
}

/** The files that there are. One that cannot be read stays as it was. */
async function readFiles(
  { files }: FileDiscoveryConfig,
  known: ReadonlyMap<string, ReadFile> | undefined,
  onProblem: (problem: string) => void,
): Promise<Map<string, ReadFile>> {
  const read = new Map<string, ReadFile>();
  const paths = (await Promise.all(files.map((pattern) => matchingPaths(pattern)))).flat();
  for (const path of paths) {
    const before = known?.get(path);
    try {
      const { size } = await stat(path);
      if (size > discoveryBytesMax) throw new Error(`it has more than ${discoveryBytesMax} bytes`);
      const text = await readFile(path, 'utf8');
      read.set(path, text === before?.text ? before : { text, groups: groupsOf(text, path) });
    } catch (error) {
      onProblem(`targets in ${path}: ${messageOf(error)}`);
      if (before !== undefined) read.set(path, before);
    }
  }
  return read;
}

/** Paths that a pattern names, sorted; none where there is no such folder or file. */
async function matchingPaths(pattern: string): Promise<string[]> {
  const folder = dirname(pattern);
  const source = basename(pattern).replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const form = new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => form.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function groupsOf(text: string, path: string): readonly TargetGroup[] {
  // Failsafe: texts stay as they are written, so that a label 1.0 does not become 1.
  const value: unknown =
    extname(path).toLowerCase() === '.json' ? JSON.parse(text) : parse(text, { schema: 'failsafe' });
  const groups = targetGroupsOf(value);
  if (typeof groups === 'string') throw new Error(groups);
  return groups.map(({ targets, labels }) => ({ targets, labels: { ...labels, __meta_filepath: path } }));
}

function isSame(a: ReadonlyMap<string, ReadFile>, b: ReadonlyMap<string, ReadFile>): boolean {
  return a.size === b.size && Array.from(a).every(([path, file]) => b.get(path) === file);
}

interface Watchers {
  /** Watches the folders that are not watched yet; one that is not there cannot be. */
  refresh(): void;
  close(): void;
}

function createWatchers(folders: ReadonlySet<string>, onChange: () => void): Watchers {
  const watchers = new Map<string, FSWatcher>();
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const watchFolder = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, onChange);
      watchers.set(folder, watcher);
      watcher.on('error', () => forget(folder));
    } catch {
      // The interval's reading finds the folder once it is there, and then it is watched.
    }
  };
  return {
    refresh() {
      for (const folder of folders) if (!watchers.has(folder)) watchFolder(folder);
    },
    close() {
      for (const folder of folders) forget(folder);
    },
  };
}
