/**
 * Reads one line: an object of `metric`, `values` and `timestamps`, in any order. No object and no string is made of it. In place of `values` there may
 * be `histograms`, which are fewer, and parsed as JSON.
 */
import type { ErrorCode } from '../../base/errors.js';
import { checkCanonical, emptyNameProblem, type LabelProblem, tooManyLabelsProblem } from '../../model/label-check.js';
import { createLabelWriter } from '../../model/label-writer.js';
import { labelLimits } from '../../model/labels.js';
import type { NativeHistogram } from '../../model/native-histogram.js';
import { staleMarkerHigh, staleMarkerLow } from '../../model/sample-batch.js';
import { timeMsMax } from '../../model/time.js';
import { failWithin, readFinite, readText, refuseAt, wrongType } from '../json/field-reader.js';
import { byte, isDigit } from '../json/json-bytes.js';
import type { JsonText } from '../json/json-cursor.js';
import { JsonCursor } from '../json/json-cursor.js';
import { skipValue } from '../json/json-value.js';
import { DoubleList } from './double-list.js';
import { parseJsonHistogram } from './parse-json-histogram.js';
import { specialValue } from './special-values.js';

const { closeBrace, closeBracket, colon, comma, minus, openBrace, openBracket, quote } = byte;

const fields = ['metric', 'values', 'timestamps', 'histograms'] as const;
const fieldBytes = fields.map((field) => Buffer.from(field));
const metricField = 0;
const valuesField = 1;
const histogramsField = 3;
const allOfSamples = 0b0111;
const allOfHistograms = 0b1101;

/** Number of the field whose name is bytes[start, end), -1 where there is none. */
function fieldOf(bytes: Uint8Array, start: number, end: number): number {
  for (let field = 0; field < fieldBytes.length; field++) {
    const name = fieldBytes[field]!;
    let i = 0;
    while (i < name.length && bytes[start + i] === name[i]) i++;
    if (i === name.length && end - start === i) return field;
  }
  return -1;
}

const inMetric = (): string => 'metric';

/** Most characters of a name that a message shows. A guess at what helps and does not flood. */
const shownCharsMax = 60;

/** Longest spelling of a value that is no number, with its sign. */
const wordBytesMax = 9;
const valueWanted = 'a number, null, "NaN" or "Infinity"';

export class LineReader {
  readonly cursor = new JsonCursor('end');
  readonly values = new DoubleList();
  readonly timesMs = new DoubleList();
  /** Those of a line of histograms, as many as times; else none. */
  histograms: NativeHistogram[] = [];
  /** Canonical label bytes of the line read, valid until the next. */
  labels: Uint8Array = new Uint8Array(0);
  private readonly writer = createLabelWriter();
  /** A bit for each field that was met. */
  private seen = 0;

  /** Reads the line text[start, end); false, with the cursor's `failure` set, where it is not what it should be. The byte at `end` is a newline. */
  read(text: JsonText, start: number, end: number, checksUtf8: boolean): boolean {
    const { cursor } = this;
    cursor.reset(text, start, end, checksUtf8);
    this.values.clear();
    this.timesMs.clear();
    this.histograms = [];
    this.writer.clear();
    this.seen = 0;
    cursor.skipSpace();
    if (!this.readObject()) return false;
    cursor.skipSpace();
    return cursor.position === end ? this.check() : cursor.unexpected(cursor.position, 'the end of the line');
  }

  /** Reads the members of the object at the cursor, whose names are those of fields. */
  private readObject(): boolean {
    const { cursor } = this;
    if (cursor.bytes[cursor.position] !== openBrace) return wrongType(cursor, 'an object');
    cursor.position++;
    if (cursor.skipSpace() === closeBrace) return this.pass();
    for (;;) {
      if (!this.readMember()) return false;
      const code = cursor.skipSpace();
      if (code === closeBrace) return this.pass();
      if (code !== comma) return cursor.unexpected(cursor.position, 'a comma or }');
      cursor.position++;
      cursor.skipSpace();
    }
  }

