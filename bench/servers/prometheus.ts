/** Prometheus as a receiver of remote write, without anything to scrape. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { folderBytes } from '../measure/folder-bytes.js';
import { fetched, type MeasuredServer } from './measured-server.js';
import { startProgram } from './program-process.js';

interface MatrixAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [seconds: number, value: string])[];
    }[];
  };
}

export async function startPrometheus(program: string): Promise<MeasuredServer> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const started = await startProgram(
    program,
    async (folder) => {
      await writeFile(join(folder, 'prometheus.yml'), '{}\n');
      return [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--web.enable-remote-write-receiver',
        '--web.enable-admin-api',
      ];
    },
    `${url}/-/ready`,
  );
  const { folder, restart, stop } = started;
  return {
    name: 'Prometheus',
    get pid() {
      return started.pid;
    },
    url,
    writeUrl: `${url}/api/v1/write`,
    // It compacts after an append that fills a block, and says nothing of it: its CPU does.
    flush: async () => {},
    isIdle: async () => true,
    async read(instance, startMs, endMs) {
      // One second more: its windows are closed, those of version 3 are open at their start.
      const query = `{instance="${instance}"}[${Math.ceil((endMs - startMs) / 1000) + 1}s]`;
      const body = new URLSearchParams({ query, time: String(endMs / 1000) });
      const { data } = JSON.parse(await fetched(`${url}/api/v1/query`, { method: 'POST', body })) as MatrixAnswer;
      return data.result.map(({ metric, values }) => ({
        labels: Object.entries(metric),
        timesMs: values.map(([seconds]) => Math.round(seconds * 1000)),
        values: values.map(([, value]) => Number(value)),
      }));
    },
    // A snapshot holds the blocks, and what is not in one yet as a block: without it the log would be counted.
    async diskBytes() {
      const answer = await fetched(`${url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
      const { data } = JSON.parse(answer) as { data: { name: string } };
      return folderBytes(join(folder, 'data', 'snapshots'), [data.name]);
    },
    restart,
    stop,
  };
}
