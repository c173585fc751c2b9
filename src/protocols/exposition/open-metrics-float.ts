/**
 * The text of a number in the labels `le` of histograms and `quantile` of summaries, where `1` and `1.0` would be two series:
 * OpenMetrics' canonical numbers, as Prometheus 3 writes them (prometheus, model/labels, FormatOpenMetricsFloat: Go's
 * shortest form 'g', with ".0" where that would look like a whole number).
 */
export function openMetricsFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  // Go writes an exponent from 1e6 on and below 1e-4, of two digits at least.
  if (exponent >= -4 && exponent < 6) return Number.isInteger(value) ? `${value}.0` : String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
