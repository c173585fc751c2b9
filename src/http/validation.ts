/** A request that does not fit its schema, in words: which parameter, what was got, what was wanted. */
import type { FastifyError } from 'fastify';
import { closestMatch } from 'leven';
import { BarographError } from '../base/errors.js';

/** What Ajv says of a failure when it is verbose. */
interface Failure {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: { readonly properties?: Readonly<Record<string, unknown>> };
}

const gotBytesMax = 60;

export function explainValidation(error: FastifyError): BarographError {
  const [failure] = error.validation as unknown as Failure[];
  if (failure === undefined) return new BarographError('bad_request', error.message);
  const where = error.validationContext === 'body' ? 'body' : 'query';
  if (failure.keyword === 'additionalProperties') return explainUnknown(failure, where);
  if (failure.keyword === 'required')
    return new BarographError('bad_request', `${nameOf(where)} ${String(failure.params.missingProperty)} is required`);
  const name = failure.instancePath.slice(1).replaceAll('/', '.');
  const got = JSON.stringify(failure.data)?.slice(0, gotBytesMax);
  const wanted = failure.params.allowedValues;
  const must = Array.isArray(wanted) ? `must be one of ${wanted.join(', ')}` : (failure.message ?? 'is not valid');
  return new BarographError('bad_request', `${nameOf(where)} ${name || '(whole)'} ${must}, got ${got ?? 'nothing'}`);
}

function explainUnknown(failure: Failure, where: string): BarographError {
  const unknown = String(failure.params.additionalProperty);
  const known = Object.keys(failure.parentSchema?.properties ?? {});
  const nearest = closestMatch(unknown, known);
  return new BarographError('unknown_parameter', `${nameOf(where)} ${unknown} is not known`, {
    hint:
      nearest === undefined ? `Known: ${known.join(', ')}.` : `Did you mean ${nearest}? Known: ${known.join(', ')}.`,
  });
}

const nameOf = (where: string): string => (where === 'body' ? 'field' : 'parameter');
