/** Upper bounds of the buckets of metrics that are derived from predictions; the bucket `+Inf` goes without saying. */
import { BarographError } from '../../base/errors.js';

export interface HistogramBounds {
  /** Seconds. */
  readonly latency: readonly number[];
  readonly confidence: readonly number[];
  readonly score: readonly number[];
}

/** Other bounds for one model. */
export type ModelBounds = Partial<HistogramBounds> & { readonly model: string };

const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/** Latency as Prometheus' client libraries have it by default, and shares in tenths with the upper end finer. */
export const defaultBounds: HistogramBounds = {
  latency: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  confidence: tenths,
  score: tenths,
};

const kinds = ['latency', 'confidence', 'score'] as const;

/** Bounds by model out of a parsed list. Throws `bad_configuration` with the place of what is wrong. */
export function parseModelBounds(value: unknown): ModelBounds[] {
  if (!Array.isArray(value)) throw refused('', 'wanted a list of models');
  return value.map((entry: unknown, i) => {
    const place = `[${i}]`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
      throw refused(place, 'wanted model and bounds');
    const fields = entry as Record<string, unknown>;
    if (typeof fields.model !== 'string' || fields.model === '') throw refused(place, 'wanted the name of a model');
    const unknown = Object.keys(fields).find((key) => key !== 'model' && !(kinds as readonly string[]).includes(key));
    if (unknown !== undefined) throw refused(place, `unknown key ${unknown}; wanted model, ${kinds.join(', ')}`);
    const bounds = kinds
      .filter((kind) => fields[kind] !== undefined)
      .map((kind) => [kind, boundsOf(fields[kind], `${place}.${kind}`)] as const);
    return { model: fields.model, ...Object.fromEntries(bounds) };
  });
}

/** Most buckets of a histogram: each is a series for every model, version, endpoint, region and status. */
const boundsMax = 50;

function boundsOf(value: unknown, place: string): number[] {
  const bounds = Array.isArray(value) ? value.map(Number) : [];
  const isAscending = bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]!));
  if (bounds.length === 0 || bounds.length > boundsMax || !isAscending)
    throw refused(place, `wanted 1 to ${boundsMax} numbers that ascend`);
  return bounds;
}

const refused = (place: string, why: string): BarographError =>
  new BarographError('bad_configuration', `metrics.derived.buckets${place}: ${why}`);
