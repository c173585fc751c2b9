/** Number literals of the syntax tree, durations among them. */
import type { NumberLiteral, SourceRange } from '../ast.js';
import { goQuote } from '../print/go-quote.js';
import { numberValue, readDuration } from './literal-value.js';
import { promqlError } from './promql-error.js';

/** The literal in this range of the query, without a sign. Throws `invalid_promql` where it has no value. */
export function buildNumber({ from, to }: SourceRange, query: string): NumberLiteral {
  const text = query.slice(from, to);
  const isDuration = /[smhdwy]$/.test(text) && !/^0x/i.test(text);
  const value = isDuration ? durationSeconds(text, from, query) : plainValue(text, from, query);
  return Object.freeze({ kind: 'number_literal', value, isDuration, from, to });
}

function durationSeconds(text: string, from: number, query: string): number {
  const reading = readDuration(text);
  if ('fault' in reading) throw promqlError(query, from, reading.fault);
  return reading.ms / 1000;
}

function plainValue(text: string, from: number, query: string): number {
  const value = numberValue(text);
  const isTooGreat = value === Number.POSITIVE_INFINITY && text.toLowerCase() !== 'inf';
  if (value !== undefined && !isTooGreat) return value;
  const reason = isTooGreat ? 'value out of range' : 'invalid syntax';
  throw promqlError(query, from, `error parsing number: strconv.ParseFloat: parsing ${goQuote(text)}: ${reason}`);
}
