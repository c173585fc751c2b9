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
  const [{ startDemoThread }, { prepareFolder, startDemoServer }] = await Promise.all([
    import('./demo-thread.js'),
    import('./demo-server.js'),
  ]);
  await prepareFolder(data);
  const interrupted = onceInterrupted();
  const thread = startDemoThread(startProgress(process.stderr), print);
  const server = await startDemoServer({ folder: data, listen }).catch(async (error: unknown) => {
    await thread.stop();
    throw error;
  });
  let isCutShort = false;
  try {
    const shown = thread.run(server.url);
    isCutShort = await Promise.race([shown.then(() => false), interrupted.then(() => true)]);
    if (isCutShort) process.exitCode = exitCodes.failure;
    else if (stays) {
      print('\nCtrl-C ends it.');
      await interrupted;
    }
  } finally {
    await thread.stop();
    await server.stop();
  }
  if (!stays && !isCutShort) for (const line of farewell(relative('.', data) || '.')) print(line);
}

const farewell = (folder: string): string[] => [
  '',
  `To explore it, start a server on the same folder: barograph serve --data ${folder}`,
  `(from a checkout: npm start -- --data ${folder})`,
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
