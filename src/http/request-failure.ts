/** Whatever a request fails with, as an error of the registry. */
import type { FastifyError } from 'fastify';
import { BarographError, type ErrorCode, isBarographError } from '../base/errors.js';
import { explainValidation } from './validation.js';

/** Fastify's own failures, by its codes. */
const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_content_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'empty_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'incomplete_body',
};

export function toBarographError(error: FastifyError): BarographError {
  if (isBarographError(error)) return error;
  if (error.validation !== undefined) return explainValidation(error);
  const code = fastifyCodes[error.code] ?? ((error.statusCode ?? 500) < 500 ? 'bad_request' : 'internal');
  const message = code === 'internal' ? 'the server met a defect of its own; its log says more' : error.message;
  return new BarographError(code, message, { cause: error });
}
