/**
 * Prometheus remote write 1.0: the message prometheus.WriteRequest. Labels are never looked at here: a run's key is the range of
 * the body where its label messages lie, and `canonicalLabels` reads them once a series is new. Series with native histograms are none that the kernel
 * reads, so what has none pays nothing for them.
 * Sources: prometheus.io, "Prometheus Remote-Write 1.0 specification"; prometheus prompb/remote.proto and types.proto.
 */
import { BarographError, isBarographError } from '../../base/errors.js';
import type { Kernel } from '../../kernel/kernel.js';
import { WriteRequestScan } from '../../kernel/write-request-scan.js';
import { HistogramColumns } from '../../model/histogram-columns.js';
import { createLabelWriter } from '../../model/label-writer.js';
import { createRejectionTally } from '../../model/rejection-tally.js';
import type { DecodedMetrics, Exemplar, MetricMetadata } from '../../model/sample-batch.js';
import { SampleColumns } from '../../model/sample-columns.js';
import { WireReader, wireType } from '../protobuf/wire-reader.js';
import { canonicalLabels, exemplarLabels, labelField } from './label-section.js';
import { metricTypeOf, remoteWriteLimits } from './limits.js';
import { readHistogram } from './read-histogram.js';
import { readSample, sampleField } from './scan-samples.js';

export interface RemoteWriteDecoder {
  /**
   * The metrics of a body, which is not compressed any more. The batch, whose columns the decoder uses again and whose keys may be
   * the body itself, is valid until the next call. In rejections `line` is the number of the TimeSeries (or of the MetricMetadata) in the body,
   * from 1. Fails with `invalid_protobuf` where the body is broken, `body_too_large` past `remoteWriteLimits.samplesMax`, and
   * `unsupported_content_type` where it is the message of the other version.
   */
  decode(body: Uint8Array): DecodedMetrics;
}

// Fields of WriteRequest, and of TimeSeries beside its labels and samples.
const timeSeriesField = 1;
const metadataField = 3;
const exemplarField = 3;
const histogramField = 4;

/** Bodies that are not in the kernel's memory are copied there. */
export function createRemoteWrite1Decoder(kernel: Kernel): RemoteWriteDecoder {
  const columns = new SampleColumns(remoteWriteLimits.samplesMax);
  const writer = createLabelWriter();
  // Made with the first body, since the API's description is made from routes that have no services.
  let scan: WriteRequestScan | undefined;
  return {
    decode(body) {
      columns.clear();
      // Before the scan makes room for itself, which may move the memory that the body lies in and leave its view empty.
      const address = kernel.place(body);
      const { length } = body;
      scan ??= new WriteRequestScan(kernel);
      return new WriteRequest(kernel.view(address, length), address, scan, columns, writer).decode();
    },
  };
}

class WriteRequest {
  private readonly reader: WireReader;
  private readonly tally = createRejectionTally();
  private readonly metadata: MetricMetadata[] = [];
  private readonly exemplars: Exemplar[] = [];
  private readonly histograms = new HistogramColumns(remoteWriteLimits.histogramsMax);
  /** What runs' keys are ranges of: the body, or a copy of it with the gathered labels behind it. */
  private keys: Uint8Array;
  private keysEnd: number;
  private seriesCount = 0;
  private metadataCount = 0;

  constructor(
    private readonly body: Uint8Array,
    private readonly address: number,
    private readonly scan: WriteRequestScan,
    private readonly columns: SampleColumns,
    private readonly writer: ReturnType<typeof createLabelWriter>,
  ) {
    this.reader = new WireReader(body);
    this.keys = body;
    this.keysEnd = body.length;
  }

  decode(): DecodedMetrics {
    const { body, tally } = this;
    for (let at = 0; at < body.length; ) {
      at = this.scanSeries(at);
      if (at < body.length) at = this.readField(at);
    }
    return {
      batch: this.columns.batch('remote_write_1', this.keys),
      metadata: this.metadata,
      exemplars: this.exemplars,
      histograms: this.histograms.batch('remote_write_1', this.keys),
      rejected: tally.rejected,
      rejectedByCode: tally.rejectedByCode,
      rejections: tally.rejections,
    };
  }

  /** Takes what the kernel knows to read from `at` on, TimeSeries as senders write them; answers where it stops. */
  private scanSeries(at: number): number {
    const { scan, address, body, columns } = this;
    for (let stop: number; ; at = stop) {
      stop = scan.scan(address, at, body.length);
      if (stop === at) return at;
      const runs = scan.scanned();
      columns.addRuns(runs);
      this.seriesCount += runs.runCount;
    }
  }

  /** Reads the field at `at` in whatever form; answers where it ends. */
  private readField(at: number): number {
    const { reader } = this;
    reader.position = at;
    reader.end = this.body.length;
    reader.next();
    if (reader.field === timeSeriesField) this.readSeries();
    else if (reader.field === metadataField) this.readMetadata();
    else {
      const isVersion2 = (reader.field === 4 || reader.field === 5) && reader.type === wireType.bytes;
      if (isVersion2) throw otherVersion();
      reader.skip();
    }
    return reader.position;
  }

