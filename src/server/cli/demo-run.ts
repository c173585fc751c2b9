/** The demo from its first row to its last word, against a server that is already there. */
import { type CensusRow, faultyMonth, isFaulty } from './demo-data.js';
import { correct, replay } from './demo-replay.js';
import {
  afterCorrection,
  byCohort,
  byYear,
  dayBeforeCorrection,
  faultyMonthFigures,
  oneRequest,
  whatToTry,
  whole,
  worstTimes,
} from './demo-report.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import type { Progress } from './progress.js';

export interface DemoRun {
  /** Base URL of the server. */
  readonly url: string;
  readonly rows: readonly CensusRow[];
  readonly progress: Progress;
  readonly print: (line: string) => void;
}

/** Longest wait for an answer, milliseconds: past it something is wrong with the server, which the demo should say. */
const answerMsMax = 120_000;

/** A rate says nothing before so long. */
const rateSecondsMin = 1;

/** Replays the rows and prints what the server says of them. Fails where the server does not take or answer something. */
export async function runDemo({ url, rows, progress, print }: DemoRun): Promise<void> {
  const client = createHttpClient({ url, connectionsMax: 4, answerMsMax, patienceMs: 10_000 });
  const section = (title: string, lines: readonly string[]): void => {
    for (const line of ['', title, '', ...lines]) print(line);
  };
  try {
    for (const line of introduction(rows.length, client.url)) print(line);
    await showReplay(client, rows, progress, print);
    section('How good was it, year by year?', await byYear(client));
    section('For whom?', await byCohort(client));
    section('When was it worst?', await worstTimes(client));
    await showCorrection(client, rows, section);
    const example = rows.find(isFaulty) ?? rows[0];
    if (example !== undefined)
      section('One prediction, with all that is known of it:', await oneRequest(client, String(example.id)));
    section(`Explore it at ${client.url}`, whatToTry(client.url));
  } finally {
    await client.close();
  }
}

const introduction = (rowCount: number, url: string): string[] => [
  `Census employment, Massachusetts: ${whole(rowCount)} predictions of a real model, 2015 (its reference) to 2018.`,
  'They are replayed in the order of their time; the truth of each arrives 30 days after it.',
  `The server is at ${url}.`,
  '',
];

async function showReplay(
  client: HttpClient,
  rows: readonly CensusRow[],
  progress: Progress,
  print: DemoRun['print'],
): Promise<void> {
  const startedMs = performance.now();
  const result = await replay(client, rows, ({ month, predictions, truths }) => {
    const seconds = (performance.now() - startedMs) / 1000;
    const done = `${whole(predictions)} of ${whole(rows.length)} predictions, ${whole(truths)} truths`;
    const rate = seconds < rateSecondsMin ? '' : `, ${whole(Math.round((predictions + truths) / seconds))} rows/s`;
    progress.show(`${month}  ${done}${rate}`);
  });
  progress.end();
  const { predictions, truths, seconds } = result;
  const perSecond = whole(Math.round((predictions + truths) / seconds));
  print(
    `Took in ${whole(predictions)} predictions and ${whole(truths)} truths in ${seconds.toFixed(1)} s: ${perSecond} rows/s,`,
  );
  print('each on disk before it was acknowledged.');
}

async function showCorrection(
  client: HttpClient,
  rows: readonly CensusRow[],
  section: (title: string, lines: readonly string[]) => void,
): Promise<void> {
  const before = await faultyMonthFigures(client);
  const corrected = await correct(client, rows);
  const month = new Date(faultyMonth.fromMs).toISOString().slice(0, 7);
  section(`The registry corrects ${whole(corrected)} truths of ${month} (revision 2). What was known stays known:`, [
    ...(await afterCorrection(client, before)),
    '',
    `as_of=${dayBeforeCorrection} evaluates with the truth as it was known on that day.`,
  ]);
}
