/** Numbers as Go writes them, for texts that clients of Prometheus compare. */

/** As `%g`: the shortest text that reads back as the same number, with an exponent below 1e-4 and from 1e6 on. */
export function formatNumber(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    const sign = power < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return plainText(value);
}

/** As `strconv.FormatFloat(value, 'f', -1, 64)`: never with an exponent. */
export function formatPlain(value: number): string {
  return specialText(value) ?? plainText(value);
}

/** As OpenMetrics writes the values of `le` and `quantile`: always with a point or an exponent. */
export function formatOpenMetrics(value: number): string {
  const text = formatNumber(value);
  return /[.eNI]/.test(text) ? text : `${text}.0`;
}

function specialText(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return Object.is(value, -0) ? '-0' : undefined;
}

function plainText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign, whole = '', part = '', exponent] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + part;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? `${sign}${digits}${'0'.repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
