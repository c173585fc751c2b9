/**
 * Prometheus remote write 2.0: the message io.prometheus.write.v2.Request. Its texts stand once in a table of symbols, so keys are written
 * in the canonical form, by copying the symbols' bytes. Created and start timestamps are
 * checked to be numbers and not kept: nothing that is stored has a place for them, and Prometheus leaves them out by default too.
 * Sources: prometheus.io, "Prometheus Remote-Write 2.0 specification"; prometheus prompb/io/prometheus/write/v2/types.proto.
 */
import { BarographError } from '../../base/errors.js';
import { HistogramColumns } from '../../model/histogram-columns.js';
import { checkCanonical, type LabelProblem } from '../../model/label-check.js';
import { createRejectionTally } from '../../model/rejection-tally.js';
import type { DecodedMetrics, Exemplar } from '../../model/sample-batch.js';
import { SampleColumns } from '../../model/sample-columns.js';
import { WireReader, wireType } from '../protobuf/wire-reader.js';
import { LabelKeys } from './label-keys.js';
import { LabelRefs } from './label-refs.js';
import { remoteWriteLimits } from './limits.js';
import { readHistogram } from './read-histogram.js';
import { readSample, sampleField, scanSamples } from './scan-samples.js';
import { MetadataOfSeries, noMetadata, readSeriesMetadata, type SeriesMetadata } from './series-metadata.js';
import { SymbolTable } from './symbol-table.js';
import type { RemoteWriteDecoder } from './version-1.js';

// Fields of Request, and of TimeSeries beside its samples.
const symbolsField = 4;
const timeSeriesField = 5;
const labelRefsField = 1;
const histogramField = 3;
const exemplarField = 4;
const metadataField = 5;
const createdField = 6;

export function createRemoteWrite2Decoder(): RemoteWriteDecoder {
  const columns = new SampleColumns(remoteWriteLimits.samplesMax);
  const keys = new LabelKeys();
  return {
    decode(body) {
      columns.clear();
      keys.clear();
      return new Request(body, columns, keys).decode();
    },
  };
}

/** What a series holds beside labels and samples. */
interface SeriesExtras {
  readonly exemplarCount: number;
  readonly metadata: SeriesMetadata;
}

class Request {
  private readonly reader: WireReader;
  private readonly symbols: SymbolTable;
  private readonly metadata: MetadataOfSeries;
  private readonly refs = new LabelRefs();
  private readonly tally = createRejectionTally();
  private readonly exemplars: Exemplar[] = [];
  private readonly histograms = new HistogramColumns(remoteWriteLimits.histogramsMax);
  private seriesCount = 0;

  constructor(
    private readonly body: Uint8Array,
    private readonly columns: SampleColumns,
    private readonly keys: LabelKeys,
  ) {
    this.reader = new WireReader(body);
    this.symbols = new SymbolTable(body, this.reader.view);
    this.metadata = new MetadataOfSeries(this.symbols);
  }

  decode(): DecodedMetrics {
    const { reader, tally } = this;
    const firstSeries = this.readSymbols();
    reader.position = firstSeries;
    while (reader.next())
      if (reader.field === timeSeriesField) this.readSeries();
      else reader.skip();
    return {
      batch: this.columns.batch('canonical', this.keys.bytes),
      metadata: this.metadata.all,
      exemplars: this.exemplars,
      histograms: this.histograms.batch('canonical', this.keys.bytes),
      rejected: tally.rejected,
      rejectedByCode: tally.rejectedByCode,
      rejections: tally.rejections,
    };
  }

  /** Reads the symbols, which may stand anywhere in the body, and answers where the first series stands. */
  private readSymbols(): number {
    const { reader, symbols, body } = this;
    let firstSeries = body.length;
    for (let at = 0; reader.next(); at = reader.position) {
      if (reader.field === symbolsField) symbols.add(reader);
      else {
        if (reader.field === timeSeriesField) firstSeries = Math.min(firstSeries, at);
        else if (reader.field <= 3 && reader.type === wireType.bytes) throw otherVersion();
        reader.skip();
      }
    }
    symbols.finish();
    const isEmptyFirst = symbols.count > 0 && symbols.isEmpty(0);
    if (firstSeries < body.length && !isEmptyFirst)
      throw new BarographError(
        'invalid_protobuf',
        'the first symbol is not the empty text, which the protocol wants there',
      );
    return firstSeries;
  }

