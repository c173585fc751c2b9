/**
 * Answers of OTLP/HTTP, in the format of the request: ExportMetricsServiceResponse, which says what was refused of a request that was
 * taken, and google.rpc.Status, which is the body of every error.
 * Sources: OpenTelemetry specification, protocol "OTLP/HTTP Response"; opentelemetry-proto, collector/metrics/v1/metrics_service.proto.
 */

export type OtlpFormat = 'protobuf' | 'json';

export const otlpContentTypes: Readonly<Record<OtlpFormat, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

export interface PartialSuccess {
  /** Whole, at least 0. With 0 the message is a warning. */
  readonly rejectedDataPoints: number;
  /** English, for developers. */
  readonly errorMessage: string;
}

/** The body of an answer 200. Without a rejection and a message it is that of a full success. */
export function exportMetricsResponse(
  format: OtlpFormat,
  { errorMessage, rejectedDataPoints }: PartialSuccess,
): Buffer {
  const isFull = rejectedDataPoints === 0 && errorMessage === '';
  if (format === 'json') {
    // A 64-bit number is a text in protobuf's JSON; a default value is left out.
    const rejected = rejectedDataPoints === 0 ? {} : { rejectedDataPoints: String(rejectedDataPoints) };
    const message = errorMessage === '' ? {} : { errorMessage };
    return Buffer.from(JSON.stringify(isFull ? {} : { partialSuccess: { ...rejected, ...message } }));
  }
  if (isFull) return Buffer.alloc(0);
  return bytesField(1, Buffer.concat([numberField(1, rejectedDataPoints), textField(2, errorMessage)]));
}

/**
 * The body of an answer 4xx or 5xx.
 * @param code Of google.rpc.Code, for example 3 (INVALID_ARGUMENT), 8 (RESOURCE_EXHAUSTED) or 14 (UNAVAILABLE).
 */
export function statusBody(format: OtlpFormat, code: number, message: string): Buffer {
  if (format === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([numberField(1, code), textField(2, message)]);
}

const nothing = Buffer.alloc(0);

/** A default value is not sent. */
const numberField = (field: number, value: number): Buffer =>
  value === 0 ? nothing : Buffer.from([field << 3, ...varint(value)]);

const textField = (field: number, text: string): Buffer =>
  text === '' ? nothing : bytesField(field, Buffer.from(text));

const bytesField = (field: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
