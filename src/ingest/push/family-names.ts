/**
 * Which names of samples belong to which family of metrics. Source: prometheus/common expfmt, text_parse.go, `setOrCreateCurrentMF`, for
 * the text format, whose lines do not say it.
 */
import type { MetricType } from '../../model/sample-batch.js';

const endings: Partial<Record<MetricType, readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['_count', '_sum'],
};

/** Every name that samples of a family may have. No two families may have one in common. */
export const sampleNames = (metric: string, type: MetricType): string[] => [
  metric,
  ...(endings[type] ?? []).map((ending) => metric + ending),
];

/** The family of samples of a name, given the types of the families that a body declares; the name itself where none fits. */
export function familyOf(name: string, types: ReadonlyMap<string, MetricType>): string {
  if (types.has(name)) return name;
  const at = name.lastIndexOf('_');
  const base = name.slice(0, Math.max(0, at));
  const type = types.get(base);
  return type !== undefined && endings[type]?.includes(name.slice(at)) ? base : name;
}
