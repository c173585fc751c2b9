/** Takes the escapes out of texts: `\\`, `\n` and, within quotes, `\"`; any other backslash stands for itself. */
const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const lowerN = 0x6e;

/** Writes bytes[start, end) without its escapes to `into`, which has room for as many bytes, from 0 on; gives how many it wrote. */
export function unescapeInto(into: Uint8Array, bytes: Uint8Array, start: number, end: number, quoted: boolean): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    let byte = bytes[at]!;
    if (byte === backslash && at + 1 < end) {
      const next = bytes[at + 1]!;
      if (next === lowerN) byte = newline;
      if (next === lowerN || next === backslash || (next === quote && quoted)) at++;
      if (next === quote && quoted) byte = quote;
    }
    into[length++] = byte;
  }
  return length;
}

/** The text of bytes[start, end) without its escapes. */
export function unescapedText(bytes: Buffer, start: number, end: number, quoted: boolean): string {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  return text.replace(quoted ? /\\([\\n"])/g : /\\([\\n])/g, (_, escaped: string) =>
    escaped === 'n' ? '\n' : escaped,
  );
}
