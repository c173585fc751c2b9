/**
 * Which column goes where. Columns named as a field go there by themselves; `--map`, `--set` and `--features` say the
 * rest; a column that nothing says anything about is an error, so that no data is left behind unseen.
 */
import leven from 'leven';
import { BarographError } from '../../base/errors.js';
import { fieldNames, nameOf, type RowKind, requiredFields, type Target, targetOf } from './import-fields.js';

/** Options of the command that are about columns, as given. */
export interface MappingOptions {
  /** Column by target (`request_id` → `id`). */
  readonly map: ReadonlyMap<string, string>;
  /** Constant by target. */
  readonly set: ReadonlyMap<string, string>;
  /** Columns that become features of their own name. */
  readonly features: readonly string[];
  /** What becomes of columns that nothing else names: an error, features, or nothing. */
  readonly rest: 'refuse' | 'features' | 'ignore';
  /** Columns that are text whatever they look like. */
  readonly text: ReadonlySet<string>;
}

export interface Constant {
  readonly target: Target;
  readonly text: string;
}

export interface Mapping {
  readonly kind: RowKind;
  readonly options: MappingOptions;
  readonly constants: readonly Constant[];
  /** Targets of a column: none where it is to be left out, nothing at all where no option says what it is. */
  targetsOf(column: string): readonly Target[] | undefined;
}

/** True where no option says anything about columns, so that rows can go as they lie. */
export const isPlain = (options: MappingOptions): boolean =>
  options.map.size + options.set.size + options.features.length + options.text.size === 0 && options.rest === 'refuse';

/** Checks the options against the kind of rows. Fails with `bad_use` for a target that there is not, or that has two sources. */
export function createMapping(kind: RowKind, options: MappingOptions): Mapping {
  const byColumn = new Map<string, Target[]>();
  const sources = new Map<string, string>();
  const claim = (target: Target, source: string): void => {
    const other = sources.get(nameOf(target));
    if (other !== undefined) refuse(`${nameOf(target)} would be filled twice: by ${other} and by ${source}`);
    sources.set(nameOf(target), source);
  };
  const send = (column: string, target: Target): void => {
    claim(target, `column ${quoted(column)}`);
    byColumn.set(column, [...(byColumn.get(column) ?? []), target]);
  };
  for (const [name, column] of options.map) send(column, wantedTarget(kind, name, '--map'));
  for (const column of options.features) send(column, wantedTarget(kind, `features.${column}`, '--features'));
  const constants = Array.from(options.set, ([name, text]): Constant => {
    const target = wantedTarget(kind, name, '--set');
    claim(target, `--set ${name}=${text}`);
    return { target, text };
  });

  if (options.rest === 'features') wantedTarget(kind, 'features.any', '--features-rest');
  return {
    kind,
    options,
    constants,
    targetsOf: (column) => byColumn.get(column) ?? unnamedTargets(kind, column, sources, options),
  };
}

/** What becomes of a column that no option names. */
function unnamedTargets(
  kind: RowKind,
  column: string,
  sources: ReadonlyMap<string, string>,
  options: MappingOptions,
): Target[] | undefined {
  const same = targetOf(kind, column);
  if (same !== undefined && !sources.has(column)) return [same];
  // A constant stands for the column of the same name: that is what the user asked for.
  if (options.set.has(column)) return [];
  if (options.rest === 'refuse') return undefined;
  if (options.rest === 'ignore' || sources.has(`features.${column}`)) return [];
  return [wantedTarget(kind, `features.${column}`, '--features-rest')];
}

/** The refusal of columns that no option says anything about. */
export function leftOver(kind: RowKind, columns: readonly string[]): BarographError {
  const features = kind === 'predictions' ? ', make features of them with --features-rest' : '';
  return new BarographError('bad_use', `not a field of ${kind}: ${columns.map(quoted).join(', ')}`, {
    hint: `Say what a column is with --map FIELD=COLUMN${features}, or leave it out with --ignore-rest.`,
  });
}

function wantedTarget(kind: RowKind, name: string, option: string): Target {
  const target = targetOf(kind, name);
  if (target !== undefined) return target;
  const near = nearest(name, fieldNames(kind));
  return refuse(
    `${option} names ${quoted(name)}, which is not a field of ${kind}`,
    near === undefined ? `The fields are ${fieldNames(kind).join(', ')}.` : `Did you mean ${near}?`,
  );
}

/**
 * Checks a file's header against the mapping. Fails with `bad_use` where a named column is missing, a required
 * field has no source, or columns are left over; those are named all at once.
 */
export function checkColumns(mapping: Mapping, columns: readonly string[]): void {
  const { kind, options } = mapping;
  for (const column of [...options.map.values(), ...options.features, ...options.text]) {
    if (columns.includes(column)) continue;
    const near = nearest(column, columns);
    const hint = near === undefined ? `It has ${columns.join(', ')}.` : `Did you mean ${near}?`;
    refuse(`there is no column ${quoted(column)}`, hint);
  }
  const filled = new Set(mapping.constants.map(({ target }) => nameOf(target)));
  for (const target of columns.flatMap((column) => mapping.targetsOf(column) ?? [])) filled.add(nameOf(target));
  const missing = requiredFields[kind].filter((field) => !filled.has(field));
  if (missing.length > 0) {
    refuse(
      `no column gives ${missing.join(' or ')}, which ${kind} need; the columns are ${columns.join(', ')}`,
      `Name a column with --map ${missing[0]}=COLUMN or one value for all rows with --set ${missing[0]}=VALUE.`,
    );
  }
  const unknown = columns.filter((column) => mapping.targetsOf(column) === undefined);
  if (unknown.length > 0) throw leftOver(kind, unknown);
}

/** The candidate that is a plausible slip away, or nothing. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: leven(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

const quoted = (text: string): string => JSON.stringify(text);

function refuse(message: string, hint?: string): never {
  throw new BarographError('bad_use', message, hint === undefined ? {} : { hint });
}
