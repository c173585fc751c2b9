/** Content types of JSON lines and JSON arrays. */
export const jsonTypes: readonly string[] = [
  'application/json',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/json-lines',
];

/** The media type that a Content-Type header names, without its parameters. */
export const mediaTypeOf = (contentType: string | undefined): string | undefined =>
  contentType?.split(';')[0]?.trim().toLowerCase();

/** The charset that a Content-Type header names, where it is none that UTF-8 covers. */
export function otherCharset(contentType: string | undefined): string | undefined {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType ?? '')?.[1];
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset) ? undefined : charset;
}
