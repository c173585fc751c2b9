/** The log of a program: JSON lines for machines, plain lines for eyes, always on the standard error. */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Configuration } from '../configuration.js';

export type { Logger };

/** Names of fields that would carry a credential. None should be logged; those that are nonetheless are hidden. */
const secretFields = ['password', 'authorization', '*.password', '*.readerPassword', '*.authorization'];

/** A log of the configured level and format. */
export function createLog({ level, format }: Configuration['log'], stream: LogStream = process.stderr): Logger {
  const isPretty = format === 'pretty' || (format === 'auto' && stream.isTTY === true);
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: secretFields,
  };
  return pino(options, isPretty ? prettyDestination(stream) : jsonDestination(stream));
}

export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Lines go to the descriptor synchronously: the last words before a crash are the ones that matter. */
const jsonDestination = (stream: LogStream): DestinationStream =>
  stream === process.stderr ? destination({ fd: process.stderr.fd, sync: true }) : stream;

const prettyDestination = (stream: LogStream): DestinationStream => ({
  write: (line) => stream.write(prettyLine(JSON.parse(line) as LogLine)),
});

interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
}

/** `06:28:14.123 WARN  message  field=value`, and the stack of an error below it. */
function prettyLine({ time, level, msg = '', err, ...fields }: LogLine): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
  const head = `${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${[msg, ...pairs].join('  ')}`;
  const stack = err === undefined ? [] : (err.stack ?? err.message ?? '').split('\n').map((line) => `  ${line}`);
  return `${[head, ...stack].join('\n')}\n`;
}

const fieldText = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
