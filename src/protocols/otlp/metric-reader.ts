/** Reads the metrics of OTLP (Metric): translates their names and types, refuses the kinds that cannot be stored, and hands on their data points. */
import type { MetricMetadata, MetricType } from '../../model/sample-batch.js';
import type { WireReader } from '../protobuf/wire-reader.js';
import type { AttributeList } from './attribute-list.js';
import { ExponentialPoints } from './exponential-points.js';
import { HistogramPoints } from './histogram-points.js';
import { isEscaping, metricName, type NamedType, type TranslationStrategy } from './metric-name.js';
import { NumberPoints } from './number-points.js';
import type { MetricNames, PointDecoding, PointMetric } from './point-decoding.js';
import type { Refusal } from './refusals.js';
import { SummaryPoints } from './summary-points.js';
import { textAttributes } from './target-labels.js';
import { unitName } from './unit-name.js';

/** The kinds of metrics, by the numbers of their fields in Metric. */
const kinds = new Map<number, MetricKind>([
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
  [10, 'exponential_histogram'],
  [11, 'summary'],
]);
type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';

/** AggregationTemporality. */
const temporality = { unspecified: 0, delta: 1, cumulative: 2 } as const;

/** What a Metric says beside its data points. */
interface MetricHeader {
  name: string;
  description: string;
  unit: string;
  kind: MetricKind | undefined;
  /** The message of the kind, which holds the data points, is [start, stop) of the body. */
  start: number;
  stop: number;
  temporality: number;
  isMonotonic: boolean;
  /** The type that a metric had in Prometheus, where a collector scraped it (`prometheus.type` of the metric's metadata). */
  prometheusType: string;
}

export class MetricReader {
  private readonly numbers: NumberPoints;
  private readonly histograms: HistogramPoints;
  private readonly exponentials: ExponentialPoints;
  private readonly summaries: SummaryPoints;

  /**
   * @param metadata Takes what is learnt of each metric, by the family's name. Of several descriptions the first stays.
   * @param scratch A list of attributes that no one else is using.
   */
  constructor(
    private readonly decoding: PointDecoding,
    private readonly strategy: TranslationStrategy,
    private readonly metadata: Map<string, MetricMetadata>,
    private readonly scratch: AttributeList,
  ) {
    this.numbers = new NumberPoints(decoding);
    this.histograms = new HistogramPoints(decoding);
    this.exponentials = new ExponentialPoints(decoding);
    this.summaries = new SummaryPoints(decoding);
  }

  /** Reads the Metric that is the reader's field. */
  read(): void {
    const { reader, refusals } = this.decoding;
    const outer = reader.enter();
    const header = this.readHeader();
    refusals.beginMetric(header.name);
    if (header.kind !== undefined) this.readKind(header, header.kind);
    reader.leave(outer);
  }

  private readKind(header: MetricHeader, kind: MetricKind): void {
    const { reader } = this.decoding;
    const end = reader.end;
    reader.position = header.start;
    reader.end = header.stop;
    const family = metricName(header.name, header.unit, namedType(header, kind), this.strategy);
    const refusal = refusalOf(header, kind, family);
    if (refusal === undefined) this.readPoints(header, kind, family);
    else this.refusePoints(refusal);
    reader.end = end;
  }

  private readPoints(header: MetricHeader, kind: MetricKind, family: string): void {
    const { reader, refusals } = this.decoding;
    const metric = pointMetric(header, kind, family);
    const points = this.pointsOf(kind);
    let count = 0;
    while (reader.next()) {
      if (reader.field !== 1) {
        reader.skip();
        continue;
      }
      refusals.beginPoint();
      const outer = reader.enter();
      points.read(metric);
      reader.leave(outer);
      count++;
    }
    if (count > 0 && !this.metadata.has(family)) this.metadata.set(family, this.metadataOf(header, kind, family));
  }

  private refusePoints(refusal: Refusal): void {
    const { reader, refusals } = this.decoding;
    while (reader.next()) {
      if (reader.field === 1) {
        refusals.beginPoint();
        refusals.refuse(refusal);
      }
      reader.skip();
    }
  }

  private pointsOf(kind: MetricKind): { read(metric: PointMetric): void } {
    switch (kind) {
      case 'gauge':
      case 'sum':
        return this.numbers;
      case 'histogram':
        return this.histograms;
      case 'exponential_histogram':
        return this.exponentials;
      case 'summary':
        return this.summaries;
    }
  }

