/** Lines that begin with #: what is known of a metric family, or a comment. */
import { isUtf8 } from 'node:buffer';
import type { MetricMetadata, MetricType } from '../../model/sample-batch.js';
import type { ExpositionFormat } from './content-type.js';
import { unescapedText } from './escaped-text.js';
import { failScan, type ScanFailure } from './scan-failure.js';
import { metricNameEnd, startsMetricName } from './series-scanner.js';

export interface MetadataLine {
  readonly kind: 'HELP' | 'TYPE' | 'UNIT';
  readonly metric: string;
  /** The type that the line tells, undefined where it tells something else. */
  readonly type: MetricType | undefined;
  readonly text: string;
}

const tab = 0x09;
const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;

const typesByFormat: Readonly<Record<ExpositionFormat, ReadonlyMap<string, MetricType>>> = {
  text: new Map([
    ['counter', 'counter'],
    ['gauge', 'gauge'],
    ['histogram', 'histogram'],
    ['summary', 'summary'],
    ['untyped', 'unknown'],
  ]),
  openmetrics: new Map([
    ['counter', 'counter'],
    ['gauge', 'gauge'],
    ['histogram', 'histogram'],
    ['gaugehistogram', 'gaugehistogram'],
    ['summary', 'summary'],
    ['info', 'info'],
    ['stateset', 'stateset'],
    ['unknown', 'unknown'],
  ]),
};

const kindsByFormat: Readonly<Record<ExpositionFormat, readonly MetadataLine['kind'][]>> = {
  text: ['HELP', 'TYPE'],
  openmetrics: ['HELP', 'TYPE', 'UNIT'],
};

/**
 * Reads the line bytes[start, end), which begins with # and is given without its line break. In the text format anything that is no
 * metadata is a comment; OpenMetrics has no comments. `refused` where the failure tells what is wrong.
 */
export function parseMetadataLine(
  bytes: Buffer,
  start: number,
  end: number,
  format: ExpositionFormat,
  failure: ScanFailure,
): MetadataLine | 'comment' | 'refused' {
  const isText = format === 'text';
  let at = isText ? skipBlanks(bytes, start + 1, end) : start + 2;
  const kind = wordAt(bytes, at, end, format);
  const isSpaced = isText || bytes[start + 1] === space;
  if (kind === undefined || !isSpaced || (isText && at === start + 1)) {
    if (isText) return 'comment';
    return refuse(failure, start, '# HELP, # TYPE, # UNIT or # EOF');
  }
  at += kind.length + 1;
  if (isText) at = skipBlanks(bytes, at, end);
  const nameEnd = familyNameEnd(bytes, at, end);
  if (nameEnd <= at) return refuse(failure, at, `a metric name behind ${kind}`);
  const textAt = nameEnd < end ? nameEnd + 1 : end;
  if (!isText && bytes[nameEnd] !== space) return refuse(failure, nameEnd, `a space and text behind # ${kind}`);
  if (isText && nameEnd < end && !isBlank(bytes[nameEnd])) return refuse(failure, nameEnd, 'a blank behind the name');
  if (!isUtf8(bytes.subarray(at, end))) {
    failScan(failure, at, 'UTF-8', 'invalid_utf8');
    return 'refused';
  }
  const metric = nameOf(bytes, at, nameEnd);
  const text = kind === 'HELP' ? unescapedText(bytes, textAt, end, !isText) : bytes.toString('utf8', textAt, end);
  return checked({ kind, metric, type: undefined, text }, format, failure, textAt);
}

function checked(
  line: MetadataLine,
  format: ExpositionFormat,
  failure: ScanFailure,
  textAt: number,
): MetadataLine | 'refused' {
  const { kind, metric, text } = line;
  if (kind === 'TYPE') {
    const types = typesByFormat[format];
    const type = types.get(text);
    return type === undefined ? refuse(failure, textAt, `a type: ${[...types.keys()].join(', ')}`) : { ...line, type };
  }
  if (kind === 'UNIT' && text !== '' && !metric.endsWith(`_${text}`))
    return refuse(failure, textAt, `a unit that ends the name ${metric}`);
  return line;
}

/** Folds lines in their order into what is known of each metric. */
export function foldMetadata(lines: Iterable<MetadataLine>): MetricMetadata[] {
  const families = new Map<string, { -readonly [field in keyof MetricMetadata]: MetricMetadata[field] }>();
  for (const { kind, metric, type, text } of lines) {
    let family = families.get(metric);
    if (family === undefined) {
      family = { metric, type: 'unknown', help: '', unit: '' };
      families.set(metric, family);
    }
    if (type !== undefined) family.type = type;
    else if (kind === 'HELP') family.help = text;
    else family.unit = text;
  }
  return [...families.values()];
}

function wordAt(bytes: Buffer, at: number, end: number, format: ExpositionFormat): MetadataLine['kind'] | undefined {
  return kindsByFormat[format].find(
    (kind) =>
      at + kind.length < end &&
      bytes.toString('latin1', at, at + kind.length) === kind &&
      (format === 'text' ? isBlank(bytes[at + kind.length]) : bytes[at + kind.length] === space),
  );
}

/** Position behind the family's name, with its quotes where it has some; `at` where there is none. */
function familyNameEnd(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] !== quote) return startsMetricName(bytes[at]) ? metricNameEnd(bytes, at, end) : at;
  for (let i = at + 1; i < end; i++) {
    if (bytes[i] === backslash) i++;
    else if (bytes[i] === quote) return i + 1;
  }
  return at;
}

const nameOf = (bytes: Buffer, start: number, end: number): string =>
  bytes[start] === quote ? unescapedText(bytes, start + 1, end - 1, true) : bytes.toString('latin1', start, end);

const isBlank = (byte: number | undefined): boolean => byte === space || byte === tab;

function skipBlanks(bytes: Buffer, at: number, end: number): number {
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

function refuse(failure: ScanFailure, at: number, wanted: string): 'refused' {
  failScan(failure, at, wanted);
  return 'refused';
}
