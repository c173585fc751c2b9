// docs/reference/errors.md: every code of the registry.
import { code, generatedNote, table } from './markdown.mjs';

const introduction = `# Errors

A request that fails as a whole is answered with

\`\`\`json
{"error": {"code": "query_timeout", "message": "what was got and what was wanted", "hint": "what can be done about it"}}
\`\`\`

and the status of its code; \`hint\` may be absent. Rows of a body are judged one by one: a rejected row is listed with its line, a
code of this table and a message, while its neighbours are stored. Programs decide by code, never by message. Where a code is
marked retryable, the same request can succeed later; \`Retry-After\` says when, where the server knows.

The command line prints the same codes. It ends with 0 on success, 1 on failure and 2 when the command line or the
configuration is wrong.
`;

/** @param {Record<string, {status: number, retryable: boolean, meaning: string}>} kinds */
export function errorReference(kinds) {
  const rows = Object.entries(kinds).map(([name, { status, retryable, meaning }]) => [
    code(name),
    String(status),
    retryable ? 'yes' : 'no',
    meaning,
  ]);
  return `${[generatedNote, introduction, table(['Code', 'Status', 'Retryable', 'Meaning'], rows)].join('\n')}\n`;
}
