/** The parameters of Prometheus' query API, with its refusals. Source: Prometheus, web/api/v1/api.go. */
import { BarographError } from '../../base/errors.js';
import type { QueryRange } from '../../promql/evaluate/query-range.js';
import { invalidParameter } from './prometheus-answer.js';
import { limitOf } from './prometheus-parameters.js';
import { timeParameter } from './time-parameter.js';

export interface QueryParameters {
  readonly query: string;
  readonly range: QueryRange;
  /** Undefined where none is asked for. */
  readonly timeoutMs: number | undefined;
  readonly lookbackMs: number | undefined;
  /** Most series of the answer; Infinity for any number. */
  readonly limit: number;
  readonly wantsStats: boolean;
  /** False where everything is to be evaluated anew. */
  readonly mayUseCache: boolean;
}

/** The most points of a series. */
export const pointsMax = 11_000;

export function instantParameters(parameters: URLSearchParams, nowMs: number): QueryParameters {
  const timeMs = timeParameter('time', textOf(parameters, 'time'), nowMs);
  return { ...commonParameters(parameters), range: { startMs: timeMs, endMs: timeMs, stepMs: 0 } };
}

export function rangeParameters(parameters: URLSearchParams): QueryParameters {
  const startMs = requiredTime('start', textOf(parameters, 'start'));
  const endMs = requiredTime('end', textOf(parameters, 'end'));
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time');
  const stepMs = durationParameter('step', textOf(parameters, 'step'));
  if (stepMs <= 0)
    throw invalidParameter(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  if (Math.trunc((endMs - startMs) / stepMs) > pointsMax)
    throw new BarographError(
      'bad_request',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  return { ...commonParameters(parameters), range: { startMs, endMs, stepMs } };
}

function commonParameters(parameters: URLSearchParams): Omit<QueryParameters, 'range'> {
  const timeout = textOf(parameters, 'timeout');
  const lookback = textOf(parameters, 'lookback_delta');
  return {
    query: textOf(parameters, 'query'),
    timeoutMs: timeout === '' ? undefined : durationParameter('timeout', timeout),
    lookbackMs: lookback === '' ? undefined : lookbackOf(lookback),
    limit: limitOf(parameters),
    wantsStats: textOf(parameters, 'stats') !== '',
    mayUseCache: !['1', 'true'].includes(textOf(parameters, 'nocache')),
  };
}

/** '' where a parameter is absent. */
const textOf = (parameters: URLSearchParams, name: string): string => parameters.get(name) ?? '';

function requiredTime(name: string, text: string): number {
  if (text === '') throw invalidParameter(name, 'cannot parse "" to a valid timestamp');
  return timeParameter(name, text, 0);
}

function durationParameter(name: string, text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw invalidParameter(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
  return ms;
}

function lookbackOf(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined)
    throw new BarographError(
      'bad_request',
      `error parsing lookback delta duration: cannot parse ${JSON.stringify(text)} to a valid duration`,
    );
  return ms;
}

const numberPattern = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const durationPattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const unitsMs = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1];

/** Milliseconds of seconds as a number, or of a duration such as `1h30m`; undefined for what is neither. */
function durationMs(text: string): number | undefined {
  if (numberPattern.test(text)) return Math.trunc(Number(text) * 1000);
  const match = text === '' ? null : durationPattern.exec(text);
  if (match === null) return undefined;
  return unitsMs.reduce((sum, unitMs, i) => sum + Number(match[i + 1] ?? 0) * unitMs, 0);
}
