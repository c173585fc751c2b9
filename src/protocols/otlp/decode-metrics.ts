/**
 * OTLP metrics: a body of /v1/metrics (ExportMetricsServiceRequest), in protobuf or JSON, as a batch of samples with the names, labels and
 * types that Prometheus would give them.
 *
 * What does not become samples: start times, the smallest and greatest values of histograms, and exemplars of gauges. Deltas become
 * cumulative (delta-accumulator.ts), exponential histograms native ones (native-from-exponential.ts).
 * Sources: opentelemetry-proto, metrics/v1/metrics.proto; OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "OTLP
 * Metric points to Prometheus"; where that leaves a choice, Prometheus' own receiver (storage/remote/otlptranslator).
 */
import { HistogramBatchBuilder } from '../../model/histogram-batch-builder.js';
import type { DecodedMetrics, MetricMetadata } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { WireReader } from '../protobuf/wire-reader.js';
import { AttributeList } from './attribute-list.js';
import type { DeltaAccumulator } from './delta-accumulator.js';
import { ExemplarReader } from './exemplar-reader.js';
import { exportRequestFromJson } from './export-request-json.js';
import type { OtlpFormat } from './export-response.js';
import type { TranslationStrategy } from './metric-name.js';
import { MetricReader } from './metric-reader.js';
import { type PointDecoding, PointHeader } from './point-decoding.js';
import { Refusals } from './refusals.js';
import { SeriesKeys } from './series-keys.js';
import { type Scope, scopeLabels, type Target, targetInfoName, targetOf, textAttributes } from './target-labels.js';

export interface OtlpDecodeOptions {
  /** Totals of delta streams; it outlives the request, and takes what the body's deltas add to them even where the body turns out to be broken. */
  readonly deltas: DeltaAccumulator;
  /** Default: UnderscoreEscapingWithSuffixes. */
  readonly translationStrategy?: TranslationStrategy;
  /** Whether series get the labels otel_scope_…; the specification's default, true. */
  readonly hasScopeLabels?: boolean;
  /** Keys of resource attributes that become labels of every series, and not only of target_info. Default: none. */
  readonly promotedResourceAttributes?: readonly string[];
  /**
   * Most bytes that the labels of all series of a body may have; past them it is refused. The default, 512 MiB, is a guess: a hundred bytes
   * for each of five million series, and about a second's work.
   */
  readonly keyBytesMax?: number;
}

const keyBytesMaxDefault = 512 * 1024 * 1024;

/**
 * Decodes a body, already decompressed. A data point that cannot be taken is a rejection, whose `line` is its number in the body.
 * Fails with `invalid_protobuf`, `invalid_json`, `wrong_type`, `out_of_range`, `too_deep` or `invalid_utf8` where the body as a whole cannot
 * be read, and with `body_too_large`.
 */
export function decodeOtlpMetrics(body: Uint8Array, format: OtlpFormat, options: OtlpDecodeOptions): DecodedMetrics {
  const bytes = format === 'json' ? exportRequestFromJson(body) : body;
  return new RequestReader(bytes, options).read();
}

/** A target_info sample is written so often over the time that a resource's samples span: half of how far back queries look. Source: Prometheus' receiver. */
const targetInfoIntervalMs = 150_000;

const samplesOf = ({ samples, histograms }: PointDecoding): number => samples.sampleCount + histograms.count;

class RequestReader {
  private readonly reader: WireReader;
  private readonly attributes: AttributeList;
  private readonly keys: SeriesKeys;
  private readonly strategy: TranslationStrategy;
  private readonly promoted: ReadonlySet<string>;
  private readonly hasScopeLabels: boolean;
  private readonly decoding: PointDecoding;
  private readonly metadata = new Map<string, MetricMetadata>();
  private readonly metrics: MetricReader;

