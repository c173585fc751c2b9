/** Which of the text formats a body is in, by its content type. */
import { BarographError } from '../../base/errors.js';

/**
 * `text`: the Prometheus text format, 0.0.4, and 1.0.0, which adds quoted names. `openmetrics`: OpenMetrics 1.0.
 * Sources: prometheus.io, "Exposition formats"; the OpenMetrics specification 1.0.0, section "Text format".
 */
export type ExpositionFormat = 'text' | 'openmetrics';

const formats = new Map<string, ExpositionFormat>([
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
]);

/**
 * The format that a content type names; its parameters (version, charset, escaping) do not matter, because each parser reads all
 * versions of its format. What is missing or unknown is `fallback`, or fails with `unsupported_content_type` where there is none.
 */
export function expositionFormat(contentType: string | undefined, fallback?: ExpositionFormat): ExpositionFormat {
  const [mediaType = ''] = (contentType ?? '').split(';', 1);
  const format = formats.get(mediaType.trim().toLowerCase()) ?? fallback;
  if (format !== undefined) return format;
  const got =
    contentType === undefined || mediaType.trim() === '' ? 'no content type' : `the content type ${contentType}`;
  throw new BarographError('unsupported_content_type', `got ${got}, wanted text/plain or application/openmetrics-text`);
}
