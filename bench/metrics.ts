/**
 * Metrics by remote write 1.0: Barograph beside VictoriaMetrics and Prometheus, each started here on a fresh folder and sent the same
 * requests in the same run. See docs/guides/benchmarks.md for what is measured, the cases and the options.
 *
 * Asserts the ratios, the latency and the bytes a sample that `cases` and `verdictsOf` name; ends with code 1 where one is missed.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../src/base/errors.js';
import { type LoadShape, type MetricLoad, makeLoad } from './load/metric-load.js';
import { type IngestRun, ingestRun } from './measure/ingest-run.js';
import { seriesMemory } from './measure/series-memory.js';
import type { ServerName } from './servers/measured-server.js';
import { findServers, type ServerPrograms } from './servers/start-server.js';

interface IngestCase {
  readonly shape?: Partial<LoadShape>;
  readonly senders?: number;
  /** Least ratio of samples per CPU-second to each rival's; the rivals that run in this case. */
  readonly ratiosMin: Partial<Record<ServerName, number>>;
  readonly ackP99MsMax?: number;
  readonly bytesPerSampleMax?: number;
}

const cases: Readonly<Record<string, IngestCase>> = {
  ordered: { ratiosMin: { VictoriaMetrics: 2.5, Prometheus: 12 }, ackP99MsMax: 50, bytesPerSampleMax: 1.5 },
  shuffled: { shape: { shuffled: true }, ratiosMin: { VictoriaMetrics: 1.2 } },
  jittered: { shape: { jitterMs: 50 }, ratiosMin: { VictoriaMetrics: 1.2 } },
  churned: { shape: { hourlyReplacedOneIn: 5 }, ratiosMin: { VictoriaMetrics: 1.2 } },
  'eight-senders': { senders: 8, ratiosMin: { VictoriaMetrics: 1.2 } },
};
const memoryCase = 'memory';
const caseNames = [...Object.keys(cases), memoryCase];

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: caseNames.join() },
    samples: { type: 'string', default: '5760000' },
    series: { type: 'string', default: '10000' },
    'memory-series': { type: 'string', default: '10000,100000,1000000' },
    senders: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    'victoria-metrics': { type: 'string' },
    prometheus: { type: 'string' },
  },
});

/** As Prometheus' sender takes at most into a request. */
const seriesPerRequestMax = 2_000;
/** Scrapes of each series in the case of memory. */
const memoryTicks = 3;
/** Series up to which Barograph's default budgets leave a load alone. */
const seriesWithinBudgets = 100_000;

const wholeNumber = (name: string, text: string): number => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) fail(`--${name}: got "${text}", wanted a whole number from 1`);
  return number;
};

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function serversOrFail(): ServerPrograms {
  try {
    return findServers(options);
  } catch (error) {
    return fail(messageOf(error));
  }
}

const series = wholeNumber('series', options.series);
const samples = wholeNumber('samples', options.samples);
const senders = wholeNumber('senders', options.senders);
const rounds = wholeNumber('rounds', options.rounds);
const seed = wholeNumber('seed', options.seed);
const memorySeries = options['memory-series'].split(',').map((text) => wholeNumber('memory-series', text));
const chosen = options.cases.split(',');
const unknown = chosen.filter((name) => !caseNames.includes(name));
if (unknown.length > 0) fail(`no case is called ${unknown.join(', ')}; there are ${caseNames.join(', ')}`);

const servers = serversOrFail();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const whole = (figure: number): string => Math.round(figure).toLocaleString('en');

interface Verdict {
  readonly name: string;
  /** Undefined where there was nothing to compare with. */
  readonly met: boolean | undefined;
  readonly text: string;
}

async function loadOf(shape: Partial<LoadShape>, count: number, ticks: number, sending: number): Promise<MetricLoad> {
  const cpu = process.cpuUsage();
  const groups = Math.max(Math.ceil(count / seriesPerRequestMax), Math.min(sending, count));
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  const load = await makeLoad({ seed, series: count, ticks, endMs, groups, ...shape });
  const { user, system } = process.cpuUsage(cpu);
  const sentBytes = load.bodies.reduce((sum, body) => sum + body.length, 0);
  say(
    `  ${whole(load.sampleCount)} samples of ${whole(load.seriesCount)} series in ${whole(load.bodies.length)} requests, ` +
      `${(sentBytes / load.sampleCount).toFixed(1)} bytes a sample, made in ${((user + system) / 1e6).toFixed(0)} CPU-seconds`,
  );
  return load;
}

const seriesMaxOf = ({ seriesCount }: MetricLoad): number | undefined =>
  seriesCount > seriesWithinBudgets ? 2 * seriesCount : undefined;

