/** The same random series in Prometheus and in Barograph, the same random queries to both. */
import { createRandom, type Random } from '../../bench/load/random.js';
import { ask, type Question } from './ask.js';
import { differenceOf, type QueryAnswer } from './compare-answers.js';
import { knownDifferences } from './known-differences.js';
import { narrowQuery } from './narrow-query.js';
import { type MetricsShape, randomMetrics } from './random-metrics.js';
import { type QueryDraw, randomQuery } from './random-query.js';
import { writeRequests } from './write-requests.js';

export interface Servers {
  readonly ours: string;
  readonly theirs: string;
  readonly isVersion3: boolean;
  /** Series are met in another order after a restart. */
  readonly hasRestarted: boolean;
}

export interface Difference extends Question {
  readonly what: string;
  /** The smallest part of the query that differs too. */
  readonly narrowed: string;
}

export interface DifferentialResult {
  readonly queries: number;
  /** Of `queries`, those that gave something, and those that failed, on both sides. */
  readonly answered: number;
  readonly failed: number;
  /** Those that Prometheus itself answers now in one way and now in another. */
  readonly undecided: number;
  /** Those of `knownDifferences`. */
  readonly known: number;
  readonly differences: readonly Difference[];
}

const hourMs = 3_600_000;
/** Series of three hours, so that chunks begin and end within them. */
const spanMs = 3 * hourMs;

export interface LoadedMetrics extends MetricsShape {
  readonly random: Random;
}

/** Always the same, so that a seed gives the same run: whether a sample lies on a window's border depends on it. */
const lastMs = Date.UTC(2026, 0, 15, 12, 20);

/** Writes random series to both. */
export async function loadMetrics(servers: Servers, seed: number): Promise<LoadedMetrics> {
  const random = createRandom(seed);
  const endMs = lastMs;
  const shape = { startMs: endMs - spanMs, endMs, isOffSeconds: !servers.isVersion3 };
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  for (const body of writeRequests(randomMetrics(random, shape), shape.startMs, shape.endMs))
    for (const url of [servers.ours, servers.theirs]) {
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
      if (answer.status !== 204 && answer.status !== 200)
        throw new Error(`${url} refuses series: ${answer.status} ${await answer.text()}`);
    }
  return { random, ...shape };
}

/** Asks both `queries` random queries. `onDifference` is told of each difference as it is found. */
export async function compareQueries(
  servers: Servers,
  { random, startMs, endMs }: LoadedMetrics,
  queries: number,
  onDifference: (difference: Difference) => void,
): Promise<DifferentialResult> {
  const draw: QueryDraw = {
    random,
    fromSeconds: startMs / 1000,
    toSeconds: endMs / 1000,
    isVersion3: servers.isVersion3,
    mayDependOnOrder: servers.isVersion3 && !servers.hasRestarted,
  };
  const { isVersion3 } = servers;
  const differences: Difference[] = [];
  let answered = 0;
  let failed = 0;
  let undecided = 0;
  let known = 0;
  let question: Question | undefined;
  for (let i = 0; i < queries; i++) {
    question = movedOn(draw, question) ?? { query: randomQuery(draw), parameters: randomParameters(draw) };
    const [ours, theirs] = await askBoth(servers, question);
    if (theirs.status === 'error') failed++;
    else if (theirs.data.result.length > 0) answered++;
    const what = differenceOf(ours, theirs, servers.isVersion3);
    if (what === undefined) continue;
    if (isOfVersion3(servers, theirs) || (await isUndecided(servers, question, theirs))) {
      undecided++;
      continue;
    }
    const asked = question;
    const differs = async (query: string): Promise<boolean> =>
      differenceOf(...(await askBoth(servers, { ...asked, query })), isVersion3) !== undefined;
    const difference = { ...question, what, narrowed: await narrowQuery(question.query, differs) };
    if (knownDifferences.some(({ pattern }) => pattern.test(difference.narrowed))) {
      known++;
      continue;
    }
    differences.push(difference);
    onDifference(difference);
  }
  return { queries, answered, failed, undecided, known, differences };
}

/** A query may depend on the order in which Prometheus walks a map, which is another one each time: `topk` of equals, for one. */
async function isUndecided({ theirs, isVersion3 }: Servers, question: Question, first: QueryAnswer): Promise<boolean> {
  for (let i = 0; i < asksMax; i++)
    if (differenceOf(await ask(theirs, question), first, isVersion3) !== undefined) return true;
  return false;
}
const asksMax = 8;

/** Version 2 drops names early, so that series are the same that are not in version 3. */
const isOfVersion3 = ({ isVersion3 }: Servers, theirs: QueryAnswer): boolean =>
  !isVersion3 && theirs.status === 'error' && theirs.error === 'vector cannot contain metrics with the same labelset';

const askBoth = ({ ours, theirs }: Servers, question: Question) =>
  Promise.all([ask(ours, question), ask(theirs, question)]);

/** Of range queries one in four comes again a little later, as from a dashboard: it is answered in part from the result cache. */
function movedOn({ random }: QueryDraw, question: Question | undefined): Question | undefined {
  const { start, end, step } = question?.parameters ?? {};
  if (start === undefined || random.uniform() > 0.25) return undefined;
  const moved = (time: string | undefined): string => (Number(time) + 3 * Number(step)).toFixed(3);
  return { query: question!.query, parameters: { start: moved(start), end: moved(end), step: step! } };
}

const steps = ['1', '7', '15', '30', '60', '77', '300', '1000'];
const pointsMax = 120;

/** A quarter are instant queries. Some times lie before the first sample, some behind the last one. */
function randomParameters({ random, fromSeconds, toSeconds, isVersion3 }: QueryDraw): Record<string, string> {
  // Version 2 has its windows' borders where samples are: see `isOffSeconds`.
  const part = isVersion3 && random.uniform() < 0.3 ? random.below(1000) / 1000 : 0;
  const start = fromSeconds - 900 + random.below(toSeconds - fromSeconds + 1500) + part;
  if (random.uniform() < 0.25) return { time: start.toFixed(3) };
  const step = isVersion3 && random.uniform() < 0.1 ? '17.5' : steps[random.below(steps.length)]!;
  const end = start + random.below(Math.min(pointsMax * Number(step), toSeconds - fromSeconds));
  return { start: start.toFixed(3), end: end.toFixed(3), step };
}
