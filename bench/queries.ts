/**
 * Queries over Prometheus' API: Barograph beside VictoriaMetrics and Prometheus, each with the same samples, asked the same questions in turns in
 * the same run. See docs/guides/benchmarks.md for the cases and the options.
 *
 * Asserts the ratios that `caseWants` names and that answers agree with Prometheus'; ends with code 1 where one is missed.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../src/base/errors.js';
import { type MetricLoad, makeLoad, scrapeMs } from './load/metric-load.js';
import { type Agreement, agreementOf } from './measure/answer-agreement.js';
import { type PacedLoad, startPacedWrites } from './measure/paced-writes.js';
import { type QueryRun, queryRun, withoutCache } from './measure/query-run.js';
import { replay } from './measure/replay.js';
import { settle } from './measure/settle.js';
import { type BenchQuestion, benchQuestions, manySeriesQuestions } from './questions/question.js';
import { fetched, type MeasuredServer, type ServerName } from './servers/measured-server.js';
import { findServers, type ServerPrograms } from './servers/start-server.js';

const caseNames = ['warm', 'cached', 'cold', 'ingest', 'many-series'] as const;
type CaseName = (typeof caseNames)[number];

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: caseNames.join() },
    series: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '6' },
    'many-series': { type: 'string', default: '1000000' },
    'ingest-rate': { type: 'string', default: '300000' },
    'ingest-seconds': { type: 'string', default: '20' },
    rounds: { type: 'string', default: '9' },
    seed: { type: 'string', default: '1' },
    'victoria-metrics': { type: 'string' },
    prometheus: { type: 'string' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function wholeNumber(name: keyof typeof options): number {
  const number = Number(options[name]);
  if (!Number.isSafeInteger(number) || number < 1)
    fail(`--${name}: got "${options[name]}", wanted a whole number from 1`);
  return number;
}

function serversOrFail(): ServerPrograms {
  try {
    return findServers(options);
  } catch (error) {
    return fail(messageOf(error));
  }
}

const [series, hours, rounds, seed] = [
  wholeNumber('series'),
  wholeNumber('hours'),
  wholeNumber('rounds'),
  wholeNumber('seed'),
];
const [manySeries, ingestRate, ingestSeconds] = [
  wholeNumber('many-series'),
  wholeNumber('ingest-rate'),
  wholeNumber('ingest-seconds'),
];
const chosen = options.cases.split(',');
const unknown = chosen.filter((name) => !(caseNames as readonly string[]).includes(name));
if (unknown.length > 0) fail(`no case is called ${unknown.join(', ')}; there are ${caseNames.join(', ')}`);
const programs = serversOrFail();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seriesPerRequestMax = 2_000;
const senders = 4;
const hourMs = 3_600_000;
/** Of what is written in the case `ingest`, before the first question. */
const idleShare = 1 / 3;
/** Of the time of an acknowledgement while nobody asks, at the 99th percentile. */
const ackRatioMax = 2;

interface Verdict {
  /** Undefined where there was nothing to compare with. */
  readonly met: boolean | undefined;
  readonly text: string;
}
const verdicts: Verdict[] = [];

interface Wants {
  /** Servers that take part, beside Barograph. */
  readonly rivals: readonly ServerName[];
  /** Whether Barograph may take no longer than this rival. */
  readonly noSlowerThan: ServerName | undefined;
  /** Whether questions' own ratios to Prometheus count. */
  readonly countsRatios: boolean;
}

const both: readonly ServerName[] = ['VictoriaMetrics', 'Prometheus'];
const caseWants: Readonly<Record<CaseName, Wants>> = {
  warm: { rivals: both, noSlowerThan: 'VictoriaMetrics', countsRatios: true },
  cached: { rivals: ['VictoriaMetrics'], noSlowerThan: 'VictoriaMetrics', countsRatios: false },
  cold: { rivals: both, noSlowerThan: 'Prometheus', countsRatios: false },
  ingest: { rivals: both, noSlowerThan: 'VictoriaMetrics', countsRatios: true },
  'many-series': { rivals: both, noSlowerThan: undefined, countsRatios: false },
};

type Runs = ReadonlyMap<ServerName, QueryRun>;

/** Starts all servers, so that they are asked in turns. */
async function withServers(
  seriesMax: number | undefined,
  use: (servers: MeasuredServer[]) => Promise<void>,
): Promise<void> {
  const start = (names: readonly ServerName[], started: MeasuredServer[]): Promise<void> => {
    const [name, ...rest] = names;
    if (name === undefined) return use(started);
    return programs.withServer(name, seriesMax, (server) => start(rest, [...started, server]));
  };
  await start(programs.present, []);
}