  /** Fields come in any order, and some of a metric's stand behind its data points: it is read twice. */
  private readHeader(): MetricHeader {
    const { reader } = this.decoding;
    const header: MetricHeader = { ...emptyHeader };
    this.scratch.clear();
    while (reader.next()) {
      const kind = kinds.get(reader.field);
      if (kind !== undefined) {
        reader.range();
        header.kind = kind;
        header.start = reader.start;
        header.stop = reader.stop;
      } else if (reader.field === 1) header.name = reader.text();
      else if (reader.field === 2) header.description = reader.text();
      else if (reader.field === 3) header.unit = reader.text();
      else if (reader.field === 12) this.scratch.add(reader);
      else reader.skip();
    }
    if (this.scratch.count > 0) header.prometheusType = prometheusTypeOf(this.scratch);
    if (header.kind !== undefined && header.kind !== 'gauge' && header.kind !== 'summary')
      readAggregation(reader, header);
    return header;
  }

  private metadataOf(header: MetricHeader, kind: MetricKind, family: string): MetricMetadata {
    return {
      metric: family,
      type: metricType(header, kind),
      help: header.description,
      unit: unitName(header.unit, isEscaping(this.strategy)),
    };
  }
}

const emptyHeader: Readonly<MetricHeader> = {
  name: '',
  description: '',
  unit: '',
  kind: undefined,
  start: 0,
  stop: 0,
  temporality: temporality.unspecified,
  isMonotonic: false,
  prometheusType: '',
};

const prometheusTypeOf = (metadata: AttributeList): string =>
  textAttributes(metadata).find(({ key }) => key === 'prometheus.type')?.value ?? '';

/** Reads aggregation_temporality and is_monotonic, which Sum and the histograms have in the same fields. */
function readAggregation(reader: WireReader, header: MetricHeader): void {
  const { end, position } = reader;
  reader.position = header.start;
  reader.end = header.stop;
  while (reader.next()) {
    if (reader.field === 2) header.temporality = reader.uint32();
    else if (reader.field === 3 && header.kind === 'sum') header.isMonotonic = reader.bool();
    else reader.skip();
  }
  reader.position = position;
  reader.end = end;
}

function namedType({ isMonotonic }: MetricHeader, kind: MetricKind): NamedType {
  if (kind === 'gauge') return 'gauge';
  return kind === 'sum' && isMonotonic ? 'monotonic_sum' : 'other';
}

function refusalOf(header: MetricHeader, kind: MetricKind, family: string): Refusal | undefined {
  if (family === '') return { code: 'empty_field', message: 'the metric has no name, or none that a metric can have' };
  if (kind === 'gauge' || kind === 'summary' || header.temporality === temporality.cumulative) return undefined;
  if (header.temporality !== temporality.delta)
    return {
      code: 'unsupported_metric',
      message: `aggregation_temporality: got ${header.temporality}, wanted 1 (delta) or 2 (cumulative)`,
    };
  // A total that begins anew is seen in a counter, which never falls, and not in what may go up and down.
  if (kind === 'sum' && !header.isMonotonic)
    return {
      code: 'unsupported_metric',
      message: 'got deltas of a sum that is not monotonic, wanted its cumulative values, as SDKs send them by default',
    };
  return undefined;
}

const encoder = new TextEncoder();

/** Numbers have one series only. */
const noName = new Uint8Array(0);

function pointMetric(header: MetricHeader, kind: MetricKind, family: string): PointMetric {
  const isOne = kind === 'gauge' || kind === 'sum';
  const encoded = (suffix: string): Uint8Array => (isOne ? noName : encoder.encode(family + suffix));
  const names: MetricNames = {
    family: encoder.encode(family),
    bucket: encoded('_bucket'),
    sum: encoded('_sum'),
    count: encoded('_count'),
  };
  const isDelta = kind !== 'gauge' && kind !== 'summary' && header.temporality === temporality.delta;
  return { names, isDelta, keepsExemplars: kind === 'sum' && header.isMonotonic };
}

const prometheusTypes = new Map<string, MetricType>([
  ['unknown', 'unknown'],
  ['info', 'info'],
  ['stateset', 'stateset'],
]);

function metricType(header: MetricHeader, kind: MetricKind): MetricType {
  switch (kind) {
    case 'sum':
      return header.isMonotonic ? 'counter' : (prometheusTypes.get(header.prometheusType) ?? 'gauge');
    case 'gauge':
      return prometheusTypes.get(header.prometheusType) ?? 'gauge';
    case 'summary':
      return 'summary';
    case 'histogram':
    case 'exponential_histogram':
      return 'histogram';
  }
}