  private readSeries(): void {
    const { reader, columns, refs, symbols } = this;
    this.seriesCount++;
    refs.clear();
    const from = reader.position;
    const extras = this.readSeriesFields();
    const { exemplarCount } = extras;
    const { keys } = this;
    const keyStart = keys.append(refs, symbols);
    if (typeof keyStart !== 'number') {
      const refused = columns.dropRun() + this.histograms.dropRun() + exemplarCount;
      this.tally.add(this.seriesCount, keyStart.code, () => keyStart.message, Math.max(1, refused));
      return;
    }
    const hasFloats = columns.endRun(keyStart, keys.end);
    const hasHistograms = this.histograms.endRun(keyStart, keys.end);
    this.takeMetadata(extras.metadata);
    if (exemplarCount > 0) this.readExemplars(from, reader.position, keyStart, exemplarCount);
    if (!hasFloats && !hasHistograms) keys.truncate(keyStart);
  }

  /** Reads the TimeSeries that the reader is at: its references and samples, and of the rest how much there is. */
  private readSeriesFields(): SeriesExtras {
    const { reader, body, columns } = this;
    let exemplarCount = 0;
    let metadata = noMetadata;
    const outer = reader.enter();
    for (;;) {
      reader.position = scanSamples(body, reader.view, reader.position, reader.end, columns);
      if (!reader.next()) break;
      if (reader.field === labelRefsField) this.refs.read(reader);
      else if (reader.field === sampleField) readSample(reader, columns);
      else if (reader.field === metadataField) metadata = readSeriesMetadata(reader);
      else if (reader.field === createdField) reader.int64();
      else if (reader.field === histogramField) this.readHistogram();
      else {
        if (reader.field === exemplarField) exemplarCount++;
        reader.skip();
      }
    }
    reader.leave(outer);
    return { exemplarCount, metadata };
  }

  private readHistogram(): void {
    const { timeMs, histogram } = readHistogram(this.reader);
    if (typeof histogram === 'string') this.tally.add(this.seriesCount, 'invalid_histogram', () => histogram);
    else this.histograms.add(timeMs, histogram);
  }

  private takeMetadata(given: SeriesMetadata): void {
    if (given.type === 0 && given.help === 0 && given.unit === 0) return;
    const { refs, symbols } = this;
    for (let i = 0; i < refs.count; i += 2) {
      if (!symbols.isMetricName(refs.numbers[i]!)) continue;
      const problem = this.metadata.take(refs.numbers[i + 1]!, given);
      if (problem !== undefined) this.tally.add(this.seriesCount, problem.code, () => problem.message);
      return;
    }
  }

  /** Reads the exemplars of the series that lies in body[from, end), and whose key begins at `keyStart`. */
  private readExemplars(from: number, end: number, keyStart: number, count: number): void {
    const { body, keys, tally, seriesCount: line } = this;
    const problem = checkCanonical(keys.bytes, keyStart, keys.end);
    if (problem !== undefined) {
      tally.add(line, problem.code, () => `exemplars of a series without sound labels: ${problem.message}`, count);
      return;
    }
    const series = keys.bytes.slice(keyStart, keys.end);
    const reader = new WireReader(body, from, end);
    reader.type = wireType.bytes;
    reader.enter();
    while (reader.next())
      if (reader.field === exemplarField) this.readExemplar(reader, series);
      else reader.skip();
  }

  private readExemplar(reader: WireReader, series: Uint8Array): void {
    const { refs, exemplars, tally, seriesCount: line } = this;
    let value = 0;
    let timeMs = 0;
    refs.clear();
    const outer = reader.enter();
    while (reader.next())
      if (reader.field === labelRefsField) refs.read(reader);
      else if (reader.field === 2) value = reader.double();
      else if (reader.field === 3) timeMs = reader.int64();
      else reader.skip();
    reader.leave(outer);
    const labels = this.exemplarLabels();
    if (!(labels instanceof Uint8Array)) tally.add(line, labels.code, () => `an exemplar: ${labels.message}`);
    else if (exemplars.length >= remoteWriteLimits.exemplarsMax) tally.add(line, 'too_many_values', tooManyExemplars);
    else exemplars.push({ series, labels, timeMs, value });
  }

  /** Canonical bytes of the labels that the references tell. */
  private exemplarLabels(): Uint8Array | LabelProblem {
    const { refs, symbols, keys } = this;
    const { end } = keys;
    const start = keys.append(refs, symbols);
    if (typeof start !== 'number') return start;
    const labels = keys.bytes.slice(start, keys.end);
    keys.truncate(end);
    return checkCanonical(labels, 0, labels.length, false) ?? labels;
  }
}

const tooManyExemplars = () => `more exemplars than ${remoteWriteLimits.exemplarsMax}, the limit of a body`;

/** Version 2 keeps the numbers of version 1's fields free, so that the one is known where the other was announced. */
const otherVersion = (): BarographError =>
  new BarographError(
    'unsupported_content_type',
    'the body is a prometheus.WriteRequest, but was announced as version 2',
    {
      hint: 'Send it with content-type: application/x-protobuf.',
    },
  );
