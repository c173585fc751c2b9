/** Canonical label bytes of the series that a scanner has found, with the labelling of its sender applied. */
import { createLabelWriter } from '../../model/label-writer.js';
import { decodeLabels, encodeLabels, labelEndByte, metricNameLabel } from '../../model/labels.js';
import type { MetricType } from '../../model/sample-batch.js';
import { unescapedText, unescapeInto } from './escaped-text.js';
import { type LabelBounds, type LabelConflict, type Labelling, renamedLabels } from './labelling.js';
import { openMetricsFloat } from './open-metrics-float.js';
import { parseSampleValue } from './sample-value.js';
import { createScanFailure, failScan, type ScanFailure } from './scan-failure.js';
import { nameEscaped, placesPerLabel, type SeriesScanner, valueEscaped } from './series-scanner.js';

interface ExtraLabel {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
  /** Whether the series at hand brought a label of this name. */
  isTaken: boolean;
}

const encoder = new TextEncoder();
const metricName = encoder.encode(metricNameLabel);
const le = encoder.encode('le');
const quantile = encoder.encode('quantile');

/** A guess: bounds of all buckets of some hundred histograms. */
const numberTextsMax = 1024;

const nothing = new Uint8Array(0);

export class SeriesKeyBuilder {
  readonly failure = createScanFailure();
  private readonly writer = createLabelWriter();
  private readonly labelling: Labelling;
  private readonly onConflict: LabelConflict;
  private readonly extras: readonly ExtraLabel[];
  private readonly numberTexts = new Map<string, Uint8Array>();
  private name = nothing;
  private value = nothing;

  constructor(labelling: Labelling = {}) {
    this.labelling = labelling;
    this.onConflict = labelling.onConflict ?? 'keep';
    this.extras = (labelling.extraLabels ?? []).map(([name, value]) => ({
      name: encoder.encode(name),
      value: encoder.encode(value),
      isTaken: false,
    }));
  }

  /**
   * The canonical bytes, valid until the next call; `dropped` where relabelling drops the series, `refused` where the
   * failure tells why it cannot be stored. `type` is that of the metric's family, as far as the body has told it.
   */
  build(scanner: SeriesScanner, bytes: Buffer, type: MetricType): Uint8Array | 'dropped' | 'refused' {
    this.writer.clear();
    this.addName(scanner, bytes);
    const numberName = type === 'histogram' ? le : type === 'summary' ? quantile : undefined;
    for (let label = 0; label < scanner.labelCount; label++) this.addLabel(scanner, label, bytes, numberName);
    const mustRename = this.addExtras();
    let key = this.writer.finish();
    if (this.writer.hasRepeats) return refuse(this.failure, scanner.nameStart, 'each label once', 'duplicate_key');
    const { extraLabels = [], relabel, bounds } = this.labelling;
    if (mustRename) key = encodeLabels(renamedLabels(decodeLabels(key), extraLabels));
    if (relabel !== undefined) {
      const labels = relabel(decodeLabels(key));
      if (labels === undefined || labels.length === 0) return 'dropped';
      key = encodeLabels(labels);
      if (!labels.some(([label]) => label === metricNameLabel))
        return refuse(this.failure, scanner.nameStart, 'a series that has a name after relabelling', 'missing_field');
    }
    return bounds === undefined || isWithin(key, bounds, this.failure, scanner.nameStart) ? key : 'refused';
  }

  /** Canonical bytes of an exemplar's labels, a copy; undefined where the failure tells why not. */
  buildExemplarLabels(scanner: SeriesScanner, bytes: Buffer): Uint8Array | undefined {
    this.writer.clear();
    for (let label = 0; label < scanner.labelCount; label++)
      this.addValue(scanner, label, bytes, ...unescapedName(scanner, label, bytes), false);
    const labels = this.writer.finish().slice();
    if (!this.writer.hasRepeats) return labels;
    failScan(this.failure, scanner.places[0] ?? 0, 'each label once', 'duplicate_key');
    return undefined;
  }

  /** Adds the label at bytes[nameStart, nameEnd) and bytes[valueStart, valueEnd) as the body has it. */
  private addLabel(scanner: SeriesScanner, label: number, bytes: Buffer, numberName: Uint8Array | undefined): void {
    const { places, escapes } = scanner;
    const place = placesPerLabel * label;
    let nameStart = places[place]!;
    let nameEnd = places[place + 1]!;
    let names: Uint8Array = bytes;
    if ((escapes[label]! & nameEscaped) !== 0) {
      if (this.name.length < nameEnd - nameStart) this.name = new Uint8Array(2 * (nameEnd - nameStart));
      nameEnd = unescapeInto(this.name, bytes, nameStart, nameEnd, true);
      nameStart = 0;
      names = this.name;
    }
    const isNumber = numberName !== undefined && isSame(numberName, names, nameStart, nameEnd);
    const extra = this.extras.length === 0 ? undefined : this.extraOf(names, nameStart, nameEnd);
    if (extra !== undefined) {
      if (this.onConflict === 'override') return;
      if (this.onConflict === 'keep' || places[place + 2] !== places[place + 3]) extra.isTaken = true;
    }
    this.addValue(scanner, label, bytes, names, nameStart, nameEnd, isNumber);
  }

