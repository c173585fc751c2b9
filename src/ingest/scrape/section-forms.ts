/**
 * How values are written in Prometheus' configuration, which comes here as YAML parsed to plain values. YAML's numbers and
 * truth values are taken where text is wanted, as Prometheus takes them.
 */
import { parsePrometheusDurationMs, parsePrometheusSizeBytes } from './prometheus-units.js';

export interface SectionForm {
  /** The value that is meant, or undefined where none is. */
  parse(value: unknown): unknown;
  /** Completes "wanted …" in an error. */
  readonly wanted: string;
}

export type SectionFormName =
  | 'choice'
  | 'count'
  | 'duration'
  | 'flag'
  | 'labels'
  | 'params'
  | 'regex'
  | 'size'
  | 'text'
  | 'texts';

/** Text of a scalar; undefined for a list, a section or nothing. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;

export const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textsOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** A section whose keys are free, each value read by `parse`. */
function mapOf<T>(value: unknown, parse: (value: unknown) => T | undefined): Record<string, T> | undefined {
  if (!isSection(value)) return undefined;
  const entries = Object.entries(value).map(([name, item]) => [name, parse(item)] as const);
  return entries.every(([, item]) => item !== undefined) ? Object.fromEntries(entries as [string, T][]) : undefined;
}

/** A section of labels: texts by name, of which none is empty. An empty value is the same as no label. */
export function labelsOf(value: unknown): Record<string, string> | undefined {
  const labels = mapOf(value, textOf);
  return labels === undefined || Object.hasOwn(labels, '') ? undefined : labels;
}

function flagOf(value: unknown): boolean | undefined {
  const text = textOf(value);
  return text === 'true' || text === 'false' ? text === 'true' : undefined;
}

function countOf(value: unknown): number | undefined {
  const text = textOf(value) ?? '';
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

export const sectionForms: Readonly<Record<SectionFormName, SectionForm>> = {
  choice: { parse: textOf, wanted: 'one word' },
  count: { parse: countOf, wanted: 'a whole number' },
  duration: {
    parse: (value) => parsePrometheusDurationMs(textOf(value) ?? ''),
    wanted: 'a duration such as 15s, 1m or 1h30m',
  },
  flag: { parse: flagOf, wanted: 'true or false' },
  labels: { parse: labelsOf, wanted: 'labels, a text by each name' },
  params: { parse: (value) => mapOf(value, textsOf), wanted: 'parameters, a list of texts by each name' },
  // Nothing stands for the empty expression here, as in Prometheus.
  regex: { parse: (value) => (value === null ? '' : textOf(value)), wanted: 'a regular expression' },
  size: { parse: (value) => parsePrometheusSizeBytes(textOf(value) ?? ''), wanted: 'a size such as 10MB, or 0' },
  text: { parse: textOf, wanted: 'text' },
  texts: { parse: textsOf, wanted: 'a list of texts' },
};
