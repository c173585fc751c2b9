/** String literals of PromQL: quoted by " or ', with Go's escapes, or raw between backquotes. Source: Prometheus, util/strutil/quote.go. */

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The text that a literal stands for; undefined where it holds an escape that there is not. */
export function unquote(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner;
  const bytes: Buffer[] = [];
  for (let i = 0; i < inner.length; ) {
    if (inner[i] !== '\\') {
      const end = inner.indexOf('\\', i);
      bytes.push(Buffer.from(inner.slice(i, end < 0 ? inner.length : end)));
      i = end < 0 ? inner.length : end;
      continue;
    }
    const read = readEscape(inner, i + 1);
    if (read === undefined) return undefined;
    bytes.push(read.bytes);
    i = read.end;
  }
  return Buffer.concat(bytes).toString('utf8');
}

const numericEscapes = [
  { pattern: /^x([0-9a-fA-F]{2})/, radix: 16, isByte: true },
  { pattern: /^([0-3][0-7]{2})/, radix: 8, isByte: true },
  { pattern: /^u([0-9a-fA-F]{4})/, radix: 16, isByte: false },
  { pattern: /^U([0-9a-fA-F]{8})/, radix: 16, isByte: false },
] as const;

/** The escape whose letter is at `at`. `\x` and octal ones are bytes, which together may make a character. */
function readEscape(text: string, at: number): { readonly bytes: Buffer; readonly end: number } | undefined {
  const simple = simpleEscapes[text[at] ?? ''];
  if (simple !== undefined) return { bytes: Buffer.from(simple), end: at + 1 };
  for (const { pattern, radix, isByte } of numericEscapes) {
    const found = pattern.exec(text.slice(at, at + 9));
    if (found === null) continue;
    const code = Number.parseInt(found[1]!, radix);
    if (!isByte && (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))) return undefined;
    return { bytes: isByte ? Buffer.of(code) : Buffer.from(String.fromCodePoint(code)), end: at + found[0].length };
  }
  return undefined;
}
