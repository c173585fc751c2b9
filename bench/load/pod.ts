/**
 * A pod that serves a model, as a scrape of it looks: `seriesPerPod` series, most of them latency histograms whose buckets are
 * counters, then counters of predictions, gauges of confidence and drift with three decimals, and those of its machine.
 */
import type { Label, Labels } from '../../src/model/labels.js';
import { sortedLabels } from '../../src/model/labels.js';
import type { Random } from './random.js';

const endpoints = ['predict', 'predict_batch', 'rank', 'embed', 'explain'];
const features = ['age', 'income', 'tenure', 'country', 'device', 'basket_value', 'visits', 'referrer'];
const caches = ['features', 'embeddings'];
/** Upper bounds of latency in seconds: those that client libraries take by default, without a second 0.075. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const regions = ['eu-west-1', 'eu-central-1', 'us-east-1', 'us-west-2', 'ap-south-1'];
const gibibyte = 2 ** 30;
const gpuPage = 2 ** 21;

const seriesPerEndpoint = bounds.length + 1 + 5;
const machineSeries = 5;
export const seriesPerPod = machineSeries + caches.length + features.length + endpoints.length * seriesPerEndpoint;

/** Ticks of a day at 15 seconds: the load of an endpoint rises and falls with it. */
const ticksPerDay = 5_760;

export interface Pod {
  readonly instance: string;
  /** Milliseconds after each tick at which it is scraped. */
  readonly offsetMs: number;
  /** Of each series, in the order of `values`. */
  readonly labels: readonly Labels[];
  /** What the last `advance` made of them. */
  readonly values: Float64Array;
  /** Goes on by one scrape interval. */
  advance(tick: number): void;
}

export interface PodOptions {
  readonly slot: number;
  /** How many pods had this slot before. */
  readonly generation: number;
  readonly scrapeMs: number;
  /** The tick at which the process restarts and its counters begin again; none where undefined. */
  readonly restartTick: number | undefined;
  readonly random: Random;
}

export function createPod({ slot, generation, scrapeMs, restartTick, random }: PodOptions): Pod {
  const instance = `10.${generation}.${slot >> 8}.${slot & 255}:8000`;
  const values = new Float64Array(seriesPerPod);
  const machine = createMachine(random);
  const traffic = endpoints.map(() => createTraffic(random));
  const gauges = createGauges(random);
  return {
    instance,
    offsetMs: random.below(scrapeMs),
    labels: podLabels(slot, instance),
    values,
    advance(tick) {
      if (tick === restartTick) [machine, ...traffic].forEach((part) => void part.reset());
      let at = machine.advance(values, 0, tick);
      at = gauges.advance(values, at, tick);
      for (const part of traffic) at = part.advance(values, at, tick);
    },
  };
}

/** A part of a pod: writes its values from `at` on and returns where the next part's begin. */
interface Part {
  advance(values: Float64Array, at: number, tick: number): number;
}
interface CountingPart extends Part {
  reset(): void;
}

const decimals = (value: number, scale: number): number => Math.round(value * scale) / scale;
const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function createMachine(random: Random): CountingPart {
  const cores = random.between(0.2, 3);
  let cpuSeconds = random.between(0, 1e4);
  let utilization = random.between(20, 90);
  let memory = Math.round(random.between(4, 70) * 512) * gpuPage;
  let temperature = random.between(45, 75);
  return {
    reset() {
      cpuSeconds = 0;
    },
    advance(values, at) {
      cpuSeconds += 15 * cores * random.between(0.8, 1.2);
      utilization = within(Math.round(utilization + 4 * random.normal()), 0, 100);
      // Memory of an accelerator is taken and given back in large steps, seldom.
      if (random.uniform() < 0.03)
        memory = within(memory + Math.round(50 * random.normal()) * gpuPage, gibibyte, 80 * gibibyte);
      if (random.uniform() < 0.3) temperature = within(Math.round(temperature + random.normal()), 30, 90);
      values[at++] = 1;
      values[at++] = decimals(cpuSeconds, 100);
      values[at++] = utilization;
      values[at++] = memory;
      values[at++] = Math.round(temperature);
      return at;
    },
  };
}

/** Every how many ticks a feature's drift is computed anew. */
const driftIntervals = [1, 4, 20];

