/**
 * The messages of an OTLP metrics request, as far as they are read here: the fields' JSON names, their numbers and their types.
 * Source: opentelemetry-proto, collector/metrics/v1, metrics/v1, common/v1, resource/v1.
 */

export type ScalarKind =
  | 'text'
  /** Bytes that JSON writes in hexadecimal: OTLP's own rule for the ids of traces and spans. */
  | 'hex'
  /** Bytes that JSON writes in base64. */
  | 'base64'
  | 'bool'
  | 'double'
  | 'fixed64'
  | 'sfixed64'
  | 'uint64'
  | 'int64'
  | 'uint32'
  | 'sint32'
  | 'temporality';

export interface FieldSchema {
  /** In JSON. ASCII. */
  readonly name: string;
  readonly number: number;
  readonly kind: ScalarKind | MessageSchema;
  readonly isRepeated: boolean;
}

export interface MessageSchema {
  readonly fields: readonly FieldSchema[];
}

/** The field whose JSON name is bytes[start, end), if the message has one. */
export function fieldOf(
  { fields }: MessageSchema,
  bytes: Uint8Array,
  start: number,
  end: number,
): FieldSchema | undefined {
  const length = end - start;
  for (const field of fields) {
    const { name } = field;
    if (name.length !== length) continue;
    let i = 0;
    while (i < length && name.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return field;
  }
  return undefined;
}

type Fields = Readonly<Record<string, readonly [number: number, kind: ScalarKind | MessageSchema, 'repeated'?]>>;

const message = (fields: Fields): MessageSchema => ({ fields: fieldsOf(fields) });

const fieldsOf = (fields: Fields): FieldSchema[] =>
  Object.entries(fields).map(([name, [number, kind, repeated]]) => ({
    name,
    number,
    kind,
    isRepeated: repeated !== undefined,
  }));

// AnyValue holds itself: its fields are filled in below.
const anyValueFields: FieldSchema[] = [];
const anyValue: MessageSchema = { fields: anyValueFields };
const keyValue = message({ key: [1, 'text'], value: [2, anyValue] });
const arrayValue = message({ values: [1, anyValue, 'repeated'] });
const keyValueList = message({ values: [1, keyValue, 'repeated'] });
anyValueFields.push(
  ...fieldsOf({
    stringValue: [1, 'text'],
    boolValue: [2, 'bool'],
    intValue: [3, 'int64'],
    doubleValue: [4, 'double'],
    arrayValue: [5, arrayValue],
    kvlistValue: [6, keyValueList],
    bytesValue: [7, 'base64'],
  }),
);

const exemplar = message({
  timeUnixNano: [2, 'fixed64'],
  asDouble: [3, 'double'],
  spanId: [4, 'hex'],
  traceId: [5, 'hex'],
  asInt: [6, 'sfixed64'],
  filteredAttributes: [7, keyValue, 'repeated'],
});

const numberDataPoint = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  asDouble: [4, 'double'],
  exemplars: [5, exemplar, 'repeated'],
  asInt: [6, 'sfixed64'],
  attributes: [7, keyValue, 'repeated'],
  flags: [8, 'uint32'],
});

const histogramDataPoint = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64', 'repeated'],
  explicitBounds: [7, 'double', 'repeated'],
  exemplars: [8, exemplar, 'repeated'],
  attributes: [9, keyValue, 'repeated'],
  flags: [10, 'uint32'],
  min: [11, 'double'],
  max: [12, 'double'],
});

const buckets = message({ offset: [1, 'sint32'], bucketCounts: [2, 'uint64', 'repeated'] });

const exponentialHistogramDataPoint = message({
  attributes: [1, keyValue, 'repeated'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint32'],
  zeroCount: [7, 'fixed64'],
  positive: [8, buckets],
  negative: [9, buckets],
  flags: [10, 'uint32'],
  exemplars: [11, exemplar, 'repeated'],
  min: [12, 'double'],
  max: [13, 'double'],
  zeroThreshold: [14, 'double'],
});

const summaryDataPoint = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  quantileValues: [6, message({ quantile: [1, 'double'], value: [2, 'double'] }), 'repeated'],
  attributes: [7, keyValue, 'repeated'],
  flags: [8, 'uint32'],
});

const metric = message({
  name: [1, 'text'],
  description: [2, 'text'],
  unit: [3, 'text'],
  gauge: [5, message({ dataPoints: [1, numberDataPoint, 'repeated'] })],
  sum: [
    7,
    message({
      dataPoints: [1, numberDataPoint, 'repeated'],
      aggregationTemporality: [2, 'temporality'],
      isMonotonic: [3, 'bool'],
    }),
  ],
  histogram: [
    9,
    message({ dataPoints: [1, histogramDataPoint, 'repeated'], aggregationTemporality: [2, 'temporality'] }),
  ],
  exponentialHistogram: [
    10,
    message({ dataPoints: [1, exponentialHistogramDataPoint, 'repeated'], aggregationTemporality: [2, 'temporality'] }),
  ],
  summary: [11, message({ dataPoints: [1, summaryDataPoint, 'repeated'] })],
  metadata: [12, keyValue, 'repeated'],
});

const scope = message({
  name: [1, 'text'],
  version: [2, 'text'],
  attributes: [3, keyValue, 'repeated'],
  droppedAttributesCount: [4, 'uint32'],
});

const scopeMetrics = message({ scope: [1, scope], metrics: [2, metric, 'repeated'], schemaUrl: [3, 'text'] });

const resource = message({ attributes: [1, keyValue, 'repeated'], droppedAttributesCount: [2, 'uint32'] });

const resourceMetrics = message({
  resource: [1, resource],
  scopeMetrics: [2, scopeMetrics, 'repeated'],
  schemaUrl: [3, 'text'],
});

/** ExportMetricsServiceRequest. */
export const exportMetricsRequest = message({ resourceMetrics: [1, resourceMetrics, 'repeated'] });
