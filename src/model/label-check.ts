/**
 * What the labels of a series may say. Decoders do not look: it is checked once, when a series is met for the first time.
 * Names and values may be any UTF-8, as in Prometheus 3.
 */
import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '../base/errors.js';
import { labelEndByte, labelLimits, metricNameLabel } from './labels.js';

/** Why labels are not those of a series. */
export interface LabelProblem {
  readonly code: ErrorCode;
  /** What was got and what was wanted. */
  readonly message: string;
}

const { labelsMax, labelBytesMax } = labelLimits;
const nameBytes = Buffer.from(metricNameLabel);

/** What is wrong with the text bytes[start, end) as a label's name or value, if anything is. */
export function textProblem(bytes: Uint8Array, start: number, end: number): LabelProblem | undefined {
  let bits = 0;
  for (let i = start; i < end; i++) bits |= bytes[i]!;
  return bits < 0x80 && end - start <= labelBytesMax ? undefined : rareTextProblem(bytes, start, end);
}

/** The same for a text that is too long, or not ASCII. */
function rareTextProblem(bytes: Uint8Array, start: number, end: number): LabelProblem | undefined {
  if (end - start > labelBytesMax) {
    const message = `got a label text of ${end - start} bytes, wanted at most ${labelBytesMax}`;
    return { code: 'too_long', message };
  }
  if (isUtf8(bytes.subarray(start, end))) return undefined;
  const message = `got the label text ${shownText(bytes, start, end)}, whose bytes are not UTF-8`;
  return { code: 'invalid_utf8', message };
}

export const emptyNameProblem: LabelProblem = { code: 'empty_field', message: 'got an empty label name' };

export const tooManyLabelsProblem: LabelProblem = {
  code: 'too_many_values',
  message: `got more than ${labelsMax} labels, the limit`,
};

/**
 * What is wrong with the canonical label bytes keys[start, end), if anything is: texts that are no UTF-8 or too long, too many labels,
 * a name that is empty or comes twice, and, where `needsName`, no metric's name. Bytes whose very form is not canonical are told as
 * `invalid_utf8`, since only a 0xFF within a text brings that about.
 */
export function checkCanonical(
  keys: Uint8Array,
  start: number,
  end: number,
  needsName = true,
): LabelProblem | undefined {
  // The last byte ends every walk to the end of a text.
  if (end > start && keys[end - 1] !== labelEndByte) return notCanonical;
  let hasName = false;
  let previousStart = -1;
  let previousEnd = -1;
  let count = 0;
  for (let at = start; at < end; ) {
    let nameEnd = at;
    while (keys[nameEnd] !== labelEndByte) nameEnd++;
    if (nameEnd === at) return emptyNameProblem;
    let valueEnd = nameEnd + 1;
    while (valueEnd < end && keys[valueEnd] !== labelEndByte) valueEnd++;
    if (valueEnd === nameEnd + 1 || valueEnd === end) return notCanonical;
    if (++count > labelsMax) return tooManyLabelsProblem;
    const problem = textProblem(keys, at, nameEnd) ?? textProblem(keys, nameEnd + 1, valueEnd);
    if (problem !== undefined) return problem;
    const order = previousStart < 0 ? -1 : compareRanges(keys, previousStart, previousEnd, at, nameEnd);
    if (order >= 0) return order === 0 ? repeatedProblem(keys, at, nameEnd) : notCanonical;
    hasName ||= isMetricName(keys, at, nameEnd);
    previousStart = at;
    previousEnd = nameEnd;
    at = valueEnd + 1;
  }
  return hasName || !needsName ? undefined : noNameProblem;
}

const noNameProblem: LabelProblem = {
  code: 'missing_field',
  message: `the label ${metricNameLabel}, which names the metric, is required`,
};

const notCanonical: LabelProblem = {
  code: 'invalid_utf8',
  message: 'the labels are not in their canonical form, as when a text holds the byte 0xFF',
};

const repeatedProblem = (bytes: Uint8Array, start: number, end: number): LabelProblem => ({
  code: 'duplicate_key',
  message: `got the label ${shownText(bytes, start, end)} twice`,
});

/** Whether bytes[start, end) is the name of the label that names the metric. */
export function isMetricName(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== nameBytes.length) return false;
  for (let i = 0; i < nameBytes.length; i++) if (bytes[start + i] !== nameBytes[i]) return false;
  return true;
}

function compareRanges(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): number {
  let i = a;
  let j = b;
  for (; i < aEnd && j < bEnd; i++, j++) {
    const difference = bytes[i]! - bytes[j]!;
    if (difference !== 0) return difference;
  }
  return aEnd - i - (bEnd - j);
}

/** Most bytes of a text that a message shows. A guess at what helps and does not flood. */
const shownBytesMax = 60;

function shownText(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.subarray(start, Math.min(end, start + shownBytesMax))).toString('utf8');
  return JSON.stringify(end - start > shownBytesMax ? `${text}…` : text);
}
