/** Text and characters as Go's %q writes them, which Prometheus' errors and printed queries hold. Source: Go, strconv/quote.go. */

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Go's IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Characters that need no escape, most of what labels are made of. */
const plain = /^[ !#-[\]-~]*$/;

/** A string literal in double quotes. */
export function goQuote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const char of text) quoted += char === '"' ? '\\"' : escapeOf(char);
  return `${quoted}"`;
}

/** A character in single quotes; the end of the text, undefined, is written as Go does. */
export function goQuoteChar(char: string | undefined): string {
  if (char === undefined) return "'�'";
  return char === "'" ? "'\\''" : `'${escapeOf(char)}'`;
}

function escapeOf(char: string): string {
  const known = escapes[char];
  if (known !== undefined) return known;
  if (printable.test(char)) return char;
  const code = char.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** A character as Go's %#U writes it: `U+0041 'A'`. */
export function goCodePoint(char: string): string {
  const code = `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  return printable.test(char) ? `${code} '${char}'` : code;
}