const columns: readonly (readonly [title: string, width: number, text: (run: IngestRun) => string])[] = [
  ['samples/CPU-s', 14, (run) => whole(run.samplesPerCpuSecond) + (run.hasSettled ? '' : '*')],
  ['at last ack', 12, (run) => whole(run.samplesPerCpuSecondAtAck)],
  ['samples/s', 11, (run) => whole(run.samplesPerSecond)],
  ['p50 ms', 8, (run) => run.ackP50Ms.toFixed(1)],
  ['p99 ms', 8, (run) => run.ackP99Ms.toFixed(1)],
  ['retries', 8, (run) => whole(run.retries)],
  ['B/sample', 9, (run) => run.bytesPerSample.toFixed(2)],
  ['client cores', 13, (run) => run.clientCores.toFixed(2)],
  ['read back', 30, (run) => readBackText(run)],
];

function readBackText({ readBack: { samples, missing, changed, worstShare } }: IngestRun): string {
  if (missing === 0 && changed === 0) return `${whole(samples)} exact`;
  return `${missing} missing, ${whole(changed)} off to ${worstShare.toExponential(0)}`;
}

async function runIngestCase(name: string, ingest: IngestCase): Promise<Verdict[]> {
  say(`\n${name}`);
  const sending = ingest.senders ?? senders;
  const load = await loadOf(ingest.shape ?? {}, series, Math.max(1, Math.round(samples / series)), sending);
  const taking = servers.present.filter((each) => each === 'Barograph' || each in ingest.ratiosMin);
  say(`  ${''.padEnd(16)}${columns.map(([title, width]) => title.padStart(width)).join('')}`);
  const runs = new Map<ServerName, IngestRun[]>(taking.map((each) => [each, []]));
  for (let round = 0; round < rounds; round++)
    for (const server of taking) {
      const run = await servers.withServer(server, seriesMaxOf(load), (started) => ingestRun(started, load, sending));
      runs.get(server)!.push(run);
      say(`  ${server.padEnd(16)}${columns.map(([, width, text]) => text(run).padStart(width)).join('')}`);
    }
  return verdictsOf(name, ingest, runs);
}

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor((figures.length - 1) / 2)]!;

function verdictsOf(
  name: string,
  { ratiosMin, ackP99MsMax, bytesPerSampleMax }: IngestCase,
  runs: ReadonlyMap<ServerName, readonly IngestRun[]>,
): Verdict[] {
  const ours = runs.get('Barograph')!;
  const rate = (all: readonly IngestRun[]): number => median(all.map((run) => run.samplesPerCpuSecond));
  const verdicts: Verdict[] = Object.entries(ratiosMin).map(([rival, least]) => {
    const theirs = runs.get(rival as ServerName);
    const wanted = `times the samples per CPU-second of ${rival}, wanted at least ${least}`;
    if (theirs === undefined) return { name, met: undefined, text: `unknown how many ${wanted}` };
    const ratio = rate(ours) / rate(theirs);
    return { name, met: ratio >= least, text: `${ratio.toFixed(2)} ${wanted}` };
  });
  const limit = (max: number | undefined, figure: (run: IngestRun) => number, what: string): void => {
    if (max === undefined) return;
    const got = median(ours.map(figure));
    verdicts.push({ name, met: got <= max, text: `${got.toFixed(2)} ${what}, wanted at most ${max}` });
  };
  limit(ackP99MsMax, (run) => run.ackP99Ms, 'ms at the 99th percentile of acknowledgements');
  limit(bytesPerSampleMax, (run) => run.bytesPerSample, 'bytes a sample on disk');
  const inexact = ours.reduce((sum, run) => sum + run.readBack.missing + run.readBack.changed, 0);
  verdicts.push({ name, met: inexact === 0, text: `${inexact} samples read back missing or changed, wanted none` });
  return verdicts;
}

async function runMemoryCase(): Promise<void> {
  say(`\n${memoryCase}: growth over the empty server, bytes a series (in parentheses without pages of files)`);
  for (const count of memorySeries) {
    const load = await loadOf({}, count, memoryTicks, senders);
    for (const server of servers.present) {
      const memory = await servers.withServer(server, seriesMaxOf(load), (started) =>
        seriesMemory(started, load, senders),
      );
      const { residentBytesPerSeries, ownBytesPerSeries, emptyBytes } = memory;
      const figures = `${whole(residentBytesPerSeries).padStart(8)} (${whole(ownBytesPerSeries)})`;
      say(`  ${server.padEnd(16)}${figures.padEnd(20)} empty ${whole(emptyBytes / 1e6)} MB`);
    }
  }
}

if (!servers.present.includes('VictoriaMetrics')) say('no victoria-metrics on PATH: goes on without it');
if (!servers.present.includes('Prometheus')) say('no prometheus on PATH: goes on without it');
const verdicts: Verdict[] = [];
for (const name of chosen)
  if (name === memoryCase) await runMemoryCase();
  else verdicts.push(...(await runIngestCase(name, cases[name]!)));
say('');
for (const { name, met, text } of verdicts)
  say(`${met === undefined ? 'unknown' : met ? 'met    ' : 'MISSED '} ${name.padEnd(14)} ${text}`);
if (verdicts.some(({ met }) => met === false)) process.exitCode = 1;
