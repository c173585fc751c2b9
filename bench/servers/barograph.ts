/** Barograph with everything on that is on by default: log with fsync, validation, head, rows in the engine. */
import { join } from 'node:path';
import { activePartBytes, isMerging } from '../measure/merge-tree-parts.js';
import { startServerProcess } from '../measure/server-process.js';
import { fetched, type MeasuredServer, parseExport } from './measured-server.js';

/**
 * `seriesMax` raises the budgets of cardinality. Loads end at the present and may be longer than what is taken by default, so any time is
 * accepted.
 */
export async function startBarograph(seriesMax: number | undefined): Promise<MeasuredServer> {
  const budgets = ['series_max', 'series_per_metric_max', 'values_per_label_max'].map(
    (key) => `metrics.cardinality.${key}=${seriesMax}`,
  );
  const server = await startServerProcess([
    'metrics.accept.behind=off',
    'metrics.accept.ahead=off',
    ...(seriesMax === undefined ? [] : budgets),
  ]);
  const { url, folder, restart, stop } = server;
  const tables = join(folder, 'engine', 'data', 'barograph');
  return {
    name: 'Barograph',
    get pid() {
      return server.pid;
    },
    url,
    writeUrl: `${url}/api/v1/write`,
    // Samples reach their table by themselves after `metrics.flush_interval`; `isIdle` waits for that.
    flush: async () => {},
    async isIdle() {
      const waiting = /^barograph_log_waiting_rows\{plane="metrics"\} (\d+)$/m.exec(await fetched(`${url}/metrics`));
      return waiting?.[1] === '0' && !(await isMerging(tables));
    },
    async read(instance, startMs, endMs) {
      const range = { start: String(startMs / 1000), end: String(endMs / 1000) };
      const query = new URLSearchParams({ 'match[]': `{instance="${instance}"}`, ...range });
      return parseExport(await fetched(`${url}/api/v1/export?${query}`));
    },
    diskBytes: () => activePartBytes(tables),
    restart,
    stop,
  };
}
