/** Which predictions an evaluation is about, and the conditions that prune every table alike to their slice. */
import type { EvaluationRequest } from './evaluation.js';
import type { TimeRange } from './every.js';

export interface Scope extends Pick<EvaluationRequest, 'model' | 'version' | 'asOfMs'>, Partial<TimeRange> {
  /** All versions in the range, where no single one is asked for and each is to be read by itself. */
  readonly versions?: readonly string[];
}

/** The parameters that statements about the scope bind. */
export function scopeParams({ model, version, versions = [], asOfMs, fromMs, toMs }: Scope): Record<string, unknown> {
  const all = { model, version, asOfMs, fromMs, toMs };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...given, ...versions.map((name, i) => [`version${i}`, name] as const)]);
}

/** A part of a scope that is read by itself. */
export interface ScopePart {
  /** Condition on the columns that all tables share. */
  readonly condition: string;
  /** Sorting key of the tables below what the condition fixes, row id aside. */
  readonly key: readonly string[];
}

/** The scope in one part. */
export const wholeScope = (scope: Scope): ScopePart =>
  scope.version === undefined
    ? { condition: conditionOf(scope), key: ['version', 'ts'] }
    : { condition: conditionOf(scope, '{version:String}'), key: ['ts'] };

/** The scope in as many parts as it names versions, else in one. */
export const scopeParts = (scope: Scope): readonly ScopePart[] =>
  scope.versions === undefined
    ? [wholeScope(scope)]
    : scope.versions.map((_, i) => ({ condition: conditionOf(scope, `{version${i}:String}`), key: ['ts'] }));

const conditionOf = ({ fromMs, toMs }: Scope, version?: string): string =>
  [
    'model = {model:String}',
    ...(version === undefined ? [] : [`version = ${version}`]),
    ...(fromMs === undefined ? [] : ["ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')"]),
    ...(toMs === undefined ? [] : ["ts < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')"]),
  ].join(' AND ');
