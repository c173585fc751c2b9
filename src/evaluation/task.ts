/** Decides, once for the whole range, whether a model classifies or estimates, what its classes are and which is positive. */
import { BarographError } from '../base/errors.js';
import type { Task } from './evaluation.js';

/** The distinct values of a column that holds texts and numbers; each list stops at a bound. */
export interface ValueSet {
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
  /** Numbers that are not whole, with repetitions. */
  readonly fractions: number;
}

export interface Decision {
  readonly task: Task;
  readonly reason: string;
}

/** Numbers with more distinct labels than this are quantities, not classes. A convention. */
const labelsMax = 20;
/** More classes are no classification that a table of metrics says anything about. */
export const classesMax = 1_000;

export function decideTask(requested: Task | 'auto', predictions: ValueSet, labels: ValueSet): Decision {
  if (requested !== 'auto') return { task: requested, reason: 'the request says so' };
  const texts = [...predictions.texts, ...labels.texts];
  if (texts.length > 0) return { task: 'classification', reason: 'predictions or truths are text' };
  if (predictions.fractions + labels.fractions > 0)
    return { task: 'regression', reason: 'predictions or truths are numbers that are not whole' };
  const [side, distinct] =
    labels.numbers.length > 0 ? ['truths', labels.numbers.length] : ['predictions', predictions.numbers.length];
  if (distinct > labelsMax)
    return { task: 'regression', reason: `${side} are whole numbers with more than ${labelsMax} distinct values` };
  return { task: 'classification', reason: `${side} are whole numbers with at most ${labelsMax} distinct values` };
}

/** A class is the text of a value, so that the prediction 1 and the truth "1" are one class. */
export const classOfNumber = (number: number): string => String(number);

/**
 * All classes, sorted as scikit-learn sorts labels: by number where each is one, else by code point. Throws
 * `query_too_large` past 1,000 of them.
 */
export function classesOf(...sets: readonly ValueSet[]): string[] {
  const classes = [...new Set(sets.flatMap(({ texts, numbers }) => [...texts, ...numbers.map(classOfNumber)]))];
  if (classes.length > classesMax)
    throw new BarographError('query_too_large', `predictions and truths hold more than ${classesMax} classes`, {
      hint: 'If they are quantities, ask with task=regression; else evaluate them in groups of classes.',
    });
  const numeric = classes.every((name) => classOfNumber(Number(name)) === name);
  return classes.sort(numeric ? (a, b) => Number(a) - Number(b) : compareTexts);
}

/** The order of UTF-8 bytes, which is that of code points. */
export const compareTexts = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const affirmative = ['1', 'true', 'yes', 'positive'];
/** What the other class must be where only its negation has been seen. */
const affirmations: Readonly<Record<string, string>> = {
  '0': '1',
  false: 'true',
  False: 'True',
  no: 'yes',
  No: 'Yes',
  negative: 'positive',
};

/** The positive class of at most two. Throws `bad_request` when the one asked for is neither of two. */
export function choosePositive(
  classes: readonly string[],
  requested: string | undefined,
): { positive: string; reason: string } {
  if (requested !== undefined) {
    if (classes.length === 2 && !classes.includes(requested))
      throw new BarographError('bad_request', `positive ${JSON.stringify(requested)} is not a class`, {
        hint: `The classes are ${classes.map((name) => JSON.stringify(name)).join(' and ')}.`,
      });
    return { positive: requested, reason: 'the request says so' };
  }
  const named = classes.find((name) => affirmative.includes(name.toLowerCase()));
  if (named !== undefined) return { positive: named, reason: `${JSON.stringify(named)} says yes` };
  const last = classes.at(-1) ?? '1';
  const opposite = classes.length === 1 ? affirmations[last] : undefined;
  if (opposite !== undefined)
    return { positive: opposite, reason: `the only class seen, ${JSON.stringify(last)}, says no` };
  return { positive: last, reason: 'it is the last of the classes in their order' };
}
