/**
 * The targets of one job: discoveries bring groups, groups become targets, and each target has a loop of scrapes. A job may be
 * configured anew while it runs: its targets then leave, and the same targets as the new configuration has them
 * take their series over. Source: prometheus/prometheus scrape/scrape.go, `scrapePool.Sync`, `scrapePool.reload`.
 */
import type { Discovery, DiscoveryOptions } from './discovery.js';
import { startFileDiscovery } from './file-discovery.js';
import { type FoundTargets, findTargets, nothingFound } from './find-targets.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import { startHttpDiscovery } from './http-discovery.js';
import { createRunningTargets, type RunningTargetsOptions } from './running-targets.js';
import type { ScrapeJob } from './scrape-config.js';
import type { DiscoveryMechanism } from './scrape-counters.js';
import type { TargetGroup } from './target-group.js';
import type { TargetScrape } from './target-scrape.js';

export interface ScrapePoolOptions extends RunningTargetsOptions {
  readonly job: ScrapeJob;
  /** Most targets of the job, whatever it says itself; what is past them is left out. */
  readonly targetsMax: number;
  readonly onProblem: (problem: string) => void;
}

export interface ScrapePool {
  readonly job: ScrapeJob;
  readonly active: readonly TargetScrape[];
  readonly found: FoundTargets;
  /** Goes on as another configuration of the job says. */
  reload(job: ScrapeJob): void;
  /** Has all targets leave. Resolves once their series have ended; a `reload` before that takes them back. */
  retire(): Promise<void>;
  /** Aborts scrapes and discoveries and waits for their end. Ends no series: the program may go on where it was. */
  stop(): Promise<void>;
}

/** A job as it is configured at present. */
interface RunningJob {
  readonly job: ScrapeJob;
  readonly client: HttpClient;
  readonly discoveries: readonly Discovery[];
  /** Of the static configuration first, then of each discovery. */
  readonly groups: (readonly TargetGroup[])[];
  isClosed: boolean;
}

export function startScrapePool(options: ScrapePoolOptions): ScrapePool {
  const { clock, counters, targetsMax, onProblem } = options;
  const stopping = new AbortController();
  const targets = createRunningTargets(options, stopping.signal);
  const closing = new Set<Promise<void>>();
  let found: FoundTargets = nothingFound;
  let running = startJob(options.job, options, sync);

  function sync(): void {
    if (stopping.signal.aborted) return;
    const { job, groups, client } = running;
    const startedMs = clock.steadyMs();
    found = findTargets(job, groups.flat(), targetsMax);
    targets.set(found.targets, client);
    for (const problem of found.problems) onProblem(`job ${job.jobName}: ${problem}`);
    counters.synced(job.jobName, (clock.steadyMs() - startedMs) / 1000, found.invalidCount);
    if (found.targets.size > job.limits.targetsMax) counters.targetLimitExceeded(job.jobName);
  }

  /** Stops discoveries at once, and lets scrapes that are under way come to their end. */
  function close(ended: RunningJob): void {
    const { client, discoveries, isClosed } = ended;
    if (isClosed) return;
    ended.isClosed = true;
    const closed = Promise.all([targets.lastScrapesDone(), ...discoveries.map((discovery) => discovery.stop())])
      .then(() => client.close())
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  sync();
  return {
    get job() {
      return running.job;
    },
    get active() {
      return targets.scrapes();
    },
    get found() {
      return found;
    },
    reload(job) {
      const before = running;
      running = startJob(job, options, sync);
      sync();
      close(before);
    },
    async retire() {
      found = nothingFound;
      targets.set(found.targets, running.client);
      close(running);
      await targets.leftEnded();
    },
    async stop() {
      stopping.abort(new Error('scraping was stopped'));
      close(running);
      await targets.stop();
      await Promise.all(closing);
    },
  };
}

/** `onGroups` is called whenever a discovery finds other groups, until the job is closed. */
function startJob(job: ScrapeJob, options: ScrapePoolOptions, onGroups: () => void): RunningJob {
  const groups: (readonly TargetGroup[])[] = [job.staticGroups];
  const started: RunningJob = {
    job,
    client: createHttpClient(job.http),
    groups,
    isClosed: false,
    discoveries: startDiscoveries(job, options, (i, discovered) => {
      groups[i + 1] = discovered;
      if (!started.isClosed) onGroups();
    }),
  };
  return started;
}

function startDiscoveries(
  job: ScrapeJob,
  { clock, counters, onProblem }: ScrapePoolOptions,
  onGroups: (discovery: number, groups: readonly TargetGroup[]) => void,
): Discovery[] {
  const optionsOf = (mechanism: DiscoveryMechanism, i: number): DiscoveryOptions => ({
    clock,
    onGroups: (groups) => onGroups(i, groups),
    onProblem: (problem) => onProblem(`job ${job.jobName}: ${problem}`),
    onRead: (isWell) => counters.discovered(job.jobName, mechanism, isWell),
  });
  const files = job.fileDiscoveries;
  return [
    ...files.map((config, i) => startFileDiscovery(config, optionsOf('file', i))),
    ...job.httpDiscoveries.map((config, i) => startHttpDiscovery(config, optionsOf('http', files.length + i))),
  ];
}
