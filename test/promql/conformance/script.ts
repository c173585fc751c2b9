/**
 * Reads scripts of Prometheus' PromQL test language. Source: Prometheus, promql/promqltest/test.go and README.md.
 */
import { RE2JS } from 're2js';
import { unquote } from '../../../src/promql/string-literal.js';
import {
  durationMs,
  readNumber,
  readSeriesLine,
  readStartLine,
  type SequenceValue,
  type SeriesLine,
} from './series-line.js';

export interface LoadCommand {
  readonly kind: 'load';
  readonly stepMs: number;
  readonly withCustomBuckets: boolean;
  readonly series: readonly LoadedSeries[];
}

export interface LoadedSeries extends SeriesLine {
  /** Start of each sample's counter, milliseconds from the sample's time; undefined where unknown. */
  readonly starts: readonly (number | undefined)[] | undefined;
}

export type Expectation = (text: string) => boolean;

export type ExpectationKind = 'ordered' | 'fail' | 'warn' | 'no_warn' | 'info' | 'no_info';

export interface EvalCommand {
  readonly kind: 'eval';
  /** From 1. */
  readonly line: number;
  readonly query: string;
  readonly isRange: boolean;
  startMs: number;
  endMs: number;
  stepMs: number;
  readonly expectations: ReadonlyMap<ExpectationKind, readonly Expectation[]>;
  /** In the order in which they stand. */
  readonly series: readonly SeriesLine[];
  readonly scalar: SequenceValue | undefined;
  readonly string: string | undefined;
  /** The result is a range vector or a string: it is not compared with a range query's. */
  readonly isInstantOnly: boolean;
}

export type Command = { readonly kind: 'clear' } | LoadCommand | EvalCommand;

export function readScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()));
  const commands: Command[] = [];
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!;
    if (line === '') {
      i++;
      continue;
    }
    let end = i + 1;
    while (end < lines.length && lines[end] !== '') end++;
    const block = lines.slice(i + 1, end);
    if (line === 'clear') {
      commands.push({ kind: 'clear' });
      i++;
    } else if (line.startsWith('load')) {
      commands.push(readLoad(line, block));
      i = end;
    } else {
      const { command, used } = readEval(line, block, i + 1);
      commands.push(command);
      i += 1 + used;
    }
  }
  return commands;
}

function readLoad(line: string, block: readonly string[]): LoadCommand {
  const [, suffix, step] = /^load(?:_(with_nhcb))?\s+(.+?)$/.exec(line)!;
  const series: LoadedSeries[] = [];
  let starts: (number | undefined)[] | undefined;
  for (const each of block) {
    if (/^\S*@st\s/.test(each)) {
      starts = readStartLine(each);
      continue;
    }
    series.push({ ...readSeriesLine(each), starts });
    starts = undefined;
  }
  return { kind: 'load', stepMs: durationMs(step!), withCustomBuckets: suffix !== undefined, series };
}

const instantPattern = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/;
const rangePattern = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/;

function readEval(text: string, block: readonly string[], line: number): { command: EvalCommand; used: number } {
  const instant = instantPattern.exec(text);
  const range = rangePattern.exec(text);
  if (instant === null && range === null) throw new Error(`line ${line}: no command: ${text}`);
  const startMs = durationMs(instant?.[2] ?? range![2]!);
  const expectations = new Map<ExpectationKind, Expectation[]>();
  const expect = (kind: ExpectationKind, expectation: Expectation): void => {
    expectations.set(kind, [...(expectations.get(kind) ?? []), expectation]);
  };
  const oldForm = (instant?.[1] ?? range?.[1]) as ExpectationKind | undefined;
  if (oldForm !== undefined) expect(oldForm, () => true);
  const series: SeriesLine[] = [];
  const command = {
    kind: 'eval' as const,
    line,
    query: instant?.[3] ?? range![5]!,
    isRange: range !== null,
    startMs,
    endMs: range === null ? startMs : durationMs(range[3]!),
    stepMs: range === null ? 0 : durationMs(range[4]!),
    expectations,
    series,
    scalar: undefined as SequenceValue | undefined,
    string: undefined as string | undefined,
    isInstantOnly: false,
  };
  let used = 0;
  for (const each of block) {
    used++;
    const borders = /^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/.exec(each);
    const scalar = readNumber(each);
    if (borders !== null) {
      command.startMs = durationMs(borders[1]!);
      command.endMs = durationMs(borders[2]!);
      command.stepMs = durationMs(borders[3]!);
      command.isInstantOnly = true;
    } else if (each.startsWith('expect string')) {
      command.string = unquote(each.slice('expect string'.length).trim());
      command.isInstantOnly = true;
    } else if (each.split(' ')[0] === 'expect') readExpectation(each, expect);
    else if (scalar !== undefined) {
      command.scalar = { value: scalar };
      break;
    } else series.push(readSeriesLine(each));
  }
  return { command, used };
}

function readExpectation(line: string, expect: (kind: ExpectationKind, expectation: Expectation) => void): void {
  const match = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(line);
  if (match === null) throw new Error(`no expectation: ${line}`);
  const [, kind, form, rest] = match as unknown as [string, ExpectationKind, string | undefined, string | undefined];
  const wanted = rest?.trim() ?? '';
  if (form === 'msg') expect(kind, (text) => text === wanted);
  else if (form === 'regex') {
    const pattern = RE2JS.compile(wanted);
    expect(kind, (text) => pattern.matcher(text).find());
  } else expect(kind, () => true);
}
