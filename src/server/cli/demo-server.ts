/** A server of the demo's own, in this process, on a folder of its own. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { BarographError } from '../../base/errors.js';
import { makeFolder } from '../../base/make-folder.js';
import { loadConfiguration } from '../configuration-loading.js';
import type { RunningServer } from '../serve.js';
import { createLog } from './log.js';

/** Says that a folder is the demo's, so that it may be emptied. */
const markerName = '.barograph-demo';
const markerText = 'This folder belongs to barograph demo, which empties it at every start.\n';

/**
 * Empties the demo's folder, or makes it. Fails with `bad_use` where the folder holds something that no demo has
 * put there: it would be lost.
 */
export async function prepareFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  const names = await readdir(folder);
  if (names.length > 0 && !names.includes(markerName)) {
    throw new BarographError('bad_use', `${folder} is not empty and not a folder of the demo's, which it would empty`, {
      hint: 'Name another folder with --data.',
    });
  }
  // The marker goes last, so that a run that is cut short here can be repeated.
  for (const name of names.filter((name) => name !== markerName)) await rm(join(folder, name), { recursive: true });
  await writeFile(join(folder, markerName), markerText);
}

export interface DemoServerOptions {
  readonly folder: string;
  /** Where to listen; absent: on the usual port where it is free, else on any. */
  readonly listen: string | undefined;
}

/** Starts a server that reads no configuration but the options: a demo must not write to someone's own engine. */
export async function startDemoServer({ folder, listen }: DemoServerOptions): Promise<RunningServer> {
  const data = resolve(folder);
  const address = listen ?? `127.0.0.1:${(await isFree(usualPort)) ? usualPort : 0}`;
  const configuration = loadConfiguration({
    flags: { data, listen: address, set: ['log.level=warn'] },
    environment: {},
    workingFolder: data,
  });
  // Loaded here, so that the other commands start without the server's weight.
  const { serve } = await import('../serve.js');
  return serve(configuration, createLog(configuration.log));
}

const usualPort = 4800;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolveFree) => {
    const server = createServer();
    server.once('error', () => resolveFree(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolveFree(true)));
  });
}
