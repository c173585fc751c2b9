/** Why the child ended, from the exception that it wrote last: told by ClickHouse's error number and the system's errno. */
import { BarographError } from '../../base/errors.js';

/** Numbers of ClickHouse's `src/Common/ErrorCodes.cpp`. */
const cannotOpenFile = 76;
const networkError = 210;
const notEnoughSpace = 243;
/** The system's number for "no space left on device", the same on Linux and macOS. */
const enospc = 28;

/** How a child ended. `number` is ClickHouse's error number, where it told one. */
export class ChildExit extends Error {
  override readonly name = 'ChildExit';
  constructor(
    readonly number: number | undefined,
    lastWords: string,
  ) {
    super(lastWords);
  }
}

/** True where the server could not listen on its port, so that another port can help. */
export const isPortTaken = (error: BarographError): boolean =>
  error.cause instanceof ChildExit && error.cause.number === networkError;

/**
 * The failure behind a child that has ended. `ending` is its exit status or signal, in words; `folder` is its data folder.
 * `folder_in_use` where another server holds the folder, `disk_full`, or `engine_failed` with the child's last words.
 */
export function childFailure(lastWords: string, ending: string, folder: string): BarographError {
  const exception = lastWords.slice(Math.max(0, lastWords.lastIndexOf('Code: ')));
  const number = numberIn(exception, /^Code: (\d+)/);
  const errno = numberIn(exception, /\berrno: (\d+)/);
  const cause = new ChildExit(number, lastWords);
  // A file that cannot be opened has an errno; the lock that another server holds has none.
  if (number === cannotOpenFile && errno === undefined) {
    return new BarographError('folder_in_use', `The data folder ${folder} is in use by another Barograph.`, {
      hint: 'Stop the other one, or give this one a data folder of its own.',
      cause,
    });
  }
  if (number === notEnoughSpace || errno === enospc) {
    return new BarographError('disk_full', `The disk that holds ${folder} is full, and the engine cannot start.`, {
      hint: 'Make room; nothing that was stored is lost.',
      cause,
    });
  }
  const words = exception.trim() === '' ? '' : `: ${exception.trim().slice(0, 2000)}`;
  return new BarographError('engine_failed', `The engine ended with ${ending}${words}`, { cause });
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
