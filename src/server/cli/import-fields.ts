/** What a row of each kind is made of, so that a column can be told where it goes. Names are those of the HTTP API. */
import { predictionNumberFields, predictionTextFields } from '../../model/prediction.js';

/** Kinds of events that are imported as rows. */
export type RowKind = 'predictions' | 'ground-truth';

/**
 * How a value is written:
 * - text: always a JSON string;
 * - number: a JSON number where it is one;
 * - time: RFC 3339 or epoch;
 * - class: a prediction or a label, a number or a text;
 * - feature: a number, a text, a boolean or null;
 * - json: a whole object or list.
 */
export type ValueType = 'text' | 'number' | 'time' | 'class' | 'feature' | 'json';

/** A place in a row: a field, or a member of the object that a field is, such as `features.age`. */
export interface Target {
  readonly field: string;
  readonly member?: string;
  readonly type: ValueType;
}

const typed = (type: ValueType, names: readonly string[]): [string, ValueType][] => names.map((name) => [name, type]);

const fieldTypes: Record<RowKind, ReadonlyMap<string, ValueType>> = {
  predictions: new Map([
    ...typed('text', predictionTextFields),
    ...typed('number', predictionNumberFields),
    ...typed('time', ['ts']),
    ...typed('class', ['prediction']),
    ...typed('json', ['features', 'scores', 'embedding', 'metadata']),
  ]),
  'ground-truth': new Map([
    ...typed('text', ['request_id', 'source']),
    ...typed('class', ['label']),
    ...typed('time', ['ts']),
    ...typed('number', ['revision']),
  ]),
};

/** Fields that are objects whose members a column can fill. */
const memberTypes: ReadonlyMap<string, ValueType> = new Map([
  ['features', 'feature'],
  ['scores', 'number'],
]);

export const requiredFields: Record<RowKind, readonly string[]> = {
  predictions: ['request_id', 'model', 'version'],
  'ground-truth': ['request_id', 'label'],
};

/** Path of the API that takes rows of a kind. */
export const rowPaths: Record<RowKind, string> = {
  predictions: '/api/ml/predictions',
  'ground-truth': '/api/ml/ground-truth',
};

export const fieldNames = (kind: RowKind): string[] => [...fieldTypes[kind].keys()];

/** The place that `features.age`, `scores.cat` or a field's own name means, or nothing where the kind has none such. */
export function targetOf(kind: RowKind, name: string): Target | undefined {
  const type = fieldTypes[kind].get(name);
  if (type !== undefined) return { field: name, type };
  const dot = name.indexOf('.');
  const field = name.slice(0, dot);
  const memberType = dot > 0 && fieldTypes[kind].has(field) ? memberTypes.get(field) : undefined;
  const member = name.slice(dot + 1);
  return memberType === undefined || member === '' ? undefined : { field, member, type: memberType };
}

/** A target as the user writes it. */
export const nameOf = (target: Target): string =>
  target.member === undefined ? target.field : `${target.field}.${target.member}`;
