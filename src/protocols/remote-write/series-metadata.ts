/** The metadata of a remote write 2.0 request, which stand at each series; a metric's are taken once. */

import type { LabelProblem } from '../../model/label-check.js';
import type { MetricMetadata, MetricType } from '../../model/sample-batch.js';
import type { WireReader } from '../protobuf/wire-reader.js';
import { refProblem } from './label-refs.js';
import { metricTypeOf, remoteWriteLimits } from './limits.js';
import type { SymbolTable } from './symbol-table.js';

/** The Metadata message of a series; all zero where there is none. */
export interface SeriesMetadata {
  readonly type: number;
  /** Symbols. */
  readonly help: number;
  readonly unit: number;
}

export const noMetadata: SeriesMetadata = { type: 0, help: 0, unit: 0 };

/** Reads the Metadata message that `reader` is at. */
export function readSeriesMetadata(reader: WireReader): SeriesMetadata {
  let type = 0;
  let help = 0;
  let unit = 0;
  const outer = reader.enter();
  while (reader.next())
    if (reader.field === 1) type = reader.uint32();
    else if (reader.field === 3) help = reader.uint32();
    else if (reader.field === 4) unit = reader.uint32();
    else reader.skip();
  reader.leave(outer);
  return { type, help, unit };
}

const isSame = (a: SeriesMetadata, b: SeriesMetadata): boolean =>
  a.type === b.type && a.help === b.help && a.unit === b.unit;

export class MetadataOfSeries {
  /** The last metadata that each metric's name, told by its symbol, came with. */
  private readonly seen = new Map<number, SeriesMetadata>();
  private readonly byMetric = new Map<string, MetricMetadata>();
  /** So that one symbol unfolds to one text, however many metrics refer to it. */
  private readonly texts = new Map<number, string>();

  constructor(private readonly symbols: SymbolTable) {}

  get all(): readonly MetricMetadata[] {
    return Array.from(this.byMetric.values());
  }

  /** Takes what a series of the metric that symbol `name` names says of it; answers what is wrong with that. */
  take(name: number, given: SeriesMetadata): LabelProblem | undefined {
    const { symbols, seen, byMetric } = this;
    const known = seen.get(name);
    if (known !== undefined && isSame(known, given)) return undefined;
    for (const ref of [given.help, given.unit]) {
      if (ref >= symbols.count) return refProblem('metadata', ref, symbols.count);
      if (!symbols.isUtf8(ref))
        return { code: 'invalid_utf8', message: `symbol ${ref}, of metadata, is not valid UTF-8` };
    }
    seen.set(name, given);
    const type = metricTypeOf(given.type);
    const metric = familyOf(symbols.text(name), type);
    if (byMetric.size >= remoteWriteLimits.metadataMax && !byMetric.has(metric))
      return {
        code: 'too_many_values',
        message: `more metadata than ${remoteWriteLimits.metadataMax}, the limit of a body`,
      };
    byMetric.set(metric, { metric, type, help: this.text(given.help), unit: this.text(given.unit) });
    return undefined;
  }

  private text(symbol: number): string {
    const text = this.texts.get(symbol) ?? this.symbols.text(symbol);
    this.texts.set(symbol, text);
    return text;
  }
}

/** What the series of a family add to its name. Source: prometheus.io, "Exposition formats"; OpenMetrics 1.0. */
const suffixes: Partial<Record<MetricType, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  summary: ['_sum', '_count'],
};

/** The family of a metric: Prometheus' metadata API knows a histogram by the name that its buckets, sum and count share. */
function familyOf(metric: string, type: MetricType): string {
  const suffix = suffixes[type]?.find((candidate) => metric.endsWith(candidate) && metric.length > candidate.length);
  return suffix === undefined ? metric : metric.slice(0, -suffix.length);
}