  /** Steps over one byte. */
  private pass(): true {
    this.cursor.position++;
    return true;
  }

  private readMember(): boolean {
    const { cursor } = this;
    if (!cursor.readString('the name of a field')) return false;
    const field = fieldOf(cursor.text, cursor.textStart, cursor.textEnd);
    if (field < 0) return this.unknownField();
    if ((this.seen & (1 << field)) !== 0) return this.refuseField('duplicate_key', 'is given twice', field);
    this.seen |= 1 << field;
    if (!this.passColon()) return false;
    if (field === metricField) return this.readLabels() || failWithin(cursor, inMetric);
    if (field === valuesField) return this.readList(this.readValue) || this.failInList('values', this.values.length);
    if (field === histogramsField)
      return this.readList(this.readHistogram) || this.failInList('histograms', this.histograms.length);
    return this.readList(this.readTime) || this.failInList('timestamps', this.timesMs.length);
  }

  private unknownField(): false {
    const { cursor } = this;
    const name = Buffer.from(cursor.text.slice(cursor.textStart, cursor.textEnd)).toString();
    const shown = JSON.stringify(name.slice(0, shownCharsMax));
    return cursor.fail('unknown_field', () => `got the field ${shown}, wanted ${fields.join(', ')}`);
  }

  private refuseField(code: ErrorCode, why: string, field: number): false {
    return this.cursor.fail(code, () => `${fields[field]} ${why}`);
  }

  private failInList(field: string, count: number): false {
    return failWithin(this.cursor, () => `${field}: number ${count + 1}`);
  }

  private passColon(): boolean {
    const { cursor } = this;
    if (cursor.skipSpace() !== colon) return cursor.unexpected(cursor.position, 'a colon');
    cursor.position++;
    cursor.skipSpace();
    return true;
  }

  private readLabels(): boolean {
    const { cursor, writer } = this;
    if (cursor.bytes[cursor.position] !== openBrace) return wrongType(cursor, 'an object of texts by name');
    cursor.position++;
    if (cursor.skipSpace() === closeBrace) return this.pass();
    for (;;) {
      if (!this.readLabel()) return false;
      if (writer.count > labelLimits.labelsMax) return this.refuse(tooManyLabelsProblem);
      const code = cursor.skipSpace();
      if (code === closeBrace) return this.pass();
      if (code !== comma) return cursor.unexpected(cursor.position, 'a comma or }');
      cursor.position++;
      cursor.skipSpace();
    }
  }

  private readLabel(): boolean {
    const { cursor, writer } = this;
    const { labelBytesMax } = labelLimits;
    if (cursor.bytes[cursor.position] !== quote) return cursor.unexpected(cursor.position, 'the name of a label');
    if (!readText(cursor, labelBytesMax)) return false;
    let names: Uint8Array = cursor.bytes;
    let { textStart: start, textEnd: end } = cursor;
    if (start === end) return this.refuse(emptyNameProblem);
    if (cursor.text !== cursor.bytes) {
      // The cursor has room for one text with escapes only, and the value may be one too.
      names = cursor.text.slice(start, end);
      end -= start;
      start = 0;
    }
    if (!this.passColon()) return false;
    if (!readText(cursor, labelBytesMax)) return this.failInLabel(names, start, end);
    writer.add(names, start, end, cursor.text, cursor.textStart, cursor.textEnd);
    return true;
  }

  private failInLabel(names: Uint8Array, start: number, end: number): false {
    const name = Buffer.from(names.slice(start, end)).toString();
    return failWithin(this.cursor, () => JSON.stringify(name.slice(0, shownCharsMax)));
  }

  private readList(readItem: () => boolean): boolean {
    const { cursor } = this;
    if (cursor.bytes[cursor.position] !== openBracket) return wrongType(cursor, 'an array');
    cursor.position++;
    if (cursor.skipSpace() === closeBracket) return this.pass();
    for (;;) {
      if (!readItem()) return false;
      const code = cursor.skipSpace();
      if (code === closeBracket) return this.pass();
      if (code !== comma) return cursor.unexpected(cursor.position, 'a comma or ]');
      cursor.position++;
      cursor.skipSpace();
    }
  }

