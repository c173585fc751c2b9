/**
 * Bodies in the Prometheus text format (0.0.4 and 1.0.0) and OpenMetrics 1.0, decoded to a batch of samples. One parser reads both;
 * what differs between them is told by flags.
 *
 * Sources: prometheus.io, "Exposition formats"; the OpenMetrics specification 1.0.0; prometheus, model/textparse, whose grammar
 * decides where they leave a doubt. `_created` series are samples like others, as Prometheus takes them by default.
 */
import { BarographError, type ErrorCode } from '../../base/errors.js';
import type { Steps } from '../../base/turns.js';
import type { Exemplar, MetricType } from '../../model/sample-batch.js';
import { staleMarkerHigh, staleMarkerLow } from '../../model/sample-batch.js';
import { SampleColumns } from '../../model/sample-columns.js';
import { appendBytes, type ByteArena, createByteArena } from '../text/byte-arena.js';
import { createLineRejections, shownFrom } from '../text/line-rejections.js';
import { absent, viewOf } from './byte-table.js';
import { droppedTarget, ExpositionCache, metadataTarget } from './exposition-cache.js';
import type { DecodedExposition, ExpositionOptions } from './exposition-options.js';
import { foldMetadata, type MetadataLine, parseMetadataLine } from './metadata-line.js';
import { SampleTail } from './sample-tail.js';
import { createScanFailure, failed, failScan, type ScanFailure } from './scan-failure.js';
import { SeriesKeyBuilder } from './series-key.js';
import { SeriesScanner } from './series-scanner.js';

const tab = 0x09;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const hash = 0x23;
const openBrace = 0x7b;

/** Small, because many a body holds a handful of series. */
const firstKeyBytes = 1024;

/** Lines of a step: about a millisecond where all their series are new. */
const stepLines = 128;

/** A body that failed as a whole, with what had been read of it. */
export class ExpositionError extends BarographError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly samplesScraped: number,
    readonly samplesKept: number,
  ) {
    super(code, message);
  }
}

/**
 * Decodes a body. Throws an ExpositionError: with `too_many_samples` past `samplesMax`, with `body_too_large` where the series do not
 * fit the cache, and in strict mode with the code and line of the first line that is bad (`invalid_exposition`, `invalid_utf8`,
 * `duplicate_key`, `missing_field`, `empty_field`, `out_of_range`, `too_many_values`, `too_long`) or `incomplete_body`
 * where # EOF is missing.
 */
export const decodeExposition = (body: Uint8Array, options: ExpositionOptions): DecodedExposition =>
  new BodyDecoder(body, options).decode();

/** The same in steps, for bodies that take long. Until they are done the cache, where there is one, is theirs alone. */
export const decodeExpositionSteps = (body: Uint8Array, options: ExpositionOptions): Steps<DecodedExposition> =>
  new BodyDecoder(body, options).decodeSteps();

class BodyDecoder {
  private readonly body: Buffer;
  private readonly view: DataView;
  private readonly isText: boolean;
  private readonly isStrict: boolean;
  private readonly scanner: SeriesScanner;
  private readonly keyBuilder: SeriesKeyBuilder;
  private readonly tail: SampleTail;
  private readonly rejections;
  private readonly columns = new SampleColumns();
  private readonly cache: ExpositionCache | undefined;
  /** Keys, where there is no cache to keep them. */
  private readonly keys: ByteArena = createByteArena(firstKeyBytes);
  private readonly metadataLines: MetadataLine[] = [];
  private readonly exemplars: Exemplar[] = [];
  private readonly ownFailure = createScanFailure();
  /** Where the reason of a failed line stands. */
  private failure: ScanFailure = this.ownFailure;
  /** Of the family told last: also of lines that belong to none, as in Prometheus. */
  private type: MetricType = 'unknown';
  private lastText = absent;
  private hasEnded = false;
  private samplesScraped = 0;
  private samplesKept = 0;
  private seriesAdded = 0;