  constructor(body: Uint8Array, options: OtlpDecodeOptions) {
    this.strategy = options.translationStrategy ?? 'UnderscoreEscapingWithSuffixes';
    this.promoted = new Set(options.promotedResourceAttributes);
    this.hasScopeLabels = options.hasScopeLabels ?? true;
    this.reader = new WireReader(body);
    this.attributes = new AttributeList(body);
    this.keys = new SeriesKeys(this.strategy, options.keyBytesMax ?? keyBytesMaxDefault);
    this.decoding = {
      reader: this.reader,
      attributes: this.attributes,
      keys: this.keys,
      samples: createSampleBatchBuilder(),
      histograms: new HistogramBatchBuilder(),
      exemplars: [],
      exemplarReader: new ExemplarReader(body, this.strategy),
      deltas: options.deltas,
      refusals: new Refusals(),
      point: new PointHeader(),
      earliestMs: Number.POSITIVE_INFINITY,
      latestMs: 0,
    };
    this.metrics = new MetricReader(this.decoding, this.strategy, this.metadata, new AttributeList(body));
  }

  read(): DecodedMetrics {
    const { reader } = this;
    while (reader.next()) {
      if (reader.field === 1) this.readResourceMetrics();
      else reader.skip();
    }
    const { exemplars, histograms, refusals, samples } = this.decoding;
    return {
      batch: samples.finish(),
      metadata: Array.from(this.metadata.values()),
      exemplars,
      histograms: histograms.finish(),
      rejected: refusals.tally.rejected,
      rejectedByCode: refusals.tally.rejectedByCode,
      rejections: refusals.tally.rejections,
    };
  }

  private readResourceMetrics(): void {
    const { decoding, reader } = this;
    const outer = reader.enter();
    const start = reader.position;
    let target = targetOf([], this.strategy, this.promoted);
    while (reader.next()) {
      if (reader.field === 1) target = this.readResource();
      else reader.skip();
    }
    decoding.earliestMs = Number.POSITIVE_INFINITY;
    decoding.latestMs = 0;
    const samplesBefore = samplesOf(decoding);
    reader.position = start;
    while (reader.next()) {
      if (reader.field === 2) this.readScopeMetrics(target);
      else reader.skip();
    }
    reader.leave(outer);
    this.addTargetInfo(target, samplesOf(decoding) - samplesBefore);
  }

  private readResource(): Target {
    const { attributes, reader } = this;
    attributes.clear();
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.field === 1) attributes.add(reader);
      else reader.skip();
    }
    reader.leave(outer);
    return targetOf(textAttributes(attributes), this.strategy, this.promoted);
  }

  private readScopeMetrics(target: Target): void {
    const { keys, metrics, reader } = this;
    const outer = reader.enter();
    const start = reader.position;
    let scope: Omit<Scope, 'schemaUrl'> = { name: '', version: '', attributes: [] };
    let schemaUrl = '';
    while (reader.next()) {
      if (reader.field === 1) scope = this.readScope();
      else if (reader.field === 3) schemaUrl = reader.text();
      else reader.skip();
    }
    const own = this.hasScopeLabels ? scopeLabels({ ...scope, schemaUrl }, this.strategy) : [];
    keys.setBase([...target.labels, ...own]);
    reader.position = start;
    while (reader.next()) {
      if (reader.field === 2) metrics.read();
      else reader.skip();
    }
    reader.leave(outer);
  }

  private readScope(): Omit<Scope, 'schemaUrl'> {
    const { attributes, reader } = this;
    let name = '';
    let version = '';
    attributes.clear();
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.field === 1) name = reader.text();
      else if (reader.field === 2) version = reader.text();
      else if (reader.field === 3) attributes.add(reader);
      else reader.skip();
    }
    reader.leave(outer);
    return { name, version, attributes: textAttributes(attributes) };
  }

  /** @param samplesMax As many as the resource has samples: one is wanted near each, and a false time must not make millions. */
  private addTargetInfo({ infoKey }: Target, samplesMax: number): void {
    const { earliestMs, latestMs, samples } = this.decoding;
    if (infoKey === undefined || earliestMs > latestMs) return;
    samples.beginRun(infoKey, 0, infoKey.length);
    for (let i = 0; i < samplesMax && earliestMs + i * targetInfoIntervalMs < latestMs; i++)
      samples.add(earliestMs + i * targetInfoIntervalMs, 1);
    samples.add(latestMs, 1);
    if (!this.metadata.has(targetInfoName))
      this.metadata.set(targetInfoName, { metric: targetInfoName, type: 'info', help: 'Target metadata', unit: '' });
  }
}
