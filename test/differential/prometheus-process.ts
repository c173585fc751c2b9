/** A Prometheus of any version as the judge: a receiver of remote write with all of PromQL switched on that Barograph has. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProgram } from '../../bench/servers/program-process.js';
import { freePort } from '../../src/storage/embedded/free-port.js';

export interface Judge {
  readonly url: string;
  /** As it calls itself, such as `3.5.0`. */
  readonly version: string;
  readonly isVersion3: boolean;
  stop(): Promise<void>;
}

/** Barograph has experimental functions as well, and drops names in the end rather than on the way. */
const features = [
  ...['promql-experimental-functions', 'promql-duration-expr', 'promql-delayed-name-removal'],
  ...['promql-extended-range-selectors', 'promql-binop-fill-modifiers'],
];

export async function startJudge(program: string): Promise<Judge> {
  const { stdout, stderr } = await promisify(execFile)(program, ['--version']);
  const version = /version (\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown';
  // One that was built from its module says no version; version 2 always does.
  const isVersion3 = !version.startsWith('2.');
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const { stop } = await startProgram(
    program,
    async (folder) => {
      const file = join(folder, 'prometheus.yml');
      await writeFile(file, '{}\n');
      const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`];
      const own = isVersion3 ? [`--enable-feature=${features.join()}`] : [];
      return [...flags, `--web.listen-address=${address}`, '--web.enable-remote-write-receiver', ...own];
    },
    `${url}/-/ready`,
  );
  return { url, version, isVersion3, stop };
}