  constructor(
    body: Uint8Array,
    private readonly options: ExpositionOptions,
  ) {
    this.body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.view = viewOf(body);
    this.isText = options.format === 'text';
    this.isStrict = options.mode === 'strict';
    this.scanner = new SeriesScanner({ allowBlanks: this.isText, allowLineBreaks: this.isText && this.isStrict });
    this.keyBuilder = new SeriesKeyBuilder(options.labelling);
    this.tail = new SampleTail(options, this.scanner, this.keyBuilder);
    this.rejections = createLineRejections(this.body);
    // Strict mode has to know which series it has seen, so that it needs one.
    this.cache = options.cache ?? (this.isStrict ? new ExpositionCache({ bytesMax: Infinity }) : undefined);
  }

  decode(): DecodedExposition {
    this.begin();
    this.decodeLines(0, Number.POSITIVE_INFINITY);
    return this.end();
  }

  *decodeSteps(): Steps<DecodedExposition> {
    this.begin();
    for (let at = 0; at < this.body.length; yield) at = this.decodeLines(at, stepLines);
    return this.end();
  }

  private begin(): void {
    this.cache?.begin(this.options.labelling, this.options.format);
  }

  /** Decodes lines from the one that begins at `start` on; gives where the next one begins. */
  private decodeLines(start: number, linesMax: number): number {
    const { body } = this;
    let at = start;
    for (let line = 0; line < linesMax && at < body.length; line++) {
      const next = this.decodeLine(at);
      if (next === failed && (this.isStrict || this.failure.code === 'body_too_large')) this.failBody(at);
      at = next === failed ? this.passBadLine(at) : next;
    }
    return at;
  }

  private end(): DecodedExposition {
    const { body, options } = this;
    if (this.isStrict && !this.isText && !this.hasEnded && body.length > 0) {
      failScan(this.ownFailure, body.length, '# EOF', 'incomplete_body');
      this.failure = this.ownFailure;
      this.failBody(body.length);
    }
    const { samplesMax = Infinity } = options;
    if (this.samplesKept > samplesMax)
      this.fail('too_many_samples', `got ${this.samplesKept} samples, wanted at most ${samplesMax} (sample_limit)`);
    return this.finish();
  }

  /** Decodes the line that begins at `start`; gives where the next one begins, or `failed`. */
  private decodeLine(start: number): number {
    const { body, cache } = this;
    if (cache !== undefined && !this.hasEnded) {
      const text = this.lastText === absent ? 0 : cache.followers[this.lastText]!;
      if (text < cache.texts.count) {
        const after = start + cache.texts.ends[text]! - cache.texts.starts[text]!;
        if (after <= body.length && cache.texts.begins(text, this.view, start) && this.endsText(text, after))
          return this.decodeKnown(text, start, after);
      }
    }
    const at = this.isText ? this.skipBlanks(start) : start;
    if (at >= body.length) return at;
    const byte = body[at]!;
    const isEmpty = byte === newline || (byte === carriageReturn && !this.isStrict && body[at + 1] === newline);
    if (isEmpty && (this.isText || !this.isStrict)) return byte === newline ? at + 1 : at + 2;
    if (this.hasEnded) return this.failOwn(at, 'nothing behind # EOF');
    if (byte === hash) return this.decodeHash(at);
    const after = this.scanner.scanSeries(body, at, body.length);
    if (after === failed) return this.failAs(this.scanner.failure);
    return cache === undefined ? this.decodeUncached(at, after) : this.decodeSought(cache, at, after);
  }

  /** Whether what a text says ends at `after`, where its bytes end. */
  private endsText(text: number, after: number): boolean {
    const { body } = this;
    if (this.cache!.targets[text]! <= metadataTarget) return after === body.length || body[after] === newline;
    if (body[after] !== space && body[after] !== tab) return false;
    // A name alone goes on with its labels here.
    return !this.isText || body[this.skipBlanks(after)] !== openBrace;
  }

