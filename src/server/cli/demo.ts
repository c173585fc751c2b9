/** `barograph demo`: the main job on real data, from an empty folder to the answer. */
import { relative } from 'node:path';
import type { Command } from 'commander';
import { BarographError } from '../../base/errors.js';
import { refusingBadUse } from './bad-use.js';
import { exitCodes } from './exit-codes.js';
import { startProgress } from './progress.js';

interface DemoOptions {
  readonly data: string;
  readonly listen?: string;
  readonly keep?: boolean;
  readonly exit?: boolean;
}

export function register(program: Command): void {
  program
    .command('demo')
    .description('replay four years of real predictions and show how good the model was')
    .option('--data <folder>', "folder of the demo's own, emptied at the start", './.barograph/demo')
    .option('--listen <host:port>', 'where to listen (127.0.0.1:4800 where it is free)')
    .option('--keep', 'go on serving until Ctrl-C (as on a terminal)')
    .option('--exit', 'end after the last word (as elsewhere)')
    .action((options: DemoOptions, command: Command) => refusingBadUse(command, () => demo(options)));
}

async function demo({ data, listen, keep, exit }: DemoOptions): Promise<void> {
  if (keep === true && exit === true) throw new BarographError('bad_use', '--keep and --exit exclude each other');
  const stays = keep === true || (exit !== true && process.stdout.isTTY === true);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  // Loaded here, so that the other commands start without the readers of files.
  const [{ censusFolder, readCensus }, { runDemo }, { prepareFolder, startDemoServer }] = await Promise.all([
    import('./demo-data.js'),
    import('./demo-run.js'),
    import('./demo-server.js'),
  ]);
  await prepareFolder(data);
  const interrupted = onceInterrupted();
  const server = await startDemoServer({ folder: data, listen });
  let isCutShort = false;
  try {
    const rows = await readCensus(censusFolder, { sampleEvery: 1 });
    for (const line of introduction(rows.length, server.url)) print(line);
    const shown = runDemo({ url: server.url, rows, progress: startProgress(process.stderr), print });
    isCutShort = await Promise.race([shown.then(() => false), interrupted.then(() => true)]);
    if (!isCutShort && stays) {
      print('\nCtrl-C ends it.');
      await interrupted;
    }
  } finally {
    await server.stop();
  }
  // What is still on its way would be sent again for a while, to a server that is gone.
  if (isCutShort) process.exit(exitCodes.failure);
  if (!stays) for (const line of farewell(relative('.', data) || '.')) print(line);
}

const farewell = (folder: string): string[] => [
  '',
  `To explore it, start a server on the same folder: barograph serve --data ${folder}`,
  `(from a checkout: npm start -- --data ${folder})`,
];

const introduction = (rowCount: number, url: string): string[] => [
  `Census employment, Massachusetts: ${rowCount.toLocaleString('en-US')} predictions of a real model, of the years 2015 (its`,
  'reference) to 2018. They are replayed in the order of their time; the truth of each arrives 30 days later.',
  `A server of its own takes them at ${url}.`,
  '',
];

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function onceInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let isInterrupted = false;
    const onSignal = (): void => {
      if (isInterrupted) process.exit(exitCodes.failure);
      isInterrupted = true;
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
