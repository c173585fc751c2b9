/** VictoriaMetrics, single node, as its package starts it: all defaults but a retention that holds the load. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { folderBytes } from '../measure/folder-bytes.js';
import { fetched, type MeasuredServer, parseExport } from './measured-server.js';
import { startProgram } from './program-process.js';

const mergePollMs = 500;
const mergeMsMax = 60_000;

export async function startVictoriaMetrics(program: string): Promise<MeasuredServer> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const started = await startProgram(
    program,
    (folder) => [`-storageDataPath=${join(folder, 'data')}`, `-httpListenAddr=${address}`, '-retentionPeriod=12'],
    `${url}/health`,
  );
  const { folder, restart, stop } = started;
  const isIdle = async (): Promise<boolean> =>
    Array.from((await fetched(`${url}/metrics`)).matchAll(/^vm_active_merges\{.*\} (\d+)$/gm)).every(
      ([, count]) => count === '0',
    );
  return {
    name: 'VictoriaMetrics',
    get pid() {
      return started.pid;
    },
    url,
    writeUrl: `${url}/api/v1/write`,
    flush: async () => void (await fetched(`${url}/internal/force_flush`)),
    isIdle,
    async read(instance, startMs, endMs) {
      const range = { start: String(startMs / 1000), end: String(endMs / 1000) };
      const query = new URLSearchParams({ 'match[]': `{instance="${instance}"}`, ...range });
      return parseExport(await fetched(`${url}/api/v1/export?${query}`));
    },
    // Merged by request, so that its figure is the best that it reaches.
    async diskBytes() {
      await fetched(`${url}/internal/force_merge`);
      const deadlineMs = performance.now() + mergeMsMax;
      do await delay(mergePollMs);
      while (!(await isIdle()) && performance.now() < deadlineMs);
      return folderBytes(join(folder, 'data'), ['data', 'indexdb']);
    },
    restart,
    stop,
  };
}
