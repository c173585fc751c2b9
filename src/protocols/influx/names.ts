/**
 * Names of measurements, tags and fields as names of metrics and labels.
 *
 * By default they become names that PromQL takes without quotes, as what comes by OTLP does: each character other than a letter, a digit,
 * `_` and, in a metric's name, `:` becomes `_`, and a digit in front gets a `_` before it. Telegraf does the same where it writes for
 * Prometheus. `utf8` keeps them as they are, which Prometheus 3 and VictoriaMetrics take as well.
 */
export type NameForm = 'underscored' | 'utf8';

const underscore = 0x5f;
const colon = 0x3a;
const space = 0x20;
const comma = 0x2c;
const equals = 0x3d;
const backslash = 0x5c;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
/** A byte within a character of UTF-8, not its first. */
const isWithinCharacter = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Whether a backslash before this byte goes away. Source: docs.influxdata.com, line protocol, "Special characters". */
const isEscapable = (byte: number | undefined): boolean =>
  byte === space || byte === comma || byte === equals || byte === backslash;

/** Writes bytes[start, end) without its escapes to `into` from `at` on; gives where it ends. */
export function unescapeName(into: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    if (bytes[i] === backslash && i + 1 < end && isEscapable(bytes[i + 1])) i++;
    into[at++] = bytes[i]!;
  }
  return at;
}

/**
 * Turns the UTF-8 name in text[start, end) into one that needs no quotes, in its place; gives where it ends. It never grows
 * but for the `_` before a digit, for which a byte behind the end must be free.
 */
export function underscoreName(text: Uint8Array, start: number, end: number, allowsColon: boolean): number {
  let to = start;
  if (start < end && isDigit(text[start]!)) {
    text.copyWithin(start + 1, start, end);
    text[start] = underscore;
    to++;
    start++;
    end++;
  }
  for (let i = start; i < end; i++) {
    const byte = text[i]!;
    if (isWithinCharacter(byte)) continue;
    const isLegal = isLetter(byte) || isDigit(byte) || (byte === colon && allowsColon);
    text[to++] = isLegal ? byte : underscore;
  }
  return to;
}