  private readSeries(): void {
    const { reader, columns } = this;
    this.seriesCount++;
    const outer = reader.enter();
    const { position: from, end } = reader;
    let labelsStart = from;
    let labelsEnd = from;
    let isScattered = false;
    let exemplarCount = 0;
    for (let at = from; reader.next(); at = reader.position) {
      if (reader.field === labelField) {
        reader.range();
        if (labelsStart === labelsEnd) labelsStart = at;
        else if (labelsEnd !== at) isScattered = true;
        labelsEnd = reader.position;
      } else if (reader.field === sampleField) readSample(reader, columns);
      else if (reader.field === histogramField) this.readHistogram();
      else {
        if (reader.field === exemplarField) exemplarCount++;
        reader.skip();
      }
    }
    reader.leave(outer);
    if (isScattered) {
      labelsStart = this.gatherLabels(from, end);
      labelsEnd = this.keysEnd;
    }
    columns.endRun(labelsStart, labelsEnd);
    this.histograms.endRun(labelsStart, labelsEnd);
    if (exemplarCount > 0) this.readExemplars(from, end, exemplarCount);
  }

  private readHistogram(): void {
    const { timeMs, histogram } = readHistogram(this.reader);
    if (typeof histogram === 'string') this.tally.add(this.seriesCount, 'invalid_histogram', () => histogram);
    else this.histograms.add(timeMs, histogram);
  }

  /** Copies the label messages of the series body[from, end) side by side behind the body; answers where among `keys` they begin. */
  private gatherLabels(from: number, end: number): number {
    const { body } = this;
    if (this.keys === body) {
      // All labels of a body take no more room than the body.
      this.keys = new Uint8Array(2 * body.length);
      this.keys.set(body);
    }
    const start = this.keysEnd;
    const reader = new WireReader(body, from, end);
    for (let at = from; reader.next(); at = reader.position) {
      reader.skip();
      if (reader.field === labelField) for (let i = at; i < reader.position; i++) this.keys[this.keysEnd++] = body[i]!;
    }
    return start;
  }

  private readExemplars(from: number, end: number, count: number): void {
    const { body, tally, writer, seriesCount: line } = this;
    const labels = canonicalLabels(body, from, end, writer);
    if (!(labels instanceof Uint8Array)) {
      tally.add(line, labels.code, () => `exemplars of a series without sound labels: ${labels.message}`, count);
      return;
    }
    const series = labels.slice();
    const reader = new WireReader(body, from, end);
    while (reader.next())
      if (reader.field === exemplarField) this.readExemplar(reader, series);
      else reader.skip();
  }

  private readExemplar(reader: WireReader, series: Uint8Array): void {
    const { tally, seriesCount: line } = this;
    const outer = reader.enter();
    const labels = exemplarLabels(new WireReader(reader.bytes, reader.position, reader.end), this.writer);
    let value = 0;
    let timeMs = 0;
    while (reader.next())
      if (reader.field === 2) value = reader.double();
      else if (reader.field === 3) timeMs = reader.int64();
      else reader.skip();
    reader.leave(outer);
    if (!(labels instanceof Uint8Array)) tally.add(line, labels.code, () => `an exemplar: ${labels.message}`);
    else if (this.exemplars.length >= remoteWriteLimits.exemplarsMax)
      tally.add(line, 'too_many_values', tooManyExemplars);
    else this.exemplars.push({ series, labels: labels.slice(), timeMs, value });
  }

  /** Reads a MetricMetadata. One whose texts are no UTF-8, or that names no metric, is refused by itself. */
  private readMetadata(): void {
    const { reader, metadata, tally } = this;
    const line = ++this.metadataCount;
    const outer = reader.enter();
    try {
      const read = readMetricMetadata(reader);
      if (read.metric === '') tally.add(line, 'missing_field', () => 'metadata: the name of the metric is required');
      else if (metadata.length >= remoteWriteLimits.metadataMax) tally.add(line, 'too_many_values', tooManyMetadata);
      else metadata.push(read);
    } catch (error) {
      if (!isBarographError(error, 'invalid_utf8')) throw error;
      tally.add(line, error.code, () => `metadata: ${error.message}`);
    }
    reader.leave(outer);
  }
}

function readMetricMetadata(reader: WireReader): MetricMetadata {
  let type = 0;
  let metric = '';
  let help = '';
  let unit = '';
  while (reader.next())
    if (reader.field === 1) type = reader.uint32();
    else if (reader.field === 2) metric = reader.text();
    else if (reader.field === 4) help = reader.text();
    else if (reader.field === 5) unit = reader.text();
    else reader.skip();
  return { metric, type: metricTypeOf(type), help, unit };
}

const tooManyExemplars = () => `more exemplars than ${remoteWriteLimits.exemplarsMax}, the limit of a body`;
const tooManyMetadata = () => `more metadata than ${remoteWriteLimits.metadataMax}, the limit of a body`;

/** Version 2 keeps the numbers of version 1's fields free, so that the one is known where the other was announced. */
const otherVersion = (): BarographError =>
  new BarographError(
    'unsupported_content_type',
    'the body is an io.prometheus.write.v2.Request, but was not announced as one',
    {
      hint: 'Send it with content-type: application/x-protobuf;proto=io.prometheus.write.v2.Request.',
    },
  );
