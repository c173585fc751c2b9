/**
 * The demo's client in a thread of its own: reading files and encoding rows would otherwise take turns with the server that
 * takes them in, on one core. It knows the server by its URL alone.
 */
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import { BarographError, type ErrorCode } from '../../base/errors.js';
import { censusFolder, readCensus } from './demo-data.js';
import { runDemo } from './demo-run.js';
import type { Progress } from './progress.js';

/** What the thread says, in order; the last is `done` or `failed`. */
type Message =
  | { readonly kind: 'print' | 'show' | 'say'; readonly text: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: ErrorCode | undefined; readonly message: string; readonly hint?: string };

export interface DemoThread {
  /** Runs the demo against a server. Fails as `runDemo` does. */
  run(url: string): Promise<void>;
  /** Ends it, wherever it is. */
  stop(): Promise<void>;
}

const role = 'barograph demo';

/** Starts the thread, which begins to read the data at once. */
export function startDemoThread(progress: Progress, print: (line: string) => void): DemoThread {
  const worker = new Worker(new URL(import.meta.url), { workerData: role });
  const finished = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: Message) => {
      if (message.kind === 'done') resolve();
      else if (message.kind === 'failed') reject(failureOf(message));
      else if (message.kind === 'end') progress.end();
      else (message.kind === 'print' ? print : progress[message.kind])(message.text);
    });
  });
  // Whoever runs the demo meets the failure; without this, one before that would end the process.
  finished.catch(() => undefined);
  return {
    run(url) {
      worker.postMessage(url);
      return finished;
    },
    stop: async () => void (await worker.terminate()),
  };
}

function failureOf({ code, message, hint }: Extract<Message, { kind: 'failed' }>): Error {
  if (code === undefined) return new Error(message);
  return new BarographError(code, message, hint === undefined ? {} : { hint });
}

async function work(port: MessagePort): Promise<void> {
  const say = (message: Message): void => port.postMessage(message);
  const urlGiven = new Promise<string>((resolve) => port.once('message', resolve));
  try {
    const rows = await readCensus(censusFolder, { sampleEvery: 1 });
    const progress: Progress = {
      show: (text) => say({ kind: 'show', text }),
      say: (text) => say({ kind: 'say', text }),
      end: () => say({ kind: 'end' }),
    };
    await runDemo({ url: await urlGiven, rows, progress, print: (text) => say({ kind: 'print', text }) });
    say({ kind: 'done' });
  } catch (error) {
    say(failedMessage(error));
  }
}

function failedMessage(error: unknown): Message {
  if (!(error instanceof BarographError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'failed', code: undefined, message };
  }
  const { code, message, hint } = error;
  return { kind: 'failed', code, message, ...(hint === undefined ? {} : { hint }) };
}

if (!isMainThread && workerData === role && parentPort !== null) await work(parentPort);
