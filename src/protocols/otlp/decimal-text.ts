/**
 * A number as the labels `le` and `quantile` write it: the shortest decimal digits that give the same double, never with an exponent, and
 * +Inf, -Inf and NaN. Source: Prometheus' OTLP receiver (Go's strconv.FormatFloat with format 'f' and precision -1).
 */
export function decimalText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  return parts === null ? text : shifted(parts[1]!, parts[2]!, parts[3] ?? '', Number(parts[4]));
}

/** The digits whole.fraction × 10^exponent written out. A number that JavaScript writes with an exponent has one digit in `whole`. */
function shifted(sign: string, whole: string, fraction: string, exponent: number): string {
  const digits = whole + fraction;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits}${'0'.repeat(exponent - fraction.length)}`;
}