  // Arrow functions, since they are handed to `readList`.
  private readonly readValue = (): boolean => {
    const { cursor, values } = this;
    const code = cursor.bytes[cursor.position]!;
    if (!isDigit(code) && (code !== minus || !isDigit(cursor.bytes[cursor.position + 1]!))) return this.readSpecial();
    if (!readFinite(cursor)) return false;
    values.add(cursor.number);
    return true;
  };

  private readonly readTime = (): boolean => {
    const { cursor, timesMs } = this;
    const start = cursor.position;
    if (!readFinite(cursor, 'whole milliseconds')) return false;
    const timeMs = cursor.number;
    if (!Number.isInteger(timeMs)) return refuseAt(cursor, start, 'wrong_type', 'whole milliseconds');
    if (timeMs < 0 || timeMs > timeMsMax)
      return refuseAt(cursor, start, 'outside_time_window', '1970 to 2299 in milliseconds');
    timesMs.add(timeMs);
    return true;
  };

  private readonly readHistogram = (): boolean => {
    const { cursor, histograms } = this;
    const start = cursor.position;
    if (!skipValue(cursor)) return false;
    const histogram = parseJsonHistogram(JSON.parse(cursor.bytes.toString('utf8', start, cursor.position)));
    if (typeof histogram === 'string') return cursor.fail('invalid_histogram', () => histogram);
    histograms.push(histogram);
    return true;
  };

  /** Reads a value that is no number, as a text or bare. */
  private readSpecial(): boolean {
    const { cursor, values } = this;
    const start = cursor.position;
    const isText = cursor.bytes[start] === quote;
    if (isText && !cursor.readString()) return false;
    const end = isText ? cursor.position - 1 : this.wordEnd(start);
    const value = specialValue(
      cursor.bytes.toString('latin1', isText ? start + 1 : start, Math.min(end, start + 1 + wordBytesMax)),
    );
    if (value === undefined) {
      cursor.position = start;
      return wrongType(cursor, valueWanted);
    }
    if (!isText) cursor.position = end;
    if (value === 'stale') values.addBits(staleMarkerLow, staleMarkerHigh);
    else values.add(value);
    return true;
  }

  /** Where the letters end that stand at `at`, behind a sign. */
  private wordEnd(at: number): number {
    const { bytes } = this.cursor;
    if (bytes[at] === minus || bytes[at] === byte.plus) at++;
    const first = at;
    while (at - first <= wordBytesMax && isLetter(bytes[at]!)) at++;
    return at;
  }

  /** What only the line as a whole tells. */
  private check(): boolean {
    const { values, timesMs, histograms, writer, seen } = this;
    const all = (seen & (1 << histogramsField)) === 0 ? allOfSamples : allOfHistograms;
    if ((seen & all) !== all) {
      const missing = fields.findIndex((_, field) => (all & ~seen & (1 << field)) !== 0);
      return this.refuseField('missing_field', 'is required', missing);
    }
    if (seen !== all)
      return this.refuseField('wrong_type', 'and histograms are given, wanted one of them', valuesField);
    const [what, count, field] =
      all === allOfSamples
        ? (['values', values.length, valuesField] as const)
        : (['histograms', histograms.length, histogramsField] as const);
    if (count !== timesMs.length) return this.refuseCounts(what, count, timesMs.length);
    if (count === 0) return this.refuseField('empty_field', 'holds nothing', field);
    this.labels = writer.finish();
    const problem = checkCanonical(this.labels, 0, this.labels.length);
    return problem === undefined || this.refuse({ ...problem, message: `metric: ${problem.message}` });
  }

  private refuseCounts(what: string, count: number, times: number): false {
    return this.cursor.fail('wrong_type', () => `got ${count} ${what} and ${times} timestamps, wanted as many`);
  }

  private refuse({ code, message }: LabelProblem): false {
    return this.cursor.fail(code, () => message);
  }
}

const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
