/** Where and why a line is not of its format, as numbers and constants, because lines may fail by the million. */
import type { ErrorCode } from '../../base/errors.js';

/** What scanners give in place of a position after they have filled in a failure. */
export const failed = -1;

export interface ScanFailure {
  code: ErrorCode;
  /** The byte at which the line goes wrong. */
  at: number;
  /** What should have stood there. */
  wanted: string;
}

export const createScanFailure = (): ScanFailure => ({ code: 'invalid_exposition', at: 0, wanted: '' });

export function failScan(
  failure: ScanFailure,
  at: number,
  wanted: string,
  code: ErrorCode = 'invalid_exposition',
): typeof failed {
  failure.code = code;
  failure.at = at;
  failure.wanted = wanted;
  return failed;
}
