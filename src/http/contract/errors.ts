/** The one form of every failure. */
import Type from 'typebox';
import type { BarographError } from '../../base/errors.js';

export const errorAnswer = Type.Object(
  {
    error: Type.Object({
      code: Type.String({
        description: 'A code of the error registry, see the errors reference.',
        examples: ['bad_request'],
      }),
      message: Type.String({ description: 'What was got and what was wanted, and where.' }),
      hint: Type.Optional(Type.String({ description: 'What can be done about it.' })),
    }),
  },
  { $id: 'Error', description: 'A request that failed as a whole.' },
);
export type ErrorAnswer = Type.Static<typeof errorAnswer>;

export const errorContentType = 'application/json; charset=utf-8';

export const errorAnswerOf = ({ code, message, hint }: BarographError): ErrorAnswer => ({
  error: { code, message, ...(hint === undefined ? {} : { hint }) },
});

/** The failures that any endpoint can answer with, for OpenAPI. */
export const failures = {
  '4xx': { description: 'The request cannot be served as it is.', $ref: 'Error#' },
  '5xx': { description: 'The server cannot serve the request now.', $ref: 'Error#' },
};
