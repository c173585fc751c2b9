/** Starts the servers of a benchmark one at a time, and ends the one that runs when the benchmark is interrupted. */
import { startBarograph } from './barograph.js';
import { findProgram } from './find-program.js';
import type { MeasuredServer, ServerName } from './measured-server.js';
import { startPrometheus } from './prometheus.js';
import { startVictoriaMetrics } from './victoria-metrics.js';

export interface ServerPrograms {
  /** Those that can be started here. */
  readonly present: readonly ServerName[];
  /** Runs `use` on a fresh server. `seriesMax` raises the budgets of one that has such budgets. */
  withServer<Result>(
    name: ServerName,
    seriesMax: number | undefined,
    use: (server: MeasuredServer) => Promise<Result>,
  ): Promise<Result>;
}

/** Looks for the rivals' programs: at the path given, else on PATH. */
export function findServers(given: {
  readonly 'victoria-metrics'?: string | undefined;
  readonly prometheus?: string | undefined;
}): ServerPrograms {
  const victoriaMetrics = findProgram('victoria-metrics', given['victoria-metrics']);
  const prometheus = findProgram('prometheus', given.prometheus);
  const starts = new Map<ServerName, (seriesMax: number | undefined) => Promise<MeasuredServer>>([
    ['Barograph', startBarograph],
  ]);
  if (victoriaMetrics !== undefined) starts.set('VictoriaMetrics', () => startVictoriaMetrics(victoriaMetrics));
  if (prometheus !== undefined) starts.set('Prometheus', () => startPrometheus(prometheus));
  return {
    present: Array.from(starts.keys()),
    async withServer(name, seriesMax, use) {
      const starting = starts.get(name)!(seriesMax);
      let ending: Promise<void> | undefined;
      const interrupted = (signal: NodeJS.Signals): void => {
        // One that is starting is ended once it stands.
        const ended = starting.then((server) => server.stop());
        ending = ended.finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
      };
      process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
      try {
        return await use(await starting);
      } catch (error) {
        // A server that is being ended refuses what is still sent to it: the process ends before this is told.
        await ending;
        throw error;
      } finally {
        process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
        await starting.then((server) => server.stop());
      }
    },
  };
}
