/** The calls that the console makes. Paths are relative, so that it works behind a proxy that adds a prefix. */
import type { ErrorAnswer } from '../src/http/contract/errors.js';
import type { EvaluationAnswer } from '../src/http/contract/evaluations.js';
import type { PredictionAnswer } from '../src/http/contract/events.js';
import type { ModelsAnswer } from '../src/http/contract/models.js';
import type { ReadinessAnswer } from '../src/http/contract/operations.js';
import type { SqlRequest } from '../src/http/contract/sql.js';

export type Model = ModelsAnswer['models'][number];

/** The form `JSONCompact` of an SQL answer. `exception` stands where the statement failed after its first rows. */
export interface SqlAnswer {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
  readonly rows: number;
  readonly statistics?: { readonly elapsed: number; readonly rows_read: number };
  readonly exception?: string;
}

/** An answer that is not the one wanted, in the words of the API's error form. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export const fetchModels = async (signal: AbortSignal): Promise<readonly Model[]> =>
  (await call<ModelsAnswer>('api/ml/models', { signal })).models;

/** Where the rows of an evaluation lie in a form, such as CSV. */
export const evaluationPath = (query: URLSearchParams): string => `api/ml/evaluations?${query}`;

export const fetchEvaluation = (query: URLSearchParams, signal: AbortSignal): Promise<EvaluationAnswer> =>
  call(evaluationPath(query), { signal });

/** Looks a prediction up; one that is not found yet is looked for again once all acknowledged rows can be read. */
export async function fetchPrediction(requestId: string, signal: AbortSignal): Promise<PredictionAnswer> {
  const path = `api/ml/predictions/${encodeURIComponent(requestId)}`;
  try {
    return await call(path, { signal });
  } catch (error) {
    if (!(error instanceof ApiFailure && error.code === 'not_found')) throw error;
    return call(`${path}?fresh=1`, { signal });
  }
}

export async function runSql(query: string, signal: AbortSignal): Promise<SqlAnswer> {
  const body: SqlRequest = { query, format: 'JSONCompact' };
  const answer = await call<SqlAnswer>('api/sql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  if (answer.exception !== undefined) throw new ApiFailure('engine_failed', answer.exception);
  return answer;
}

/** Not being ready is an answer and not a failure. */
export async function fetchReadiness(): Promise<ReadinessAnswer> {
  const { status, body } = await send('readyz', {});
  if (status === 200 || status === 503) return body as ReadinessAnswer;
  throw failureOf(status, body);
}

async function call<Body>(path: string, init: RequestInit): Promise<Body> {
  const { status, body } = await send(path, init);
  if (status !== 200) throw failureOf(status, body);
  return body as Body;
}

async function send(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  let text: string;
  let status: number;
  try {
    const response = await fetch(path, { ...init, cache: 'no-store' });
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiFailure(
      'unreachable',
      'The server does not answer.',
      'Is it still running, and is the network there?',
    );
  }
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    const words = text.trim() === '' ? 'nothing' : text.trim().slice(-300);
    throw new ApiFailure('unexpected_answer', `The answer (status ${status}) is not complete JSON. It ends: ${words}`);
  }
}

function failureOf(status: number, body: unknown): ApiFailure {
  const error = (body as Partial<ErrorAnswer> | null)?.error;
  if (error === undefined) return new ApiFailure('unexpected_answer', `The server answered with status ${status}.`);
  return new ApiFailure(error.code, error.message, error.hint);
}
