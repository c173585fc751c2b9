/** Histograms as text, in Prometheus' form: `{count:4, sum:2.5, [-0.001,0.001]:1, (1,2]:3}`. Source: float_histogram.go, `String`. */
import { formatNumber } from '../evaluate/number-text.js';
import { type Bucket, negativeBuckets, positiveBuckets, zeroBucket } from './bucket-bounds.js';
import { type FloatHistogram, usesCustomBounds } from './float-histogram.js';

export function histogramText(histogram: FloatHistogram): string {
  const isCustom = usesCustomBounds(histogram);
  const parts = [`count:${formatNumber(histogram.count)}`, `sum:${formatNumber(histogram.sum)}`];
  const outer = ({ lower, upper, count }: Bucket): string => {
    const open = (isCustom ? lower === Number.NEGATIVE_INFINITY : lower < 0) ? '[' : '(';
    const close = isCustom || upper > 0 ? ']' : ')';
    return `${open}${formatNumber(lower)},${formatNumber(upper)}${close}:${formatNumber(count)}`;
  };
  const isPopulated = ({ count }: Bucket): boolean => count !== 0;
  parts.push(...negativeBuckets(histogram).reverse().filter(isPopulated).map(outer));
  if (histogram.zeroCount !== 0) {
    const { lower, upper, count } = zeroBucket(histogram);
    parts.push(`[${formatNumber(lower)},${formatNumber(upper)}]:${formatNumber(count)}`);
  }
  parts.push(...positiveBuckets(histogram).filter(isPopulated).map(outer));
  return `{${parts.join(', ')}}`;
}
