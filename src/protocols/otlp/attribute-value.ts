/**
 * The values of attributes (AnyValue) as text. Text stays as it is, an absent value is '', all else is written as JSON, bytes in base64;
 * NaN and the infinities are words, in quotes within arrays and maps. A map's keys are sorted, so that the order in which a sender
 * keeps them makes no other series. Sources: OpenTelemetry specification, common/README.md, "AnyValue representation for non-OTLP
 * protocols"; opentelemetry-proto, common/v1/common.proto.
 */
import { compareUtf8 } from '../../model/labels.js';
import type { WireReader } from '../protobuf/wire-reader.js';

/** Deepest arrays and maps within one another. A guess: attributes are flat, or nearly so. */
export const attributeDepthMax = 32;

/** Text of the AnyValue that is the reader's message; undefined where it is deeper than `attributeDepthMax`. Fails as the reader does. */
export const attributeText = (reader: WireReader): string | undefined => anyText(reader, 'alone', 0);

/** A value alone is plain text; one within an array or map is a part of JSON. */
type Place = 'alone' | 'within';

function anyText(reader: WireReader, place: Place, depth: number): string | undefined {
  let text: string | undefined = place === 'alone' ? '' : 'null';
  while (text !== undefined && reader.next()) {
    switch (reader.field) {
      case 1:
        text = quoted(reader.text(), place);
        break;
      case 2:
        text = String(reader.bool());
        break;
      case 3:
        text = intText(reader);
        break;
      case 4:
        text = doubleText(reader.double(), place);
        break;
      case 5:
        text = depth < attributeDepthMax ? arrayText(reader, depth + 1) : undefined;
        break;
      case 6:
        text = depth < attributeDepthMax ? mapText(reader, depth + 1) : undefined;
        break;
      case 7:
        text = quoted(base64(reader), place);
        break;
      default:
        reader.skip();
    }
  }
  return text;
}

const quoted = (text: string, place: Place): string => (place === 'alone' ? text : JSON.stringify(text));

/** Digits of an int64. Past 2^53 a double would not hold them all. */
function intText(reader: WireReader): string {
  const nearest = reader.int64();
  if (Number.isSafeInteger(nearest)) return String(nearest);
  return String((BigInt(reader.high | 0) << 32n) | BigInt(reader.low));
}

function doubleText(value: number, place: Place): string {
  return Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : quoted(String(value), place);
}

function base64(reader: WireReader): string {
  reader.range();
  const { bytes, start, stop } = reader;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('base64');
}

function arrayText(reader: WireReader, depth: number): string | undefined {
  const items: string[] = [];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const item = embeddedText(reader, depth);
    if (item === undefined) return undefined;
    items.push(item);
  }
  reader.leave(outer);
  return `[${items.join(',')}]`;
}

function mapText(reader: WireReader, depth: number): string | undefined {
  const entries = new Map<string, string>();
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const entry = entryText(reader, depth);
    if (entry === undefined) return undefined;
    entries.set(...entry);
  }
  reader.leave(outer);
  const sorted = Array.from(entries).sort(([a], [b]) => compareUtf8(a, b));
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

function entryText(reader: WireReader, depth: number): [key: string, value: string] | undefined {
  let key = '';
  let value: string | undefined = 'null';
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) {
      value = embeddedText(reader, depth);
      if (value === undefined) return undefined;
    } else reader.skip();
  }
  reader.leave(outer);
  return [key, value];
}

function embeddedText(reader: WireReader, depth: number): string | undefined {
  const outer = reader.enter();
  const text = anyText(reader, 'within', depth);
  reader.leave(outer);
  return text;
}
