/**
 * The targets of one job: discoveries bring groups, groups become targets, and each target has a loop of scrapes.
 * Source: prometheus/prometheus scrape/scrape.go, `scrapePool.Sync`.
 */
import type { Labels } from '../../model/labels.js';
import { ExpositionCache } from '../../protocols/exposition/exposition-cache.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import { startFileDiscovery } from './file-discovery.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import { startHttpDiscovery } from './http-discovery.js';
import { createLeavingTargets } from './leaving-targets.js';
import type { ScrapeClock } from './scrape-clock.js';
import type { ScrapeJob } from './scrape-config.js';
import { type ScrapeLoop, startScrapeLoop } from './scrape-loop.js';
import type { ScrapeSlots } from './scrape-slots.js';
import { findTarget, scrapeOffsetMs, type Target } from './target.js';
import type { TargetGroup } from './target-group.js';
import { createTargetScrape, type ScrapeSink, type TargetScrape } from './target-scrape.js';

export interface ScrapePoolOptions {
  readonly job: ScrapeJob;
  readonly sink: ScrapeSink;
  readonly clock: ScrapeClock;
  readonly slots: ScrapeSlots;
  /** Most targets of the job, whatever it says itself; what is past them is left out. */
  readonly targetsMax: number;
  readonly bodyBytesMax: number;
  /** Most bytes of the texts and labels of a target's series. */
  readonly cacheBytesMax: number;
  readonly onProblem: (problem: string) => void;
}

export interface ScrapePool {
  readonly job: ScrapeJob;
  readonly active: readonly TargetScrape[];
  /** The first of the targets that rules dropped. */
  readonly dropped: readonly Labels[];
  readonly droppedCount: number;
  /** Aborts scrapes and discoveries and waits for their end. Ends no series: the program may go on where it was. */
  stop(): Promise<void>;
}

interface Running {
  readonly scrape: TargetScrape;
  /** Absent while the target waits for the last scrape of the one whose series it takes over. */
  loop: ScrapeLoop | undefined;
  isGone: boolean;
}

/** What the targets of a group of discoveries come to. */
interface FoundTargets {
  readonly targets: ReadonlyMap<string, Target>;
  readonly dropped: readonly Labels[];
  readonly droppedCount: number;
}

export function startScrapePool(options: ScrapePoolOptions): ScrapePool {
  const { job } = options;
  const client = createHttpClient(job.http);
  const stopping = new AbortController();
  const groups: (readonly TargetGroup[])[] = [job.staticGroups];
  const targets = createRunningTargets(options, client, stopping.signal);
  let found: FoundTargets = { targets: new Map(), dropped: [], droppedCount: 0 };

  function sync(): void {
    if (stopping.signal.aborted) return;
    found = findTargets(options, groups.flat());
    targets.set(found.targets);
  }

  const discoveries = startDiscoveries(options, (i, discovered) => {
    groups[i + 1] = discovered;
    sync();
  });
  sync();
  return {
    job,
    get active() {
      return targets.scrapes();
    },
    get dropped() {
      return found.dropped;
    },
    get droppedCount() {
      return found.droppedCount;
    },
    async stop() {
      stopping.abort(new Error('scraping was stopped'));
      await Promise.all([targets.stop(), ...discoveries.map((discovery) => discovery.stop())]);
      await client.close();
    },
  };
}

interface RunningTargets {
  scrapes(): TargetScrape[];
  /** Has exactly these targets scraped; what is scraped already goes on. */
  set(targets: ReadonlyMap<string, Target>): void;
  stop(): Promise<void>;
}

function createRunningTargets(options: ScrapePoolOptions, client: HttpClient, signal: AbortSignal): RunningTargets {
  const { job, clock, slots } = options;
  const running = new Map<string, Running>();
  const scrapes = (): TargetScrape[] => Array.from(running.values(), ({ scrape }) => scrape);
  const leaving = createLeavingTargets({ clock, scrapes });

  const refusal = (): string | undefined =>
    running.size > job.limits.targetsMax
      ? `the job has ${running.size} targets, more than its limit of ${job.limits.targetsMax} (target_limit)`
      : undefined;

  const startLoop = (scrape: TargetScrape): ScrapeLoop =>
    startScrapeLoop({
      clock,
      slots,
      intervalMs: scrape.target.intervalMs,
      offsetMs: scrapeOffsetMs(scrape.target, clock.nowMs()),
      scrape: (timeMs) => scrape.scrape(timeMs, signal),
    });

  function start(key: string, target: Target): void {
    const before = leaving.takeOver(target);
    const cache = before?.cache ?? new ExpositionCache({ bytesMax: options.cacheBytesMax });
    const scrape = createTargetScrape({ ...options, target, cache, client, refusal });
    const entry: Running = { scrape, loop: undefined, isGone: false };
    running.set(key, entry);
    if (before === undefined) entry.loop = startLoop(scrape);
    else
      void before.done.then(() => {
        if (!entry.isGone) entry.loop = startLoop(scrape);
      });
  }

  function leave(key: string, entry: Running): void {
    running.delete(key);
    entry.isGone = true;
    leaving.add(entry.scrape, entry.loop);
  }

  return {
    scrapes,
    set(targets) {
      for (const [key, entry] of running) if (!targets.has(key)) leave(key, entry);
      for (const [key, target] of targets) if (!running.has(key)) start(key, target);
    },
    async stop() {
      const entries = Array.from(running.values());
      for (const entry of entries) entry.isGone = true;
      await Promise.all([leaving.stop(), ...entries.map(({ loop }) => loop?.stop())]);
    },
  };
}

function startDiscoveries(
  { job, clock, onProblem }: ScrapePoolOptions,
  onGroups: (discovery: number, groups: readonly TargetGroup[]) => void,
): Discovery[] {
  const optionsOf = (i: number): DiscoveryOptions => ({
    clock,
    onGroups: (groups) => onGroups(i, groups),
    onProblem: (problem) => onProblem(`job ${job.jobName}: ${problem}`),
  });
  const files = job.fileDiscoveries;
  return [
    ...files.map((config, i) => startFileDiscovery(config, optionsOf(i))),
    ...job.httpDiscoveries.map((config, i) => startHttpDiscovery(config, optionsOf(files.length + i))),
  ];
}

/** Targets by key, each once, and what became of the other addresses. */
function findTargets({ job, targetsMax, onProblem }: ScrapePoolOptions, groups: readonly TargetGroup[]): FoundTargets {
  const targets = new Map<string, Target>();
  const dropped: Labels[] = [];
  let droppedCount = 0;
  let leftOut = 0;
  for (const { targets: addresses, labels } of groups)
    for (const address of addresses) {
      const found = findTarget(job, address, labels);
      if (found.kind === 'dropped') {
        droppedCount++;
        if (dropped.length < job.droppedTargetsMax) dropped.push(found.discoveredLabels);
      } else if (found.kind === 'invalid')
        onProblem(`job ${job.jobName}: the target ${JSON.stringify(address)} is left out: ${found.problem}`);
      else if (targets.size < targetsMax || targets.has(found.target.key)) targets.set(found.target.key, found.target);
      else leftOut++;
    }
  if (leftOut > 0)
    onProblem(`job ${job.jobName}: ${leftOut} targets are left out, more than ${targetsMax} are not taken`);
  return { targets, dropped, droppedCount };
}
