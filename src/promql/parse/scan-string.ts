/** Finds where a string literal ends, and what is wrong in it. Source: Prometheus 3.14, promql/parser/lex.go, `lexString`. */
import { goCodePoint } from '../print/go-quote.js';

/** What a byte sequence that is no UTF-8 was decoded to; Prometheus refuses the character itself too. */
const replacement = '\ufffd';

/** The end, exclusive, of the literal whose quote is at `from`, or the first fault in Prometheus' words. */
export function scanString(text: string, from: number): { readonly end: number; readonly fault: string | undefined } {
  const quote = text[from]!;
  const isRaw = quote === '`';
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === quote) return { end: at + 1, fault: undefined };
    if (char === replacement) return { end: at, fault: 'invalid UTF-8 rune' };
    if (isRaw) continue;
    if (char === '\n') break;
    if (char !== '\\') continue;
    const read = scanEscape(text, at + 1, quote);
    if (read.fault !== undefined) return read;
    at = read.end - 1;
  }
  return { end: text.length, fault: isRaw ? 'unterminated raw string' : 'unterminated quoted string' };
}

/** Digits, their base and the greatest value of the escapes that have digits. */
const numericEscapes: Readonly<Record<string, readonly [count: number, base: number, most: number]>> = {
  x: [2, 16, 255],
  u: [4, 16, 0x10ffff],
  U: [8, 16, 0x10ffff],
};

function scanEscape(
  text: string,
  from: number,
  quote: string,
): { readonly end: number; readonly fault: string | undefined } {
  const fault = (message: string) => ({ end: from, fault: message });
  const char = charAt(text, from);
  if (char === undefined) return fault('escape sequence not terminated');
  if (char === quote || 'abfnrtv\\'.includes(char)) return { end: from + 1, fault: undefined };
  const isOctal = char >= '0' && char <= '7';
  const [count, base, most] = isOctal ? [3, 8, 255] : (numericEscapes[char] ?? [0, 0, 0]);
  if (count === 0) return fault(`unknown escape sequence ${goCodePoint(char)}`);
  const start = isOctal ? from : from + 1;
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = charAt(text, at);
    if (digit === undefined) return fault('escape sequence not terminated');
    const read = Number.parseInt(digit, base);
    if (Number.isNaN(read)) return fault(`illegal character ${goCodePoint(digit)} in escape sequence`);
    value = value * base + read;
  }
  if (value > most || (value >= 0xd800 && value < 0xe000)) {
    return fault('escape sequence is an invalid Unicode code point');
  }
  return { end: start + count, fault: undefined };
}

function charAt(text: string, at: number): string | undefined {
  const code = text.codePointAt(at);
  return code === undefined ? undefined : String.fromCodePoint(code);
}
