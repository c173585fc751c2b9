/**
 * Bodies in the Influx line protocol, as versions 1, 2 and 3 of the write API take it, decoded to a batch of samples. Each numeric field
 * becomes a sample of the metric `<measurement>_<field>`; a boolean is 1 or 0. A field called `value` is no exception, as it is none for
 * VictoriaMetrics and for Telegraf's Prometheus format: its metric would else depend on what other fields its measurement has. An
 * integer above 2^53 becomes the nearest double.
 *
 * Text is nothing that a series of numbers can hold: such fields are counted and left out, and the other fields of their line are stored.
 */

import { BarographError } from '../../base/errors.js';
import { createLabelWriter } from '../../model/label-writer.js';
import { labelEndByte, metricNameLabel } from '../../model/labels.js';
import type { DecodedMetrics } from '../../model/sample-batch.js';
import { rejectionsMax } from '../../model/sample-batch.js';
import { SampleColumns } from '../../model/sample-columns.js';
import { appendBytes, createByteArena, reserveBytes } from '../text/byte-arena.js';
import { createLineRejections, shownFrom } from '../text/line-rejections.js';
import { type NameForm, underscoreName, unescapeName } from './names.js';
import { failed, PointScanner } from './point-scanner.js';
import type { Precision } from './precision.js';

export interface LineProtocolOptions {
  /** Time of the points that come without one, epoch milliseconds. */
  readonly nowMs: number;
  readonly precision: Precision;
  /** The database that the request names, which becomes the label `db` of points without such a tag, as in VictoriaMetrics. */
  readonly database?: string;
  /** `underscored` where absent. */
  readonly nameForm?: NameForm;
  /** Most bytes that the labels of all samples may take, since each field of a point repeats those of its tags. */
  readonly keyBytesMax?: number;
}

export interface DecodedLineProtocol extends DecodedMetrics {
  /** Fields that hold text, which were left out. */
  readonly stringFields: number;
  /** Numbers of the first lines that hold some, at most `rejectionsMax`. */
  readonly stringFieldLines: readonly number[];
}

/** A guess: ten times what a body of 10 MB makes of points with 20 fields. */
const defaultKeyBytesMax = 256 * 1024 * 1024;

/** Small, because many a body holds a handful of points. */
const firstKeyBytes = 1024;

const newline = 0x0a;
const tab = 0x09;
const carriageReturn = 0x0d;
const space = 0x20;
const hash = 0x23;
const underscore = 0x5f;

const encoder = new TextEncoder();
const nameLabel = encoder.encode(metricNameLabel);
const databaseLabel = encoder.encode('db');

/**
 * Decodes a body. A line that is not of the protocol is a rejection with `invalid_line_protocol`, `missing_field` (no field),
 * `empty_field`, `invalid_utf8`, `out_of_range`, or `duplicate_key` where two tags have one name, and none of its fields is
 * stored. Throws `body_too_large` where the labels of all samples would take more than `keyBytesMax`.
 */
export const decodeLineProtocol = (body: Uint8Array, options: LineProtocolOptions): DecodedLineProtocol =>
  new LineProtocolDecoder(body, options).decode();

class LineProtocolDecoder {
  private readonly body: Buffer;
  private readonly scanner: PointScanner;
  private readonly rejections;
  private readonly writer = createLabelWriter();
  private readonly columns = new SampleColumns();
  private readonly keys = createByteArena(firstKeyBytes);
  private readonly isUnderscored: boolean;
  private readonly database: Uint8Array;
  private name = new Uint8Array(256);
  private value = new Uint8Array(256);
  private stringFields = 0;
  private readonly stringFieldLines: number[] = [];

  constructor(
    body: Uint8Array,
    private readonly options: LineProtocolOptions,
  ) {
    this.body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.scanner = new PointScanner(this.body, options.precision);
    this.rejections = createLineRejections(this.body);
    this.isUnderscored = options.nameForm !== 'utf8';
    this.database = encoder.encode(options.database ?? '');
  }

  decode(): DecodedLineProtocol {
    const { body, scanner, columns, stringFieldLines } = this;
    for (let at = this.skipEmpty(0); at < body.length; at = this.skipEmpty(at)) {
      const next = scanner.scan(at);
      if (next !== failed && this.storePoint(at)) at = next;
      else at = this.rejectPoint(at, next !== failed);
    }
    const { rejected, rejectedByCode, rejections } = this.rejections.tally;
    return {
      batch: columns.batch('canonical', this.keys.bytes),
      metadata: [],
      exemplars: [],
      rejected,
      rejectedByCode,
      rejections,
      stringFields: this.stringFields,
      stringFieldLines,
    };
  }

  /** Position of the next byte of a point: behind blanks, empty lines and comments. */
  private skipEmpty(at: number): number {
    const { body } = this;
    for (; at < body.length; at++) {
      const byte = body[at];
      if (byte === hash) {
        const newlineAt = body.indexOf(newline, at);
        if (newlineAt < 0) return body.length;
        at = newlineAt;
      } else if (byte !== space && byte !== newline && byte !== tab && byte !== carriageReturn) return at;
    }
    return body.length;
  }

