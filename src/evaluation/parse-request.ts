/** Reads the parameters of an evaluation from text, as a query string carries them. */
import { BarographError } from '../base/errors.js';
import { parseTime, timeMsMax } from '../model/time.js';
import { parseCohorts } from './cohort-spec.js';
import type { EvaluationRequest, Task } from './evaluation.js';
import { parseEvery } from './every.js';
import { parseMetrics } from './metric-names.js';

export interface EvaluationParameters {
  readonly model: string;
  readonly version?: string;
  readonly from?: string;
  readonly to?: string;
  readonly every?: string;
  readonly metrics?: string;
  readonly by?: string;
  readonly as_of?: string;
  readonly positive?: string;
  readonly task?: Task | 'auto';
}

/** Throws `bad_request` naming the parameter that is not of its form. */
export function parseEvaluationRequest(parameters: EvaluationParameters): EvaluationRequest {
  const { model, version, every = 'all', by = '', metrics, positive, task = 'auto' } = parameters;
  const fromMs = parseInstant('from', parameters.from);
  const toMs = parseInstant('to', parameters.to);
  const asOfMs = parseInstant('as_of', parameters.as_of);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new BarographError('bad_request', `from (${parameters.from}) is not before to (${parameters.to})`, {
      hint: 'from is inclusive, to is exclusive.',
    });
  return {
    model,
    every: parseEvery(every),
    by: parseCohorts(by),
    task,
    ...(version !== undefined && { version }),
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
    ...(asOfMs !== undefined && { asOfMs }),
    ...(metrics !== undefined && { metrics: parseMetrics(metrics) }),
    ...(positive !== undefined && { positive }),
  };
}

/** RFC 3339's full-date, which means the beginning of that day. */
const isDate = /^\d{4}-\d{2}-\d{2}$/;

/** A time outside of what tables hold is moved to their nearest end: it means "from the first" or "to the last". */
function parseInstant(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = parseTime(isDate.test(text) ? `${text}T00:00:00Z` : text);
  if (timeMs === undefined || Number.isNaN(timeMs))
    throw new BarographError('bad_request', `${name} ${JSON.stringify(text)} is not a time`, {
      hint: 'Use RFC 3339 with an offset (a + in it percent-encoded as %2B), such as 2026-03-01T00:00:00Z, a date, or seconds or milliseconds since 1970.',
    });
  return Math.min(Math.max(timeMs, 0), timeMsMax);
}
