/** Parameters of Prometheus' API: in the URL, and in the form that a POST brings, which counts first. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BarographError } from '../../base/errors.js';
import type { Matcher } from '../../model/matcher.js';
import { parseSelector } from '../../promql/parse-selector.js';
import type { TimeRange } from '../../series/index/select.js';
import { invalidParameter } from './prometheus-answer.js';
import { parseTime } from './time-parameter.js';

/** Go's own limit for forms. */
const formBytesMax = 10 * 2 ** 20;

/** Takes forms in a scope's requests; bodies of other types are passed over, as by Go's `ParseForm`. */
export function takeForms(scope: FastifyInstance, bytesMax = formBytesMax): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: bytesMax },
    (_request, body, done) => done(null, body),
  );
  scope.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null, undefined);
  });
}

export function parametersOf({ url, body }: FastifyRequest): URLSearchParams {
  const question = url.indexOf('?');
  const query = new URLSearchParams(question < 0 ? '' : url.slice(question));
  if (typeof body !== 'string') return query;
  return new URLSearchParams([...new URLSearchParams(body), ...query]);
}

/** Matchers of each `match[]`. Throws `bad_request` for what is no selector. */
export function matcherSetsOf(parameters: URLSearchParams): (readonly Matcher[])[] {
  return parameters.getAll('match[]').map((text) => {
    try {
      return parseSelector(text);
    } catch (error) {
      throw invalidParameter('match[]', error);
    }
  });
}

/** Undefined where neither `start` nor `end` is given: any time. */
export function timeRangeOf(parameters: URLSearchParams): TimeRange | undefined {
  const start = parameters.get('start') ?? '';
  const end = parameters.get('end') ?? '';
  if (start === '' && end === '') return undefined;
  return {
    fromMs: start === '' ? Number.MIN_SAFE_INTEGER : timeOf('start', start),
    toMs: end === '' ? Number.MAX_SAFE_INTEGER : timeOf('end', end),
  };
}

function timeOf(name: string, text: string): number {
  const timeMs = parseTime(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  const why = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
  throw invalidParameter(name, `Invalid time value for '${name}': ${why}`);
}

/** Infinity where there is no limit, or it is 0. */
export function limitOf(parameters: URLSearchParams): number {
  const text = parameters.get('limit') ?? '';
  if (text === '') return Number.POSITIVE_INFINITY;
  if (!/^[-+]?\d+$/.test(text))
    throw invalidParameter('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const limit = Number(text);
  if (limit < 0) throw invalidParameter('limit', 'limit must be non-negative');
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}

/** A whole number; undefined where it is absent. */
export function numberOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[-+]?\d+$/.test(text)) throw new BarographError('bad_request', `${name} must be a number`);
  return Number(text);
}

const text = (description: string) => ({ type: 'string', description });

/** Parameters for OpenAPI. */
export const described = {
  match: { type: 'array', items: { type: 'string' }, description: 'Series selectors; may be repeated.' },
  start: text('RFC 3339 or seconds since the epoch.'),
  end: text('RFC 3339 or seconds since the epoch.'),
  limit: {
    type: 'integer',
    minimum: 0,
    description: 'Most entries of the answer; 0 for all. A warning tells of more.',
  },
} as const;