  private rejectPoint(start: number, isRepeated: boolean): number {
    const { body, scanner } = this;
    if (isRepeated) {
      const reason = (): string => `got ${shownFrom(body, start)}, wanted tags whose names differ as labels`;
      this.rejections.reject(start, 'duplicate_key', reason);
    } else {
      const reason = (): string => `got ${shownFrom(body, scanner.failedAt)}, wanted ${scanner.wanted}`;
      this.rejections.reject(start, scanner.code, reason);
    }
    return scanner.endOfBadPoint(start);
  }

  /** Stores the point that was scanned; false where two of its tags have one name. */
  private storePoint(start: number): boolean {
    const { fields, values, timeMs = this.options.nowMs } = this.scanner;
    const labels = this.tagLabels();
    if (this.writer.hasRepeats) return false;
    const split = placeOfName(labels);
    if (split === failed) return false;
    values.forEach((value, field) => {
      const keyStart = this.appendKey(labels, split, fields[2 * field]!, fields[2 * field + 1]!);
      this.columns.add(timeMs, value);
      this.columns.endRun(keyStart, this.keys.end);
    });
    if (this.scanner.stringFields > 0) {
      this.stringFields += this.scanner.stringFields;
      if (this.stringFieldLines.length < rejectionsMax) this.stringFieldLines.push(this.rejections.lineAt(start));
    }
    return true;
  }

  /** Canonical bytes of the tags, and of the database where no tag names it. */
  private tagLabels(): Uint8Array {
    const { writer, body, database } = this;
    const { tags } = this.scanner;
    let hasDatabase = database.length === 0;
    writer.clear();
    for (let tag = 0; tag < tags.length; tag += 4) {
      const nameEnd = this.writeName(tags[tag]!, tags[tag + 1]!);
      const valueStart = tags[tag + 2]!;
      const valueBytes = tags[tag + 3]! - valueStart;
      if (this.value.length < valueBytes) this.value = new Uint8Array(2 * valueBytes);
      const valueEnd = unescapeName(this.value, 0, body, valueStart, valueStart + valueBytes);
      writer.add(this.name, 0, nameEnd, this.value, 0, valueEnd);
      hasDatabase ||= nameEnd === 2 && this.name[0] === databaseLabel[0] && this.name[1] === databaseLabel[1];
    }
    if (!hasDatabase) writer.add(databaseLabel, 0, databaseLabel.length, database, 0, database.length);
    return writer.finish();
  }

  /** Writes a tag's key as a label's name to `name`; gives its length. */
  private writeName(start: number, end: number): number {
    if (this.name.length <= end - start) this.name = new Uint8Array(2 * (end - start));
    const length = unescapeName(this.name, 0, this.body, start, end);
    return this.isUnderscored ? underscoreName(this.name, 0, length, false) : length;
  }

  /** Appends the key of a field: the labels, with the metric's name where their order puts it. Gives where it begins. */
  private appendKey(labels: Uint8Array, split: number, fieldStart: number, fieldEnd: number): number {
    const { keys, body } = this;
    const { measurementStart, measurementEnd } = this.scanner;
    const { keyBytesMax = defaultKeyBytesMax } = this.options;
    if (keys.end + labels.length > keyBytesMax)
      throw new BarographError('body_too_large', `the labels of the samples take more than ${keyBytesMax} bytes`, {
        hint: 'Send fewer points, or fewer fields with long tags, in a body.',
      });
    const keyStart = appendBytes(keys, labels, 0, split);
    appendBytes(keys, nameLabel, 0, nameLabel.length);
    // Room for the end bytes of name and value, the underscore between, and one before a digit.
    reserveBytes(keys, measurementEnd - measurementStart + fieldEnd - fieldStart + 4);
    const { bytes } = keys;
    bytes[keys.end++] = labelEndByte;
    let end = unescapeName(bytes, keys.end, body, measurementStart, measurementEnd);
    bytes[end++] = underscore;
    end = unescapeName(bytes, end, body, fieldStart, fieldEnd);
    if (this.isUnderscored) end = underscoreName(bytes, keys.end, end, true);
    bytes[end++] = labelEndByte;
    keys.end = end;
    appendBytes(keys, labels, split, labels.length);
    return keyStart;
  }
}

/** Where `__name__` belongs among canonical labels; `failed` where they have one. */
function placeOfName(labels: Uint8Array): number {
  for (let start = 0; start < labels.length; ) {
    const nameEnd = labels.indexOf(labelEndByte, start);
    const order = Buffer.compare(labels.subarray(start, nameEnd), nameLabel);
    if (order === 0) return failed;
    if (order > 0) return start;
    start = labels.indexOf(labelEndByte, nameEnd + 1) + 1;
  }
  return labels.length;
}
