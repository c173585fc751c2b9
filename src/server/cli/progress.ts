/**
 * Progress of long work. On a terminal the state is one line that is rewritten in place; elsewhere (a pipe, a log) it is
 * a plain line now and then, so that a log stays readable. There is no timer: what is shown is bound to calls of `show`.
 */
import { type Clock, systemClock } from '../../base/clock.js';

/** What progress needs of `process.stdout` or `process.stderr`. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal, characters. */
  readonly columns?: number;
}

export interface Progress {
  /** Sets the present state, one line without its end. It may be called for every row: most calls print nothing. */
  show(state: string): void;
  /** Prints a line that stays, above the state. */
  say(line: string): void;
  /** Prints the last state as a line that stays. Nothing may be called after it. */
  end(): void;
}

/** A rewritten line changes at most this often: faster cannot be read. */
const terminalIntervalMs = 100;
/** Plain lines come at most this often: a minute of work makes a dozen lines. A guess. */
const plainIntervalMs = 5_000;
/** Width where the terminal does not tell its own. */
const columnsDefault = 80;
const clearLine = '\r\x1b[K';

/** Starts showing progress on `stream`. */
export function startProgress(stream: ProgressStream, clock: Clock = systemClock): Progress {
  const rewrites = stream.isTTY === true;
  const intervalMs = rewrites ? terminalIntervalMs : plainIntervalMs;
  let state = '';
  let shown = '';
  let shownAtMs = Number.NEGATIVE_INFINITY;

  const print = (): void => {
    stream.write(rewrites ? clearLine + cut(state, stream.columns ?? columnsDefault) : `${state}\n`);
    shown = state;
    shownAtMs = clock.nowMs();
  };
  return {
    show(next) {
      state = next;
      if (state !== shown && clock.nowMs() - shownAtMs >= intervalMs) print();
    },
    say(line) {
      stream.write(`${rewrites ? clearLine : ''}${line}\n`);
      if (rewrites && state !== '') print();
    },
    end() {
      if (state !== shown) print();
      if (rewrites && state !== '') stream.write('\n');
    },
  };
}

/** A rewritten line must not wrap: `\r` goes back to the start of the last screen line only. */
function cut(line: string, columns: number): string {
  const characters = Array.from(line);
  return characters.length < columns ? line : `${characters.slice(0, columns - 2).join('')}…`;
}
