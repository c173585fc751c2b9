/**
 * Writes OTLP requests, given in their JSON form, as protobuf senders do: lengths as short as they can be, repeated numbers packed. An
 * encoder apart from the one under test; the numbers of the fields are checked against the SDK's (sdk.test.ts).
 */
import {
  exportMetricsRequest,
  type FieldSchema,
  type MessageSchema,
} from '../../../src/protocols/otlp/message-schema.js';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export const encodeRequest = (request: JsonValue): Buffer => encodeMessage(exportMetricsRequest, request);

/** How the bytes of a request may be other than senders write them, and say the same. */
export interface Looseness {
  /** A field that no message has; it is put behind each one. */
  readonly unknown: Buffer;
  /** Whether repeated numbers are one field. */
  readonly isPacked: boolean;
}

const strict: Looseness = { unknown: Buffer.alloc(0), isPacked: true };

export function encodeMessage(schema: MessageSchema, message: JsonValue, looseness = strict): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(message as Record<string, JsonValue>)) {
    const field = schema.fields.find((candidate) => candidate.name === name);
    if (field !== undefined && value !== null) parts.push(encodeField(field, value, looseness), looseness.unknown);
  }
  return Buffer.concat(parts);
}

function encodeField(field: FieldSchema, value: JsonValue, looseness: Looseness): Buffer {
  if (!field.isRepeated) return Buffer.concat([tag(field), encodeValue(field, value, looseness)]);
  const items = (value as JsonValue[]).map((item) => encodeValue(field, item, looseness));
  if (typeof field.kind !== 'string' || !looseness.isPacked || items.length === 0)
    return Buffer.concat(items.flatMap((item) => [tag(field), item]));
  return Buffer.concat([varint(BigInt(field.number * 8 + 2)), withLength(Buffer.concat(items))]);
}

const wireTypes: Readonly<Record<string, number>> = { double: 1, fixed64: 1, sfixed64: 1, text: 2, hex: 2, base64: 2 };

const tag = ({ kind, number }: FieldSchema): Buffer =>
  varint(BigInt(number * 8 + (typeof kind === 'string' ? (wireTypes[kind] ?? 0) : 2)));

const doubleWords: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': Number.NEGATIVE_INFINITY };

function encodeValue({ kind }: FieldSchema, value: JsonValue, looseness: Looseness): Buffer {
  if (typeof kind !== 'string') return withLength(encodeMessage(kind, value, looseness));
  const bytes = Buffer.alloc(8);
  switch (kind) {
    case 'text':
      return withLength(Buffer.from(value as string));
    case 'hex':
    case 'base64':
      return withLength(Buffer.from(value as string, kind));
    case 'bool':
      return varint(value === true ? 1n : 0n);
    case 'double':
      bytes.writeDoubleLE(doubleWords[String(value)] ?? Number(value));
      return bytes;
    case 'fixed64':
    case 'sfixed64':
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as string)));
      return bytes;
    case 'sint32': {
      const number = BigInt(value as number);
      return varint(BigInt.asUintN(32, (number << 1n) ^ (number >> 31n)));
    }
    default:
      return varint(BigInt.asUintN(64, BigInt(value as string)));
  }
}

const withLength = (bytes: Buffer): Buffer => Buffer.concat([varint(BigInt(bytes.length)), bytes]);

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) + 128);
  return Buffer.from([...bytes, Number(value)]);
}