async function loadAll(servers: readonly MeasuredServer[], load: MetricLoad): Promise<void> {
  for (const server of servers) {
    const { seconds } = await replay(load, server.writeUrl, senders);
    await server.flush();
    await settle(server.pid, server.isIdle);
    say(`  ${server.name}: ${Math.round(load.sampleCount / seconds).toLocaleString('en')} samples/s taken`);
  }
}

const takingPart = (servers: readonly MeasuredServer[], { rivals }: Wants): MeasuredServer[] =>
  servers.filter(({ name }) => name === 'Barograph' || rivals.includes(name));

async function runCase(
  name: CaseName,
  servers: readonly MeasuredServer[],
  questions: readonly BenchQuestion[],
  ask: (server: MeasuredServer, question: BenchQuestion) => Promise<QueryRun>,
): Promise<void> {
  const wants = caseWants[name];
  say(`\n${name}: median milliseconds, and how many times Barograph's`);
  for (const question of questions) {
    const runs = new Map<ServerName, QueryRun>();
    for (const server of takingPart(servers, wants)) runs.set(server.name, await ask(server, question));
    sayRuns(question, runs);
    judge(name, wants, question, runs);
  }
}

function sayRuns({ name }: BenchQuestion, runs: Runs): void {
  const own = runs.get('Barograph')!;
  const texts = Array.from(runs, ([server, { medianMs, text }]) => {
    if (server === 'Barograph') return `Barograph ${medianMs.toFixed(2)}`;
    const agreement = agreementOf(own.text, text);
    return `${server} ${medianMs.toFixed(2)} (${(medianMs / own.medianMs).toFixed(2)}; ${agreementText(agreement)})`;
  });
  say(`  ${name.padEnd(34)} ${texts.join('   ')}`);
}

const agreementText = ({ points, missing, different, worstShare }: Agreement): string =>
  missing + different === 0
    ? `${points} points agree`
    : `of ${points} points ${missing} on one side only, ${different} differ, by ${worstShare.toExponential(0)} at most`;

/** Prometheus 2 extrapolates counters that began at zero by less than 3 does: points of rates differ, but they are the same points. */
let isPrometheus3 = false;

async function noteVersion(servers: readonly MeasuredServer[]): Promise<void> {
  const prometheus = servers.find(({ name }) => name === 'Prometheus');
  if (prometheus === undefined) return;
  const { data } = JSON.parse(await fetched(`${prometheus.url}/api/v1/status/buildinfo`)) as {
    data: { version: string };
  };
  isPrometheus3 = !data.version.startsWith('2.');
}

function judge(name: CaseName, { noSlowerThan, countsRatios }: Wants, question: BenchQuestion, runs: Runs): void {
  const own = runs.get('Barograph')!;
  const what = `${name}, ${question.name}:`;
  if (noSlowerThan !== undefined) {
    const rival = runs.get(noSlowerThan);
    const ratio = rival && own.medianMs / rival.medianMs;
    verdicts.push({
      met: ratio === undefined ? undefined : ratio <= 1,
      text: `${what} ${ratio?.toFixed(2) ?? 'unknown'} times the time of ${noSlowerThan}, wanted at most 1`,
    });
  }
  const prometheus = runs.get('Prometheus');
  if (countsRatios && question.timesPrometheusMin !== undefined) {
    const ratio = prometheus && prometheus.medianMs / own.medianMs;
    verdicts.push({
      met: ratio === undefined ? undefined : ratio >= question.timesPrometheusMin,
      text: `${what} ${ratio?.toFixed(1) ?? 'unknown'} times faster than Prometheus, wanted at least ${question.timesPrometheusMin}`,
    });
  }
  if (prometheus === undefined) return;
  const { points, missing, different } = agreementOf(own.text, prometheus.text);
  verdicts.push({
    met: missing === 0 && (different === 0 || !isPrometheus3),
    text: `${what} ${missing} points on one side only and ${different} of ${points} that differ from Prometheus', wanted none${isPrometheus3 ? '' : ' on one side'}`,
  });
}

async function runColdCase(servers: readonly MeasuredServer[], questions: readonly BenchQuestion[]): Promise<void> {
  const firsts = new Map<string, QueryRun>();
  for (const server of takingPart(servers, caseWants.cold)) {
    await server.restart();
    await settle(server.pid, server.isIdle);
    for (const question of questions)
      firsts.set(`${server.name} ${question.name}`, await queryRun(server, question, withoutCache, 1));
  }
  await runCase('cold', servers, questions, async (server, { name }) => firsts.get(`${server.name} ${name}`)!);
}