function createGauges(random: Random): Part {
  const ratios = caches.map(() => random.between(0.9, 0.99));
  const drifts = features.map(() => random.between(0.02, 0.2));
  return {
    advance(values, at, tick) {
      for (const [i, ratio] of ratios.entries()) {
        ratios[i] = within(ratio + 0.002 * random.normal(), 0.5, 1);
        values[at++] = decimals(ratios[i]!, 1e4);
      }
      for (const [i, drift] of drifts.entries()) {
        if (tick % driftIntervals[i % driftIntervals.length]! === 0)
          drifts[i] = decimals(within(drift + 0.01 * random.normal(), 0, 1), 1e3);
        values[at++] = decimals(drifts[i]!, 1e3);
      }
      return at;
    },
  };
}

/** Requests to one endpoint: log-logistic latencies about a median that wanders. */
function createTraffic(random: Random): CountingPart {
  const perTick = 15 * Math.exp(random.between(Math.log(0.2), Math.log(100)));
  const median = Math.exp(random.between(Math.log(0.01), Math.log(0.12)));
  const steepness = random.between(1.8, 3.5);
  const errorShare = random.between(0.001, 0.02);
  const phase = random.between(0, 2 * Math.PI);
  const counts = new Float64Array(bounds.length + 1);
  let seconds = 0;
  let errors = 0;
  let confidence = random.between(0.6, 0.95);
  return {
    reset() {
      counts.fill(0);
      seconds = 0;
      errors = 0;
    },
    advance(values, at, tick) {
      const wave = 1 + 0.4 * Math.sin((2 * Math.PI * tick) / ticksPerDay + phase);
      const now = median * Math.exp(0.2 * Math.sin(tick / 120 + phase));
      const mean = perTick * wave * random.between(0.9, 1.1);
      let below = 0;
      let come = 0;
      for (let i = 0; i < counts.length; i++) {
        const share = i < bounds.length ? 1 / (1 + (now / bounds[i]!) ** steepness) : 1;
        come += random.poisson(mean * (share - below));
        counts[i]! += come;
        values[at++] = counts[i]!;
        below = share;
      }
      if (come > 0) seconds += come * now * 1.2 * Math.max(0.1, 1 + (0.3 * random.normal()) / Math.sqrt(come));
      errors += Math.min(come, random.poisson(come * errorShare));
      confidence = decimals(within(confidence + 0.01 * random.normal(), 0.4, 0.999), 1e3);
      const total = counts[bounds.length]!;
      values[at++] = seconds;
      values[at++] = total;
      values[at++] = total - errors;
      values[at++] = errors;
      values[at++] = confidence;
      return at;
    },
  };
}

/** Labels that are the same in every pod, as the very same pairs: see `write-request.ts`. */
const labelled = (name: string, values: readonly string[]): Label[] => values.map((value) => [name, value]);
const endpointLabels = labelled('endpoint', endpoints);
const featureLabels = labelled('feature', features);
const cacheLabels = labelled('cache', caches);
const boundLabels = labelled('le', [...bounds.map(String), '+Inf']);
const statusLabels = labelled('status', ['success', 'error']);
const gpuLabel: Label = ['gpu', '0'];
const nameLabels = new Map<string, Label>();
const nameLabel = (name: string): Label => {
  const label = nameLabels.get(name) ?? ['__name__', name];
  nameLabels.set(name, label);
  return label;
};

/** In the order in which the parts write their values. */
function podLabels(slot: number, instance: string): Labels[] {
  const shared: Label[] = [
    ['instance', instance],
    ['job', 'serving'],
    ['region', regions[slot % regions.length]!],
  ];
  const model: Label[] = [
    ['model', `ranker-${slot % 20}`],
    ['version', `v${1 + (Math.floor(slot / 20) % 2)}`],
  ];
  const series = (name: string, ...own: Label[]): Labels => sortedLabels([nameLabel(name), ...shared, ...own]);
  return [
    series('up'),
    series('process_cpu_seconds_total'),
    series('gpu_utilization_percent', gpuLabel),
    series('gpu_memory_used_bytes', gpuLabel),
    series('gpu_temperature_celsius', gpuLabel),
    ...cacheLabels.map((cache) => series('feature_cache_hit_ratio', ...model, cache)),
    ...featureLabels.map((feature) => series('feature_drift_score', ...model, feature)),
    ...endpointLabels.flatMap((endpoint) => [
      ...boundLabels.map((le) => series('inference_latency_seconds_bucket', ...model, endpoint, le)),
      series('inference_latency_seconds_sum', ...model, endpoint),
      series('inference_latency_seconds_count', ...model, endpoint),
      ...statusLabels.map((status) => series('inference_predictions_total', ...model, endpoint, status)),
      series('inference_confidence', ...model, endpoint),
    ]),
  ];
}