  private addValue(
    { places, escapes }: SeriesScanner,
    label: number,
    bytes: Buffer,
    names: Uint8Array,
    nameStart: number,
    nameEnd: number,
    isNumber: boolean,
  ): void {
    const start = places[placesPerLabel * label + 2]!;
    const end = places[placesPerLabel * label + 3]!;
    if (isNumber) {
      const canonical = this.numberText(bytes, start, end);
      this.writer.add(names, nameStart, nameEnd, canonical, 0, canonical.length);
      return;
    }
    if ((escapes[label]! & valueEscaped) === 0) {
      this.writer.add(names, nameStart, nameEnd, bytes, start, end);
      return;
    }
    const length = this.unescapeValue(bytes, start, end);
    this.writer.add(names, nameStart, nameEnd, this.value, 0, length);
  }

  private addName(scanner: SeriesScanner, bytes: Buffer): void {
    const { nameStart, nameEnd } = scanner;
    if (!scanner.nameHasEscapes) {
      this.writer.add(metricName, 0, metricName.length, bytes, nameStart, nameEnd);
      return;
    }
    const length = this.unescapeValue(bytes, nameStart, nameEnd);
    this.writer.add(metricName, 0, metricName.length, this.value, 0, length);
  }

  private unescapeValue(bytes: Buffer, start: number, end: number): number {
    if (this.value.length < end - start) this.value = new Uint8Array(2 * (end - start));
    return unescapeInto(this.value, bytes, start, end, true);
  }

  /** The canonical text of a number, of anything else its own. A body has few of them and many times each. */
  private numberText(bytes: Buffer, start: number, end: number): Uint8Array {
    const text = bytes.toString('utf8', start, end);
    let canonical = this.numberTexts.get(text);
    if (canonical === undefined) {
      const number = new Float64Array(1);
      const isNumber = parseSampleValue(bytes, start, end, number, 0) === end;
      canonical = encoder.encode(isNumber ? openMetricsFloat(number[0]!) : unescapedText(bytes, start, end, true));
      if (this.numberTexts.size < numberTextsMax) this.numberTexts.set(text, canonical);
    }
    return canonical;
  }

  private extraOf(names: Uint8Array, start: number, end: number): ExtraLabel | undefined {
    for (const extra of this.extras) if (isSame(extra.name, names, start, end)) return extra;
    return undefined;
  }

  /** Adds the extra labels, unless a label of the body has to give way to one: then the labels so far stay the body's alone. */
  private addExtras(): boolean {
    const mustRename = this.onConflict === 'rename' && this.extras.some(({ isTaken }) => isTaken);
    for (const extra of this.extras) {
      if (!extra.isTaken && !mustRename)
        this.writer.add(extra.name, 0, extra.name.length, extra.value, 0, extra.value.length);
      extra.isTaken = false;
    }
    return mustRename;
  }
}

function unescapedName({ places, escapes }: SeriesScanner, label: number, bytes: Buffer): [Uint8Array, number, number] {
  const start = places[placesPerLabel * label]!;
  const end = places[placesPerLabel * label + 1]!;
  if ((escapes[label]! & nameEscaped) === 0) return [bytes, start, end];
  const name = new Uint8Array(end - start);
  return [name, 0, unescapeInto(name, bytes, start, end, true)];
}

function refuse(failure: ScanFailure, at: number, wanted: string, code: ScanFailure['code']): 'refused' {
  failScan(failure, at, wanted, code);
  return 'refused';
}

function isSame(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}

function isWithin(key: Uint8Array, bounds: LabelBounds, failure: ScanFailure, at: number): boolean {
  const { labelsMax = Infinity, nameBytesMax = Infinity, valueBytesMax = Infinity } = bounds;
  let labels = 0;
  for (let start = 0; start < key.length; labels++) {
    const nameEnd = key.indexOf(labelEndByte, start);
    const valueEnd = key.indexOf(labelEndByte, nameEnd + 1);
    if (nameEnd - start > nameBytesMax)
      failScan(failure, at, `label names of at most ${nameBytesMax} bytes (label_name_length_limit)`, 'too_long');
    else if (valueEnd - nameEnd - 1 > valueBytesMax)
      failScan(failure, at, `label values of at most ${valueBytesMax} bytes (label_value_length_limit)`, 'too_long');
    else {
      start = valueEnd + 1;
      continue;
    }
    return false;
  }
  if (labels <= labelsMax) return true;
  failScan(failure, at, `at most ${labelsMax} labels (label_limit), its name included`, 'too_many_values');
  return false;
}
