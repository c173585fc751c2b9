/** The parameters of Prometheus' query API, with its refusals. Source: Prometheus, web/api/v1/api.go. */
import type { FastifyRequest } from 'fastify';
import { BarographError } from '../../base/errors.js';
import type { QueryRange } from '../../promql/evaluate/query-range.js';
import { timeParameter } from './time-parameter.js';

/** By name, the first value that was sent: those of a form's body go before those of the URL. */
export type Parameters = (name: string) => string;

/** '' where a parameter is absent. */
export function parametersOf(request: FastifyRequest): Parameters {
  const sources = [request.body, request.query] as (Record<string, string | string[] | undefined> | null | undefined)[];
  return (name) => {
    for (const source of sources) {
      const [first] = [source?.[name] ?? []].flat();
      if (first !== undefined) return first;
    }
    return '';
  };
}

export interface QueryParameters {
  readonly query: string;
  readonly range: QueryRange;
  /** Undefined where none is asked for. */
  readonly timeoutMs: number | undefined;
  readonly lookbackMs: number | undefined;
  /** Most series of the answer; 0 for any number. */
  readonly limit: number;
  readonly wantsStats: boolean;
  /** `stats=all`: samples by step too. */
  readonly wantsAllStats: boolean;
}

/** The most points of a series. */
export const pointsMax = 11_000;

export function instantParameters(parameters: Parameters, nowMs: number): QueryParameters {
  const timeMs = timeParameter('time', parameters('time'), nowMs);
  return { ...commonParameters(parameters), range: { startMs: timeMs, endMs: timeMs, stepMs: 0 } };
}

export function rangeParameters(parameters: Parameters): QueryParameters {
  const startMs = requiredTime('start', parameters('start'));
  const endMs = requiredTime('end', parameters('end'));
  if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
  const stepMs = durationParameter('step', parameters('step'));
  if (stepMs <= 0)
    throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  if (Math.trunc((endMs - startMs) / stepMs) > pointsMax)
    throw new BarographError(
      'bad_request',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  return { ...commonParameters(parameters), range: { startMs, endMs, stepMs } };
}

function commonParameters(parameters: Parameters): Omit<QueryParameters, 'range'> {
  const timeout = parameters('timeout');
  const lookback = parameters('lookback_delta');
  const stats = parameters('stats');
  return {
    query: parameters('query'),
    timeoutMs: timeout === '' ? undefined : durationParameter('timeout', timeout),
    lookbackMs: lookback === '' ? undefined : lookbackOf(lookback),
    limit: limitOf(parameters('limit')),
    wantsStats: stats !== '',
    wantsAllStats: stats === 'all',
  };
}

export const invalid = (name: string, why: string): BarographError =>
  new BarographError('bad_request', `invalid parameter "${name}": ${why}`);

function requiredTime(name: string, text: string): number {
  if (text === '') throw invalid(name, 'cannot parse "" to a valid timestamp');
  return timeParameter(name, text, 0);
}

function durationParameter(name: string, text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
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

function limitOf(text: string): number {
  if (text === '') return 0;
  if (!/^[-+]?\d+$/.test(text)) throw invalid('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const limit = Number(text);
  if (limit < 0) throw invalid('limit', 'limit must be non-negative');
  return limit;
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