  /** Decodes a line whose series or metadata is text `text` of the cache. */
  private decodeKnown(text: number, start: number, after: number): number {
    const cache = this.cache!;
    cache.passText(text, this.lastText);
    this.lastText = text;
    const target = cache.targets[text]!;
    if (target > metadataTarget) return this.decodeSample(start, after, target);
    const { type } = cache.metadataLines[metadataTarget - target]!;
    if (type !== undefined) this.type = type;
    cache.passMetadata(text);
    return after + 1;
  }

  /** Decodes a line whose series ends at `after` and may lie elsewhere in the cache, or not yet. */
  private decodeSought(cache: ExpositionCache, start: number, after: number): number {
    const { body, view } = this;
    const textHash = cache.texts.hashBytes(view, start, after);
    let text = cache.texts.find(view, start, after, textHash);
    if (text === absent) {
      const key = this.keyBuilder.build(this.scanner, body, this.type);
      if (key === 'refused') return this.failKey();
      const target = key === 'dropped' ? droppedTarget : cache.internKey(key);
      if (target === absent && key !== 'dropped') return this.failCache(start);
      text = cache.addText(body, start, after, textHash, target);
      if (text === absent) return this.failCache(start);
    }
    return this.decodeKnown(text, start, after);
  }

  private decodeUncached(start: number, after: number): number {
    const key = this.keyBuilder.build(this.scanner, this.body, this.type);
    if (key === 'refused') return this.failKey();
    if (key === 'dropped') return this.decodeSample(start, after, droppedTarget);
    const { keys, tail } = this;
    // Before the tail: the labels of its exemplar are built in the same place.
    const keyStart = appendBytes(keys, key, 0, key.length);
    const next = tail.read(this.body, after, this.body.length);
    if (next === failed) return this.failAs(tail.failure);
    this.samplesScraped++;
    if (this.isOverLimit()) return next;
    this.seriesAdded++;
    this.endSample(keyStart, keys.end, keys.bytes);
    return next;
  }

  /** Decodes the rest of a line whose series is key `key` of the cache, or dropped. */
  private decodeSample(start: number, after: number, key: number): number {
    const { tail, body } = this;
    const next = tail.read(body, after, body.length);
    if (next === failed) return this.failAs(tail.failure);
    this.samplesScraped++;
    if (key === droppedTarget) return next;
    const cache = this.cache!;
    if (this.isStrict && !tail.hasTime && cache.hasSeen(key)) {
      this.samplesKept++;
      const message = (): string => `got a second sample of ${this.shown(start)}, wanted one`;
      this.rejections.reject(start, 'duplicate_sample', message);
      return next;
    }
    if (this.isOverLimit()) return next;
    if (cache.see(key)) this.seriesAdded++;
    if (!tail.hasTime || this.options.tracksTimestamped === true) cache.track(key);
    this.endSample(cache.keys.starts[key]!, cache.keys.ends[key]!, cache.keys.arena.bytes);
    return next;
  }

  /** Counts a sample; past the limit it is counted only, so that the failure can tell how many there are. */
  private isOverLimit(): boolean {
    this.samplesKept++;
    return this.options.samplesMax !== undefined && this.samplesKept > this.options.samplesMax;
  }

  private endSample(keyStart: number, keyEnd: number, keys: Uint8Array): void {
    const { columns, tail } = this;
    columns.addBits(tail.timeMs, tail.valueBits[0]!, tail.valueBits[1]!);
    columns.endRun(keyStart, keyEnd);
    if (tail.exemplar === undefined) return;
    const { labels, value, timeMs = tail.timeMs } = tail.exemplar;
    this.exemplars.push({ series: keys.slice(keyStart, keyEnd), labels, timeMs, value });
  }