/** `further` goes on where the load ended. Its first bodies are written while nobody asks. */
async function runIngestCase(
  servers: readonly MeasuredServer[],
  questions: readonly BenchQuestion[],
  further: PacedLoad,
): Promise<void> {
  const runs = new Map<string, QueryRun>();
  for (const server of takingPart(servers, caseWants.ingest)) {
    const idleBodies = Math.floor(further.bodies.length * idleShare);
    const idle = await startPacedWrites(server, { ...further, bodies: further.bodies.slice(0, idleBodies) }).finish();
    const asked = { ...further, bodies: further.bodies.slice(idleBodies) };
    const writes = startPacedWrites(server, asked);
    for (const question of questions)
      runs.set(`${server.name} ${question.name}`, await queryRun(server, question, withoutCache, rounds));
    const { samples, seconds, ackP99Ms } = await writes.stop();
    say(
      `  ${server.name}: ${Math.round(samples / seconds).toLocaleString('en')} samples/s written meanwhile, ` +
        `acknowledged within ${ackP99Ms.toFixed(1)} ms (p99), ${idle.ackP99Ms.toFixed(1)} ms while nobody asked` +
        `${samples >= asked.bodies.length * asked.samplesPerBody ? '; they ran out' : ''}`,
    );
    if (server.name !== 'Barograph') continue;
    const ratio = ackP99Ms / idle.ackP99Ms;
    verdicts.push({
      met: ratio <= ackRatioMax,
      text: `ingest: acknowledgements take ${ratio.toFixed(2)} times as long (p99) while queries run, wanted at most ${ackRatioMax}`,
    });
  }
  await runCase('ingest', servers, questions, async (server, { name }) => runs.get(`${server.name} ${name}`)!);
}

async function runDashboardCases(): Promise<void> {
  const isIngesting = chosen.includes('ingest');
  const ticks = (hours * hourMs) / scrapeMs;
  const furtherTicks = isIngesting ? Math.ceil((ingestRate * ingestSeconds) / (1 - idleShare) / series) : 0;
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  const groups = Math.max(Math.ceil(series / seriesPerRequestMax), Math.min(senders, series));
  const whole = await makeLoad({
    seed,
    series,
    ticks: ticks + furtherTicks,
    endMs: endMs + furtherTicks * scrapeMs,
    groups,
  });
  const load: MetricLoad = {
    ...whole,
    bodies: whole.bodies.slice(0, ticks * groups),
    sampleCount: series * ticks,
    endMs,
  };
  say(`${load.sampleCount.toLocaleString('en')} samples of ${series.toLocaleString('en')} series over ${hours} h`);
  const questions = benchQuestions(endMs, hours);
  await withServers(undefined, async (servers) => {
    await noteVersion(servers);
    await loadAll(servers, load);
    if (chosen.includes('warm'))
      await runCase('warm', servers, questions, (server, question) => queryRun(server, question, withoutCache, rounds));
    if (chosen.includes('cached')) {
      const repeated = questions.filter(({ path }) => path.endsWith('query_range'));
      await runCase('cached', servers, repeated, (server, question) => queryRun(server, question, {}, rounds));
    }
    if (chosen.includes('cold')) await runColdCase(servers, questions);
    const further = { bodies: whole.bodies.slice(ticks * groups), groups, samplesPerBody: series / groups };
    if (isIngesting) await runIngestCase(servers, questions, { ...further, samplesPerSecond: ingestRate });
  });
}

/** Less often scraped: an hour of a million series is what is asked for, not its samples. */
const manySeriesIntervalMs = 120_000;
const manySeriesTicks = hourMs / manySeriesIntervalMs + 4;

async function runManySeriesCase(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  const groups = Math.ceil(manySeries / seriesPerRequestMax);
  const shape = { seed, series: manySeries, ticks: manySeriesTicks, endMs, groups, intervalMs: manySeriesIntervalMs };
  const load = await makeLoad(shape);
  say(`\n${load.sampleCount.toLocaleString('en')} samples of ${manySeries.toLocaleString('en')} series`);
  await withServers(2 * manySeries, async (servers) => {
    await noteVersion(servers);
    await loadAll(servers, load);
    await runCase('many-series', servers, manySeriesQuestions(endMs), (server, question) =>
      queryRun(server, question, withoutCache, rounds),
    );
  });
}

for (const rival of both) if (!programs.present.includes(rival)) say(`no ${rival} on PATH: goes on without it`);
if (chosen.some((name) => name !== 'many-series')) await runDashboardCases();
if (chosen.includes('many-series')) await runManySeriesCase();
say('');
for (const { met, text } of verdicts) say(`${met === undefined ? 'unknown' : met ? 'met    ' : 'MISSED '} ${text}`);
if (verdicts.some(({ met }) => met === false)) process.exitCode = 1;
