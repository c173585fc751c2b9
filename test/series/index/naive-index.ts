/** What the series index must say, computed the plain way: a list of objects, filtered. */
import { compareUtf8, type Labels, labelValue } from '../../../src/model/labels.js';
import type { MatchOperator } from '../../../src/model/matcher.js';

export interface NaiveSeries {
  readonly ref: number;
  readonly labels: Labels;
  firstMs: number;
  lastMs: number;
}

export interface NaiveMatcher {
  readonly name: string;
  readonly op: MatchOperator;
  readonly value: string;
}

export interface NaiveRange {
  readonly fromMs: number;
  readonly toMs: number;
}

function satisfies(labels: Labels, { name, op, value }: NaiveMatcher): boolean {
  const got = labelValue(labels, name);
  switch (op) {
    case '=':
      return got === value;
    case '!=':
      return got !== value;
    case '=~':
      return new RegExp(`^(?:${value})$`, 'su').test(got);
    case '!~':
      return !new RegExp(`^(?:${value})$`, 'su').test(got);
  }
}

export function naiveSelect(
  all: readonly NaiveSeries[],
  matchers: readonly NaiveMatcher[],
  range?: NaiveRange,
): NaiveSeries[] {
  return all
    .filter(({ labels }) => matchers.every((matcher) => satisfies(labels, matcher)))
    .filter(({ firstMs, lastMs }) => range === undefined || (firstMs <= range.toMs && lastMs >= range.fromMs))
    .sort((a, b) => a.ref - b.ref);
}

export const naiveNames = (series: readonly NaiveSeries[]): string[] =>
  Array.from(new Set(series.flatMap(({ labels }) => labels.map(([name]) => name)))).sort(compareUtf8);

export const naiveValues = (series: readonly NaiveSeries[], name: string): string[] =>
  Array.from(new Set(series.map(({ labels }) => labelValue(labels, name)).filter((value) => value !== ''))).sort(
    compareUtf8,
  );
