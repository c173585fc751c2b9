/**
 * The body of a push, in the format that its content type names. As for a Pushgateway, what is not named is the text format: clients send
 * it without a type, or with one that curl made up. Source: prometheus/pushgateway handler/push.go.
 */
import type { Steps } from '../../base/turns.js';
import type { Labels } from '../../model/labels.js';
import type { DecodedMetrics, MetricMetadata } from '../../model/sample-batch.js';
import { expositionFormat } from '../../protocols/exposition/content-type.js';
import { decodeDelimitedSteps } from '../../protocols/exposition/decode-delimited.js';
import { decodeExpositionSteps } from '../../protocols/exposition/decode-exposition.js';

export interface PushBody {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  /** Labels of the group, which take the place of the body's. */
  readonly labels: Labels;
  /** Time of exemplars that carry none, epoch milliseconds. */
  readonly nowMs: number;
}

/** In steps. Fails with `time_refused` where a sample has a time, and as the decoder of its format does. An empty body has nothing in it, whatever its format. */
export function* decodePush({ body, contentType, labels, nowMs }: PushBody): Steps<DecodedMetrics> {
  if (isDelimitedProtobuf(contentType))
    return yield* decodeDelimitedSteps(body, { nowMs, timestamps: 'refuse', extraLabels: labels });
  const format = expositionFormat(contentType, 'text');
  const decoded = yield* decodeExpositionSteps(body, {
    format,
    nowMs,
    mode: 'strict',
    timestamps: 'refuse',
    labelling: { extraLabels: labels, onConflict: 'override' },
  });
  return format === 'text' ? decoded : { ...decoded, metadata: decoded.metadata.map(textFamily) };
}

function isDelimitedProtobuf(contentType: string | undefined): boolean {
  const [type, ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const values = parameters.map((parameter) => parameter.replace(/\s*=\s*"?([^"]*)"?$/, '=$1'));
  return (
    type === 'application/vnd.google.protobuf' &&
    values.includes('encoding=delimited') &&
    values.includes('proto=io.prometheus.client.metricfamily')
  );
}

/** Endings that OpenMetrics has in names of samples, and the text format in names of families too. */
const endings: Partial<Record<MetricMetadata['type'], string>> = { counter: '_total', info: '_info' };

/** A family of OpenMetrics as the text format names it, so that it makes no difference in which of them a metric is pushed. */
function textFamily(family: MetricMetadata): MetricMetadata {
  const ending = endings[family.type] ?? '';
  return family.metric.endsWith(ending) ? family : { ...family, metric: family.metric + ending };
}
