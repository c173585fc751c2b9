/**
 * Bodies of Prometheus' protobuf format, decoded to a batch of samples: io.prometheus.client.MetricFamily messages, each behind its length. Go's push
 * client sends it. Histograms become their classic series; native buckets are left out, and so are exemplars.
 * Sources: prometheus/client_model, metrics.proto; prometheus/prometheus model/textparse, protobufparse.go, for the series of each type.
 */
import { BarographError } from '../../base/errors.js';
import { atOnce, type Steps } from '../../base/turns.js';
import { tooManyLabelsProblem } from '../../model/label-check.js';
import { createLabelWriter, type LabelWriter } from '../../model/label-writer.js';
import { type Labels, labelLimits, metricNameLabel } from '../../model/labels.js';
import type { DecodedMetrics, MetricMetadata } from '../../model/sample-batch.js';
import { createSampleBatchBuilder, type SampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { WireReader } from '../protobuf/wire-reader.js';
import {
  familyField,
  type MetricValue,
  metricField,
  readFamilyHead,
  readHistogram,
  readNumber,
  readSummary,
} from './metric-family-reader.js';
import { openMetricsFloat } from './open-metrics-float.js';

export interface DelimitedOptions {
  /** Time of the samples that come without one, epoch milliseconds. */
  readonly nowMs: number;
  /** Whether times in the body count, or fail it with `time_refused`. `honor` where absent. */
  readonly timestamps?: 'honor' | 'refuse';
  /** Labels of the sender. They take the place of the body's; one with an empty value removes it. */
  readonly extraLabels?: Labels;
  /** Most bytes that the labels of all series take: they are written once for each series and may be in the body once for many. */
  readonly keyBytesMax?: number;
}

/** A guess: three million series of ordinary labels. */
const keyBytesMaxDefault = 512 * 1024 * 1024;

/** Metrics of a step: about a millisecond where they are histograms. */
const stepMetrics = 16;

/** A label of the metric at hand, the bytes of the body. */
interface LabelRange {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * Decodes a body. Fails as a whole, with `invalid_protobuf`, `invalid_utf8`, `missing_field`, `empty_field`, `out_of_range`,
 * `too_many_values`, `duplicate_key`, `body_too_large` or `time_refused`. Each metric is a run or several, in the order of the body.
 */
export const decodeDelimited = (body: Uint8Array, options: DelimitedOptions): DecodedMetrics =>
  atOnce(decodeDelimitedSteps(body, options));

/** The same in steps, for bodies that take long. */
export function* decodeDelimitedSteps(body: Uint8Array, options: DelimitedOptions): Steps<DecodedMetrics> {
  const reader = new WireReader(body);
  const metrics = new MetricWriter(body, options);
  const metadata: MetricMetadata[] = [];
  let written = 0;
  while (reader.hasMore) {
    const length = reader.packedVarint();
    const left = reader.end - reader.position;
    if (length > left) reader.fail(`a message of ${length} bytes is announced and ${left} are left`);
    const outerEnd = reader.end;
    reader.end = reader.position + length;
    const head = readFamilyHead(reader);
    while (reader.next())
      if (reader.field === familyField.metric) {
        metrics.write(reader, head);
        if (++written % stepMetrics === 0) yield;
      } else reader.skip();
    reader.leave(outerEnd);
    metadata.push(head);
  }
  return {
    batch: metrics.finish(),
    metadata,
    exemplars: [],
    rejected: 0,
    rejectedByCode: new Map(),
    rejections: [],
  };
}

/** Turns the metrics of families into runs. */
class MetricWriter {
  private readonly builder: SampleBatchBuilder = createSampleBatchBuilder();
  private readonly writer: LabelWriter = createLabelWriter();
  private readonly extraNames: ReadonlySet<string>;
  private labels: LabelRange[] = [];
  private timeMs = 0;
  private keyBytes = 0;

  constructor(
    private readonly body: Uint8Array,
    private readonly options: DelimitedOptions,
  ) {
    this.extraNames = new Set((options.extraLabels ?? []).map(([name]) => name));
  }

  finish() {
    return this.builder.finish();
  }

  /** Reads the metric that the reader is at, and appends its samples. */
  write(reader: WireReader, family: MetricMetadata): void {
    const outerEnd = reader.enter();
    const value = this.readMetric(reader, family);
    reader.leave(outerEnd);
    const { metric: name, type } = family;
    switch (type) {
      case 'summary':
        this.addPoints(name, 'quantile', value);
        this.addTotals(name, value, '_sum', '_count');
        break;
      case 'histogram':
      case 'gaugehistogram': {
        const prefix = type === 'histogram' ? '_' : '_g';
        this.addPoints(`${name}_bucket`, 'le', withInfinity(value));
        this.addTotals(name, value, `${prefix}sum`, `${prefix}count`);
        break;
      }
      default:
        this.add(name, value.value);
    }
  }

  private readMetric(reader: WireReader, { metric, type }: MetricMetadata): MetricValue {
    const { nowMs, timestamps } = this.options;
    this.labels = [];
    this.timeMs = nowMs;
    let value: MetricValue | undefined;
    while (reader.next()) {
      if (reader.field === metricField.label) this.readLabel(reader);
      else if (reader.field === metricField.timestampMs) {
        this.timeMs = reader.int64();
        if (timestamps === 'refuse')
          throw new BarographError('time_refused', `a metric of ${metric} has a time, wanted one without`);
        if (!Number.isSafeInteger(this.timeMs))
          throw new BarographError('out_of_range', `a metric of ${metric} has the time ${this.timeMs} ms`);
      } else if (reader.field === valueFields[type]) {
        const end = reader.enter();
        value = readers[type](reader);
        reader.leave(end);
      } else reader.skip();
    }
    if (value === undefined) throw new BarographError('missing_field', `a metric of ${metric} has no ${type}`);
    return value;
  }

  private readLabel(reader: WireReader): void {
    const outerEnd = reader.enter();
    let name = '';
    let [valueStart, valueEnd] = [0, 0];
    while (reader.next())
      if (reader.field === 1) name = reader.text();
      else if (reader.field === 2) {
        reader.utf8Range();
        [valueStart, valueEnd] = [reader.start, reader.stop];
      } else reader.skip();
    reader.leave(outerEnd);
    if (name === '') throw new BarographError('empty_field', 'got an empty label name');
    if (this.labels.length === labelLimits.labelsMax)
      throw new BarographError('too_many_values', tooManyLabelsProblem.message);
    if (!this.extraNames.has(name)) this.labels.push({ name, valueStart, valueEnd });
  }

  private addPoints(name: string, label: string, { points }: MetricValue): void {
    for (const [bound, value] of points) this.add(name, value, label, openMetricsFloat(bound));
  }

  private addTotals(name: string, { sum, count }: MetricValue, sumEnding: string, countEnding: string): void {
    this.add(name + sumEnding, sum);
    this.add(name + countEnding, count);
  }

  private add(name: string, value: number, label = '', labelText = ''): void {
    const { writer, body, builder } = this;
    writer.clear();
    writer.addText(metricNameLabel, name);
    for (const { name: each, valueStart, valueEnd } of this.labels) {
      const bytes = Buffer.from(each);
      writer.add(bytes, 0, bytes.length, body, valueStart, valueEnd);
    }
    for (const [each, text] of this.options.extraLabels ?? []) if (each !== label) writer.addText(each, text);
    writer.addText(label, labelText);
    const key = writer.finish();
    if (writer.hasRepeats) throw new BarographError('duplicate_key', `a metric of ${name} has a label twice`);
    this.keyBytes += key.length;
    const { keyBytesMax = keyBytesMaxDefault } = this.options;
    if (this.keyBytes > keyBytesMax)
      throw new BarographError('body_too_large', `the labels of all series take more than ${keyBytesMax} bytes`);
    builder.beginRun(key, 0, key.length);
    // A NaN of another kind, such as a stale marker, is none that a metric can mean.
    builder.add(this.timeMs, Number.isNaN(value) ? Number.NaN : value);
  }
}

const valueFields = {
  counter: metricField.counter,
  gauge: metricField.gauge,
  summary: metricField.summary,
  unknown: metricField.untyped,
  histogram: metricField.histogram,
  gaugehistogram: metricField.histogram,
  info: metricField.gauge,
  stateset: metricField.gauge,
} as const;

const readers = {
  counter: readNumber,
  gauge: readNumber,
  summary: readSummary,
  unknown: readNumber,
  histogram: readHistogram,
  gaugehistogram: readHistogram,
  info: readNumber,
  stateset: readNumber,
} as const;

/** With the bucket of all observations, which clients leave out because it is the count. */
function withInfinity(value: MetricValue): MetricValue {
  if (value.points.some(([bound]) => bound === Number.POSITIVE_INFINITY)) return value;
  return { ...value, points: [...value.points, [Number.POSITIVE_INFINITY, value.count]] };
}
