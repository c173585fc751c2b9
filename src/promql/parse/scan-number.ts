/** Finds where a number or a duration ends, right or not. Source: Prometheus 3.14, promql/parser/lex.go, `scanNumber`. */

export interface Scan {
  /** Where the text was read to, exclusive. */
  readonly end: number;
  readonly isValid: boolean;
}

const digits = '0123456789';
const hexDigits = '0123456789abcdefABCDEF';
const isAlphaNumeric = (char: string | undefined): boolean => char !== undefined && /^[A-Za-z0-9_]$/.test(char);
const isOneOf = (set: string, char: string | undefined): boolean => char !== undefined && set.includes(char);

/** A decimal, octal or hexadecimal number; whether its value can be held is for the reader of the value to say. */
export function scanNumber(text: string, from: number): Scan {
  const plain = /[0-9]+(?:\.[0-9]+)?/y;
  plain.lastIndex = from;
  // Nearly every number ends here.
  if (
    plain.test(text) &&
    !isOneOf(`._${hexDigits}xX`, text[plain.lastIndex]) &&
    !isAlphaNumeric(text[plain.lastIndex])
  ) {
    return { end: plain.lastIndex, isValid: true };
  }
  return scanAnyNumber(text, from);
}

function scanAnyNumber(text: string, from: number): Scan {
  let at = from;
  const accept = (set: string): boolean => {
    if (!isOneOf(set, text[at])) return false;
    at++;
    return true;
  };
  const failed = (): Scan => ({ end: at, isValid: false });
  let digitSet = digits;
  if (accept('0') && accept('xX')) {
    accept('_');
    digitSet = hexDigits;
  }
  accept('.');
  accept(digitSet);
  let gotDot = false;
  let gotExponent = false;
  while (isOneOf(`${digitSet}._eE`, text[at])) {
    if (text[at] === '.') {
      at++;
      if (gotDot || accept('_.') || digitSet === hexDigits) return failed();
      gotDot = true;
    } else if (isOneOf('eE', text[at])) {
      // Within a hexadecimal number an e is taken for an exponent too, as Prometheus does.
      at++;
      if (gotExponent) return failed();
      gotExponent = true;
      accept('+-');
      if (accept('._eE') || at >= text.length) return failed();
    } else if (accept('_')) {
      if (accept('._eE') || at >= text.length) return failed();
    } else {
      while (accept(digitSet));
    }
  }
  return { end: at, isValid: at > from && !isAlphaNumeric(text[at]) };
}

/** What may follow the first digits of a duration: a unit, then more numbers and units. `from` is behind those digits. */
export function scanDuration(text: string, from: number): Scan {
  let at = from;
  const accept = (set: string): boolean => {
    if (!isOneOf(set, text[at])) return false;
    at++;
    return true;
  };
  if (!accept('smhdwy')) return { end: at, isValid: false };
  accept('s');
  while (accept(digits)) {
    while (accept(digits));
    if (!accept('smhdw')) return { end: at, isValid: false };
    accept('s');
  }
  if (!isAlphaNumeric(text[at])) return { end: at, isValid: true };
  // The character that spoils it belongs to the text that errors show.
  return { end: at + 1, isValid: false };
}
