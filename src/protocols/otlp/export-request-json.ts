/**
 * OTLP's JSON form of a metrics request, written anew as protobuf, so that one reader gives both their meaning. It is protobuf's JSON
 * mapping with OTLP's exceptions: ids in hexadecimal, enums as numbers (their names are taken, too), unknown fields ignored. 64-bit numbers
 * are texts or, from writers that do not mind the mapping, numbers; either way no digit is lost.
 * Source: opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding"; protobuf.dev, "ProtoJSON Format".
 */
import { isUtf8 } from 'node:buffer';
import { BarographError, type ErrorCode } from '../../base/errors.js';
import { byte } from '../json/json-bytes.js';
import { excerpt, JsonCursor } from '../json/json-cursor.js';
import { readDouble } from '../json/json-number.js';
import { skipValue } from '../json/json-value.js';
import { slackBytes } from '../json/json-words.js';
import { MessageWriter } from '../protobuf/message-writer.js';
import {
  exportMetricsRequest,
  type FieldSchema,
  fieldOf,
  type MessageSchema,
  type ScalarKind,
} from './message-schema.js';

const {
  closeBrace,
  closeBracket,
  colon,
  comma,
  lowerF,
  lowerN,
  lowerT,
  minus,
  nine,
  openBrace,
  openBracket,
  quote,
  zero,
} = byte;

/** Deepest messages within one another. A guess, for attributes that hold attributes; three are a level of these. */
const depthMax = 200;

/**
 * The request as protobuf. Fails with `invalid_json`, `invalid_utf8`, `wrong_type`, `out_of_range` or `too_deep`; the message names the
 * byte and the field.
 */
export function exportRequestFromJson(body: Uint8Array): Uint8Array {
  return new RequestTranscoder(body).run();
}

class RequestTranscoder {
  private readonly cursor = new JsonCursor('space');
  private readonly writer: MessageWriter;

  constructor(body: Uint8Array) {
    const bytes = Buffer.alloc(body.length + 1 + slackBytes);
    bytes.set(body);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Looked at once as a whole; text by text only where something is wrong, to say where.
    this.cursor.reset({ bytes, view }, 0, body.length, !isUtf8(body));
    this.writer = new MessageWriter(body.length + 64);
  }

  run(): Uint8Array {
    const { cursor } = this;
    this.readMessage(exportMetricsRequest, 'the request', 0);
    cursor.skipSpace();
    if (cursor.position !== cursor.end) this.unexpected('the end of the text');
    return this.writer.finish();
  }

  private readMessage(schema: MessageSchema, name: string, depth: number): void {
    const { cursor } = this;
    if (cursor.skipSpace() !== openBrace) this.wrongType(name, 'an object');
    if (depth > depthMax) this.fail('too_deep', `${name}: got more than ${depthMax} objects within one another`);
    cursor.position++;
    if (cursor.skipSpace() === closeBrace) {
      cursor.position++;
      return;
    }
    do {
      cursor.skipSpace();
      this.expect(cursor.readString('a key'));
      const field = fieldOf(schema, cursor.text, cursor.textStart, cursor.textEnd);
      if (cursor.skipSpace() !== colon) this.unexpected('a colon');
      cursor.position++;
      if (field === undefined) this.expect(skipValue(cursor));
      else this.readField(field, depth);
    } while (this.hasNext(closeBrace));
  }

  private readField(field: FieldSchema, depth: number): void {
    const { cursor } = this;
    const { name } = field;
    const code = cursor.skipSpace();
    // null stands for the default value.
    if (code === lowerN) this.expect(cursor.readWord('null'));
    else if (!field.isRepeated) this.readValue(field, depth);
    else if (code !== openBracket) this.wrongType(name, 'an array');
    else {
      cursor.position++;
      if (cursor.skipSpace() === closeBracket) cursor.position++;
      else
        do this.readValue(field, depth);
        while (this.hasNext(closeBracket));
    }
  }

  /** Passes the comma behind a value, or the byte that closes what it is in. */
  private hasNext(closer: number): boolean {
    const { cursor } = this;
    const code = cursor.skipSpace();
    if (code !== comma && code !== closer) this.unexpected(`a comma or ${String.fromCharCode(closer)}`);
    cursor.position++;
    return code === comma;
  }

  private readValue({ kind, name, number }: FieldSchema, depth: number): void {
    if (typeof kind !== 'string') {
      const start = this.writer.beginMessage(number);
      this.readMessage(kind, name, depth + 1);
      this.writer.endMessage(start);
    } else this.readScalar(kind, number, name);
  }

  private readScalar(kind: ScalarKind, field: number, name: string): void {
    const { writer } = this;
    switch (kind) {
      case 'text':
        this.readTextBytes(name);
        writer.range(field, this.cursor.text, this.cursor.textStart, this.cursor.textEnd);
        break;
      case 'hex':
        writer.bytes(field, this.readHex(name));
        break;
      case 'base64':
        writer.bytes(field, Buffer.from(this.readText(name), 'base64'));
        break;
      case 'bool':
        writer.varint(field, 0, this.readBool(name) ? 1 : 0);
        break;
      case 'double':
        writer.double(field, this.readDouble(name));
        break;
      case 'temporality':
        this.writeInteger(field, this.readTemporality(name), 'uint32');
        break;
      default:
        this.writeInteger(field, this.readInteger(name, kind), kind);
    }
  }

