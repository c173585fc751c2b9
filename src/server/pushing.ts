/** Pushed metrics, as the configuration says, with the groups of the earlier run. */
import type { MetricIntake } from '../ingest/metrics/metric-intake.js';
import { startPushEmission } from '../ingest/push/push-emission.js';
import { createPushGroups, type PushGroups } from '../ingest/push/push-groups.js';
import { systemScrapeClock } from '../ingest/scrape/scrape-clock.js';
import { globalScrapeIntervalMs } from '../ingest/scrape/scrape-config.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';
import { openGroupFiles } from './push-group-files.js';

export interface Pushing {
  readonly groups: PushGroups;
  /** Writes no stale markers: after a restart groups go on where they were. */
  stop(): Promise<void>;
}

export async function startPushing(
  { data, global, metrics: { push } }: Configuration,
  intake: MetricIntake,
  logger: Logger,
): Promise<Pushing> {
  const onProblem = (problem: string): void => logger.warn({ problem }, 'pushed metrics');
  const clock = systemScrapeClock;
  const { groups: earlier, files } = await openGroupFiles(data, logger);
  const groups = createPushGroups({
    groups: earlier,
    files,
    intake,
    clock,
    limits: push,
    maxAgeMs: push.maxAgeMs,
    onProblem,
  });
  const intervalMs = push.intervalMs ?? globalScrapeIntervalMs(structuredClone({ ...(global && { global }) }));
  const emission = startPushEmission({ groups, intervalMs, clock, onProblem });
  return { groups, stop: () => emission.stop() };
}
