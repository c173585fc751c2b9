/** What a remark gathers over all the times it is made. Source: Prometheus, util/annotations/annotations.go. */
import { assert, unreachable } from '../../base/assert.js';
import { formatNumber } from './number-text.js';

export type AnnotationDetail = OverlapCount | ForcedMonotonicity;

/** How often a sample's start lay before the sample before it. */
export interface OverlapCount {
  readonly kind: 'overlap_count';
  readonly count: number;
}

/** What was done to classic histograms' buckets so that their counts do not fall. */
export interface ForcedMonotonicity {
  readonly kind: 'forced_monotonicity';
  readonly fromMs: number;
  readonly toMs: number;
  readonly lowestBucket: number;
  readonly highestBucket: number;
  readonly differenceMax: number;
  readonly samples: number;
}

/** Both of one kind. */
export function mergeDetails(a: AnnotationDetail, b: AnnotationDetail): AnnotationDetail {
  if (a.kind === 'overlap_count' && b.kind === 'overlap_count') return { ...a, count: a.count + b.count };
  assert(a.kind === 'forced_monotonicity' && b.kind === 'forced_monotonicity', 'details of one remark are of one kind');
  return {
    kind: a.kind,
    fromMs: Math.min(a.fromMs, b.fromMs),
    toMs: Math.max(a.toMs, b.toMs),
    lowestBucket: Math.min(a.lowestBucket, b.lowestBucket),
    highestBucket: Math.max(a.highestBucket, b.highestBucket),
    differenceMax: Math.max(a.differenceMax, b.differenceMax),
    samples: a.samples + b.samples,
  };
}

/** Follows the remark's text. */
export function detailText(detail: AnnotationDetail): string {
  switch (detail.kind) {
    case 'overlap_count':
      return detail.count > 1 ? ` (${detail.count} occurrences)` : '';
    case 'forced_monotonicity':
      return (
        `, from buckets ${formatNumber(detail.lowestBucket)} to ${formatNumber(detail.highestBucket)}, with a max diff of ` +
        `${twoDigits(detail.differenceMax)}, over ${detail.samples} samples from ${secondText(detail.fromMs)} to ${secondText(detail.toMs)}`
      );
    default:
      return unreachable(detail);
  }
}

const secondText = (ms: number): string => new Date(Math.trunc(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** As `%.2g`. */
function twoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  const [mantissa, exponent] = rounded.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (!Number.isFinite(rounded) || (power >= -4 && power < 2)) return formatNumber(rounded);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
