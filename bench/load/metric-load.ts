/**
 * What a fleet of model servers would write by remote write: a scrape of each pod every 15 seconds. It follows from a seed,
 * its times aside, which end at a given moment.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { compareUtf8, type Labels } from '../../src/model/labels.js';
import { createPod, type Pod, seriesPerPod } from './pod.js';
import { createRandom, type Random } from './random.js';
import { createWriteRequest, type WriteRequest } from './write-request.js';

export interface LoadShape {
  readonly seed: number;
  /** Series at any one time. */
  readonly series: number;
  readonly ticks: number;
  /** Between two scrapes of a series; `scrapeMs` where absent. */
  readonly intervalMs?: number;
  /** The last scrape begins a scrape interval before this; epoch milliseconds. */
  readonly endMs: number;
  /** Each request is of one of so many groups, and a group has the same series every time. */
  readonly groups: number;
  /** Another order of series in each request. */
  readonly shuffled?: boolean;
  /** Scrapes come late by up to so much. */
  readonly jitterMs?: number;
  /** Share of the pods that are replaced by new ones every hour, as one in so many. */
  readonly hourlyReplacedOneIn?: number;
}

/** A series that was watched while the load was made, with all its samples. */
export interface WatchedSeries {
  readonly labels: Labels;
  readonly timesMs: number[];
  readonly values: number[];
}

export interface MetricLoad {
  /** In the order of time; body i is of group i % groups. */
  readonly bodies: readonly Buffer[];
  readonly samplesPerBody: readonly number[];
  readonly groups: number;
  readonly sampleCount: number;
  /** Series that there were in all. */
  readonly seriesCount: number;
  readonly startMs: number;
  readonly endMs: number;
  /** All series of a few instances. */
  readonly watched: ReadonlyMap<string, readonly WatchedSeries[]>;
}

export const scrapeMs = 15_000;
const hourMs = 3_600_000;
/** One pod in so many restarts once while the load lasts. */
const restartsOneIn = 50;

/** Where a series of the load is: `pods[slot]`, and there number `index`. */
interface Place {
  readonly slot: number;
  readonly index: number;
}

export async function makeLoad(shape: LoadShape): Promise<MetricLoad> {
  const random = createRandom(shape.seed);
  const { intervalMs = scrapeMs } = shape;
  const startMs = shape.endMs - shape.ticks * intervalMs;
  const slots = Math.ceil(shape.series / seriesPerPod);
  const generations = new Uint32Array(slots);
  const podAt = (slot: number): Pod =>
    createPod({
      slot,
      generation: generations[slot]!,
      scrapeMs: intervalMs,
      restartTick: slot % restartsOneIn === 1 ? random.below(shape.ticks) : undefined,
      random,
    });
  const pods = Array.from({ length: slots }, (_, slot) => podAt(slot));
  const groups = placesOfGroups(shape);
  let requests = requestsOf(groups, pods);
  const watch = createWatch(new Set([0, Math.floor(slots / 2)]), shape.series);
  const bodies: Buffer[] = [];
  let seriesCount = shape.series;
  for (let tick = 0; tick < shape.ticks; tick++) {
    // Memory of the compressor is given back only when the event loop turns.
    await turn();
    const replaced = slotsReplaced(shape, slots, tick);
    for (const slot of replaced) {
      generations[slot]!++;
      pods[slot] = podAt(slot);
      seriesCount += Math.min(seriesPerPod, shape.series - slot * seriesPerPod);
    }
    if (replaced.length > 0) requests = requestsOf(groups, pods);
    const timesMs = scrapePods(pods, tick, startMs + tick * intervalMs, shape.jitterMs ?? 0, random);
    watch(pods, timesMs);
    for (const [group, request] of requests.entries()) {
      groups[group]!.forEach(({ slot, index }, i) => {
        request.set(i, timesMs[slot]!, pods[slot]!.values[index]!);
      });
      bodies.push(request.body(shape.shuffled === true ? randomOrder(request.seriesCount, random) : undefined));
    }
  }
  return {
    bodies,
    samplesPerBody: bodies.map((_, i) => groups[i % groups.length]!.length),
    groups: groups.length,
    sampleCount: shape.series * shape.ticks,
    seriesCount,
    startMs,
    endMs: shape.endMs,
    watched: watch.result,
  };
}

/** Series go round the groups, as a sender's shards take them by their hash. */
const placesOfGroups = ({ series, groups }: LoadShape): Place[][] =>
  Array.from({ length: groups }, (_, group) =>
    Array.from({ length: Math.ceil((series - group) / groups) }, (_, i) => ({
      slot: Math.floor((group + i * groups) / seriesPerPod),
      index: (group + i * groups) % seriesPerPod,
    })),
  );

const requestsOf = (groups: readonly Place[][], pods: readonly Pod[]): WriteRequest[] =>
  groups.map((places) => createWriteRequest(places.map(({ slot, index }) => pods[slot]!.labels[index]!)));

/** Each hour another part of the pods, until all were replaced. */
function slotsReplaced(
  { hourlyReplacedOneIn, intervalMs = scrapeMs }: LoadShape,
  slots: number,
  tick: number,
): number[] {
  const ticksPerHour = hourMs / intervalMs;
  if (hourlyReplacedOneIn === undefined || tick === 0 || tick % ticksPerHour !== 0) return [];
  const hour = tick / ticksPerHour;
  return Array.from({ length: slots }, (_, slot) => slot).filter((slot) => (slot + hour) % hourlyReplacedOneIn === 0);
}

function scrapePods(
  pods: readonly Pod[],
  tick: number,
  tickMs: number,
  jitterMs: number,
  random: Random,
): Float64Array {
  return Float64Array.from(pods, (pod) => {
    pod.advance(tick);
    return tickMs + pod.offsetMs + random.below(jitterMs);
  });
}

function randomOrder(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  // Fisher and Yates' shuffle.
  for (let i = count - 1; i > 0; i--) {
    const other = random.below(i + 1);
    const moved = order[i]!;
    order[i] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/** Keeps the samples of these slots' pods, by instance. */
function createWatch(slots: ReadonlySet<number>, series: number) {
  const result = new Map<string, WatchedSeries[]>();
  const watch = (pods: readonly Pod[], timesMs: Float64Array): void => {
    for (const slot of slots) {
      const { instance, labels, values } = pods[slot]!;
      const present = Math.min(seriesPerPod, series - slot * seriesPerPod);
      if (!result.has(instance))
        result.set(
          instance,
          labels.slice(0, present).map((each) => ({ labels: each, timesMs: [], values: [] })),
        );
      for (const [i, kept] of result.get(instance)!.entries()) {
        kept.timesMs.push(timesMs[slot]!);
        kept.values.push(values[i]!);
      }
    }
  };
  return Object.assign(watch, { result: result as ReadonlyMap<string, readonly WatchedSeries[]> });
}

/** One text for equal labels, whatever their order. */
export const seriesKey = (labels: Labels): string =>
  JSON.stringify(Array.from(labels).sort(([a], [b]) => compareUtf8(a, b)));