  /** Decodes a line that begins with #. */
  private decodeHash(at: number): number {
    const { body, cache } = this;
    const newlineAt = body.indexOf(newline, at);
    const next = newlineAt < 0 ? body.length : newlineAt + 1;
    let end = newlineAt < 0 ? body.length : newlineAt;
    if (!this.isStrict && body[end - 1] === carriageReturn) end--;
    if (!this.isText && end - at === 5 && body.toString('latin1', at, end) === '# EOF') {
      this.hasEnded = this.isStrict;
      return next;
    }
    const textHash = cache === undefined ? 0 : cache.texts.hashBytes(this.view, at, end);
    const known = cache === undefined ? absent : cache.texts.find(this.view, at, end, textHash);
    if (known !== absent) {
      this.decodeKnown(known, at, end);
      return next;
    }
    const line = parseMetadataLine(body, at, end, this.options.format, this.ownFailure);
    if (line === 'refused') return this.failAs(this.ownFailure);
    if (line === 'comment') return next;
    if (line.type !== undefined) this.type = line.type;
    if (cache === undefined) {
      this.metadataLines.push(line);
      return next;
    }
    const target = metadataTarget + 1 - cache.metadataLines.push(line);
    const text = cache.addText(body, at, end, textHash, target);
    if (text === absent) return this.failCache(at);
    this.decodeKnown(text, at, end);
    return next;
  }

  private finish(): DecodedExposition {
    const { cache, columns } = this;
    const { tally } = this.rejections;
    let staleMarkers = 0;
    if (this.options.marksVanished === true)
      cache?.forEachVanished((key) => {
        staleMarkers++;
        columns.addBits(this.options.nowMs, staleMarkerLow, staleMarkerHigh);
        columns.endRun(cache.keys.starts[key]!, cache.keys.ends[key]!);
      });
    const batch = columns.batch('canonical', cache?.keys.arena.bytes ?? this.keys.bytes);
    const metadata = cache?.bodyMetadata() ?? foldMetadata(this.metadataLines);
    cache?.commit();
    return {
      batch,
      metadata,
      exemplars: this.exemplars,
      rejected: tally.rejected,
      rejectedByCode: tally.rejectedByCode,
      rejections: tally.rejections,
      samplesScraped: this.samplesScraped,
      samplesKept: this.samplesKept,
      seriesAdded: this.seriesAdded,
      staleMarkers,
    };
  }

  /** Rejects the line that begins at `start`; gives where the next one begins. */
  private passBadLine(start: number): number {
    this.rejections.reject(start, this.failure.code, () => this.reason());
    const newlineAt = this.body.indexOf(newline, start);
    return newlineAt < 0 ? this.body.length : newlineAt + 1;
  }

  private failBody(start: number): never {
    this.fail(this.failure.code, `line ${this.rejections.lineAt(start)}: ${this.reason()}`);
  }

  private fail(code: ErrorCode, message: string): never {
    this.cache?.rollback();
    throw new ExpositionError(code, message, this.samplesScraped, this.samplesKept);
  }

  private reason(): string {
    return `got ${this.shown(this.failure.at)}, wanted ${this.failure.wanted}`;
  }

  private shown(at: number): string {
    return shownFrom(this.body, at);
  }

  private failCache(at: number): number {
    const wanted = `series that take at most ${this.cache!.bytesMax} bytes together`;
    failScan(this.ownFailure, at, wanted, 'body_too_large');
    return this.failAs(this.ownFailure);
  }

  /** The series is read and refused for its labels, by which time Prometheus has counted its sample. */
  private failKey(): number {
    this.samplesScraped++;
    return this.failAs(this.keyBuilder.failure);
  }

  private failOwn(at: number, wanted: string): number {
    failScan(this.ownFailure, at, wanted);
    return this.failAs(this.ownFailure);
  }

  private failAs(failure: ScanFailure): number {
    this.failure = failure;
    return failed;
  }

  private skipBlanks(at: number): number {
    const { body } = this;
    while (at < body.length && (body[at] === space || body[at] === tab)) at++;
    return at;
  }
}
