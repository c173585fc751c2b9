/** The bytes that JSON's grammar names (RFC 8259, section 2). */
export const byte = {
  tab: 0x09,
  newline: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  upperE: 0x45,
  upperI: 0x49,
  upperN: 0x4e,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  lowerE: 0x65,
  lowerF: 0x66,
  lowerN: 0x6e,
  lowerT: 0x74,
  lowerU: 0x75,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

// Taken out of the object, because compiled code knows the constants of its own module only.
const { nine, zero } = byte;

export const isDigit = (code: number): boolean => code >= zero && code <= nine;

/** Value of a hexadecimal digit, -1 for any other byte. */
export function hexValue(code: number): number {
  if (isDigit(code)) return code - zero;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