  private writeInteger(field: number, value: bigint, kind: keyof typeof integerRanges): void {
    // Zigzag: a sint32's sign is its lowest bit.
    const coded = kind === 'sint32' ? (value < 0n ? -2n * value - 1n : 2n * value) : BigInt.asUintN(64, value);
    const high = Number(coded >> 32n);
    const low = Number(coded & 0xffff_ffffn);
    if (kind === 'fixed64' || kind === 'sfixed64') this.writer.fixed64(field, high, low);
    else this.writer.varint(field, high, low);
  }

  /** Reads a text into the cursor. */
  private readTextBytes(name: string): void {
    const { cursor } = this;
    if (cursor.skipSpace() !== quote) this.wrongType(name, 'a text');
    this.expect(cursor.readString());
  }

  private readText(name: string): string {
    const { cursor } = this;
    this.readTextBytes(name);
    return Buffer.from(cursor.text.buffer, cursor.text.byteOffset).toString('utf8', cursor.textStart, cursor.textEnd);
  }

  private readHex(name: string): Buffer {
    const text = this.readText(name);
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) this.fail('wrong_type', `${name}: wanted pairs of hexadecimal digits`);
    return Buffer.from(text, 'hex');
  }

  private readBool(name: string): boolean {
    const { cursor } = this;
    const code = cursor.skipSpace();
    if (code !== lowerT && code !== lowerF) this.wrongType(name, 'true or false');
    this.expect(cursor.readWord(code === lowerT ? 'true' : 'false'));
    return code === lowerT;
  }

  /** The digits of a number, or of a text that holds one. */
  private readNumberText(name: string, wanted: string): string {
    const { cursor } = this;
    const code = cursor.skipSpace();
    if (code === quote) return this.readText(name);
    if (code !== minus && !(code >= zero && code <= nine)) this.wrongType(name, wanted);
    const start = cursor.position;
    this.expect(readDouble(cursor));
    return cursor.bytes.toString('latin1', start, cursor.position);
  }

  private readDouble(name: string): number {
    const { cursor } = this;
    const wanted = 'a number, "NaN", "Infinity" or "-Infinity"';
    const isText = cursor.skipSpace() === quote;
    const text = this.readNumberText(name, wanted);
    const word = doubleWords.get(text);
    if (isText && word !== undefined) return word;
    if (isText && !numberPattern.test(text)) this.fail('wrong_type', `${name}: got ${shown(text)}, wanted ${wanted}`);
    const value = isText ? Number(text) : cursor.number;
    if (!Number.isFinite(value)) this.fail('out_of_range', `${name}: got ${shown(text)}, wanted a double`);
    return value;
  }

  private readInteger(name: string, kind: keyof typeof integerRanges): bigint {
    const text = this.readNumberText(name, 'a whole number');
    const value = integerOf(text);
    if (value === undefined) this.fail('wrong_type', `${name}: got ${shown(text)}, wanted a whole number`);
    const [least, greatest] = integerRanges[kind];
    if (value < least || value > greatest)
      this.fail('out_of_range', `${name}: got ${shown(text)}, wanted ${least} to ${greatest}`);
    return value;
  }

  private readTemporality(name: string): bigint {
    const { cursor } = this;
    const isText = cursor.skipSpace() === quote;
    const start = cursor.position;
    const value = isText ? temporalityNames.indexOf(this.readText(name)) : -1;
    if (value >= 0) return BigInt(value);
    cursor.position = start;
    return this.readInteger(name, 'uint32');
  }

  private expect(isRead: boolean): void {
    const { cursor } = this;
    const { failure } = cursor;
    if (isRead || failure === undefined) return;
    this.fail(failure.code, failure.describe(), failure.at);
  }

  private unexpected(wanted: string): never {
    this.expect(this.cursor.unexpected(this.cursor.position, wanted));
    throw new BarographError('invalid_json', `wanted ${wanted}`);
  }

  /** Fails at a value of another type; where there is no value at all, the text is not JSON. */
  private wrongType(name: string, wanted: string): never {
    const { cursor } = this;
    const start = cursor.position;
    this.expect(skipValue(cursor));
    const got = excerpt(cursor.bytes, start, cursor.position);
    return this.fail('wrong_type', `${name}: got ${got}, wanted ${wanted}`, start);
  }

  private fail(code: ErrorCode, message: string, at = this.cursor.position): never {
    throw new BarographError(code, `byte ${at} of the body: ${message}`);
  }
}

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const doubleWords: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Names of AggregationTemporality's values, by number. */
const temporalityNames = [
  'AGGREGATION_TEMPORALITY_UNSPECIFIED',
  'AGGREGATION_TEMPORALITY_DELTA',
  'AGGREGATION_TEMPORALITY_CUMULATIVE',
];

const integerRanges = {
  fixed64: [0n, 2n ** 64n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
} as const;

/** Most digits of an integer that is looked at: those of 2^64 and leading zeros within reason. Turning a text into a bigint takes time that grows faster than it. */
const integerCharsMax = 40;

/** The whole number that a text writes, with an exponent or fraction of zeros too, as the mapping allows; undefined where it is none. */
function integerOf(text: string): bigint | undefined {
  if (text.length > integerCharsMax) return undefined;
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const value = numberPattern.test(text) ? Number(text) : Number.NaN;
  return Number.isInteger(value) ? BigInt(value) : undefined;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, integerCharsMax));
