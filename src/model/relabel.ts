/**
 * Relabelling as Prometheus defines it: a list of rules, each of which changes the labels of a target or of a series, or drops
 * it. A label with an empty value is the same as none. Regular expressions have RE2's syntax, are anchored at both ends, and their
 * dot takes line ends. Source: Prometheus 3, model/relabel/relabel.go.
 */
import { createHash } from 'node:crypto';
import { RE2JS, RE2JSException } from 're2js';
import { unreachable } from '../base/assert.js';
import { BarographError } from '../base/errors.js';
import { type Labels, sortedLabels } from './labels.js';
import { expandTemplate, parseRegexTemplate, type RegexTemplate } from './regex-template.js';
import { compileSimpleRegex } from './simple-regex.js';

export const relabelActions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;
export type RelabelAction = (typeof relabelActions)[number];

/** One rule. What is absent has Prometheus' default. */
export interface RelabelConfig {
  /** By default `replace`. */
  readonly action?: RelabelAction;
  /** Labels whose values, joined by `separator`, are what the rule looks at. */
  readonly sourceLabels?: readonly string[];
  /** By default `;`. */
  readonly separator?: string;
  /** By default `(.*)`, which matches all. */
  readonly regex?: string;
  /** For `hashmod`, a whole number from 1. */
  readonly modulus?: number;
  readonly targetLabel?: string;
  /** By default `$1`. */
  readonly replacement?: string;
}

/** Labels by name while rules work on them; never with an empty value. */
type LabelMap = Map<string, string>;

/** Changes labels in place; false drops them. */
type Rule = (labels: LabelMap) => boolean;

/** The labels after all rules, sorted; undefined where a rule dropped them. */
export type Relabel = (labels: Labels) => Labels | undefined;

const defaultRegex = '(.*)';
const defaultReplacement = '$1';

/** Compiles rules. Fails with `bad_configuration` for a rule that Prometheus would refuse; the message names what is wrong in it. */
export function compileRelabel(configs: readonly RelabelConfig[]): Relabel {
  const rules = configs.map(compileRule);
  return (labels) => {
    const map: LabelMap = new Map(labels.filter(([, value]) => value !== ''));
    return rules.every((rule) => rule(map)) ? sortedLabels(map) : undefined;
  };
}

/** Compiles one rule, for its errors and its effect. */
function compileRule(config: RelabelConfig): Rule {
  const action = config.action ?? 'replace';
  checkRule(action, config);
  const { sourceLabels = [], separator = ';', targetLabel = '' } = config;
  const regex = compileAnchored(config.regex ?? defaultRegex);
  const source = (labels: LabelMap): string => sourceLabels.map((name) => labels.get(name) ?? '').join(separator);
  const target = (labels: LabelMap): string => labels.get(targetLabel) ?? '';
  switch (action) {
    case 'replace':
      return replaceRule(config, regex, source);
    case 'keep':
      return (labels) => regex.test(source(labels));
    case 'drop':
      return (labels) => !regex.test(source(labels));
    case 'keepequal':
      return (labels) => target(labels) === source(labels);
    case 'dropequal':
      return (labels) => target(labels) !== source(labels);
    case 'hashmod':
      return (labels) => set(labels, targetLabel, hashModulo(source(labels), config.modulus ?? 0));
    case 'lowercase':
      return (labels) => set(labels, targetLabel, lowercase(source(labels)));
    case 'uppercase':
      return (labels) => set(labels, targetLabel, uppercase(source(labels)));
    case 'labelmap':
      return labelMapRule(config.replacement ?? defaultReplacement, regex);
    case 'labeldrop':
      return (labels) => deleteNames(labels, (name) => regex.test(name));
    case 'labelkeep':
      return (labels) => deleteNames(labels, (name) => !regex.test(name));
    default:
      return unreachable(action);
  }
}

interface AnchoredRegex {
  readonly namedGroups: Readonly<Record<string, number>>;
  test(text: string): boolean;
  /** The match and its groups, undefined where the text does not match. */
  groups(text: string): readonly (string | null | undefined)[] | undefined;
}

function compileAnchored(pattern: string): AnchoredRegex {
  // The default matches every text whole; there is no need to ask.
  if (pattern === defaultRegex) return { namedGroups: {}, test: () => true, groups: (text) => [text, text] };
  const regex = compileRe2(pattern);
  const simple = compileSimpleRegex(pattern);
  return {
    namedGroups: regex.namedGroups(),
    test(text) {
      const found = simple?.exec(text);
      return found === undefined ? regex.test(text) : found !== null;
    },
    groups(text) {
      const found = simple?.exec(text);
      if (found !== undefined) return found ?? undefined;
      const matcher = regex.matcher(text);
      if (!matcher.find()) return undefined;
      return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group));
    },
  };
}

function compileRe2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${pattern})$`);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw invalid(`regex ${JSON.stringify(pattern)} is not of RE2's syntax: ${error.message}`);
  }
}

function replaceRule(config: RelabelConfig, regex: AnchoredRegex, source: (labels: LabelMap) => string): Rule {
  const target = parseRegexTemplate(config.targetLabel ?? '', regex.namedGroups);
  const replacement = parseRegexTemplate(config.replacement ?? defaultReplacement, regex.namedGroups);
  const isConstant = !target.hasGroups && !replacement.hasGroups;
  return (labels) => {
    const value = source(labels);
    // Groups cost several times what a test costs, so they are taken only where they are wanted.
    const groups = isConstant ? (regex.test(value) ? [] : undefined) : regex.groups(value);
    if (groups === undefined) return true;
    const name = expandTemplate(target, groups);
    return name === '' || set(labels, name, expandTemplate(replacement, groups));
  };
}

function labelMapRule(replacementText: string, regex: AnchoredRegex): Rule {
  const replacement: RegexTemplate = parseRegexTemplate(replacementText, regex.namedGroups);
  return (labels) => {
    for (const [name, value] of Array.from(labels)) {
      const groups = regex.groups(name);
      const mapped = groups === undefined ? '' : expandTemplate(replacement, groups);
      if (mapped !== '') set(labels, mapped, value);
    }
    return true;
  };
}

function set(labels: LabelMap, name: string, value: string): true {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
  return true;
}

function deleteNames(labels: LabelMap, isDeleted: (name: string) => boolean): true {
  for (const name of Array.from(labels.keys())) if (isDeleted(name)) labels.delete(name);
  return true;
}

/** The last 8 bytes of the MD5, as Prometheus takes them, so that both put a target into the same shard. */
const hashModulo = (text: string, modulus: number): string =>
  String(createHash('md5').update(text, 'utf8').digest().readBigUInt64BE(8) % BigInt(modulus));

// Each character by itself, as Go does it: `ß` has no capital of one character and stays, a sigma at the end of a word is like any other.
const lowercase = (text: string): string => Array.from(text, (char) => Array.from(char.toLowerCase())[0]!).join('');
const uppercase = (text: string): string => Array.from(text, singleUppercase).join('');

function singleUppercase(char: string): string {
  const upper = Array.from(char.toUpperCase());
  return upper.length === 1 ? upper[0]! : char;
}

/** What fields an action needs and takes. Source: relabel.go, `Config.Validate`. */
function checkRule(action: RelabelAction, config: RelabelConfig): void {
  const needsTarget = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'].includes(action);
  if (needsTarget && (config.targetLabel ?? '') === '') throw invalid(`action ${action} needs target_label`);
  const modulus = config.modulus ?? 0;
  if (action === 'hashmod' && !(Number.isSafeInteger(modulus) && modulus > 0))
    throw invalid('action hashmod needs modulus, a whole number from 1');
  if (action === 'labelmap' && config.replacement === '') throw invalid('action labelmap needs a replacement');
  for (const [field, byDefault, name] of refusedFields(action)) {
    const value = config[field];
    if (value !== undefined && value !== byDefault) throw invalid(`action ${action} takes no ${name}`);
  }
}

type RefusedField = readonly [field: keyof RelabelConfig, byDefault: string | number | undefined, name: string];

const fields = {
  sourceLabels: ['sourceLabels', undefined, 'source_labels'],
  separator: ['separator', ';', 'separator'],
  regex: ['regex', defaultRegex, 'regex'],
  modulus: ['modulus', 0, 'modulus'],
  targetLabel: ['targetLabel', '', 'target_label'],
  replacement: ['replacement', defaultReplacement, 'replacement'],
} as const satisfies Record<string, RefusedField>;

function refusedFields(action: RelabelAction): readonly RefusedField[] {
  switch (action) {
    case 'lowercase':
    case 'uppercase':
      return [fields.replacement];
    case 'keepequal':
    case 'dropequal':
      return [fields.regex, fields.modulus, fields.separator, fields.replacement];
    case 'labeldrop':
    case 'labelkeep':
      return [fields.sourceLabels, fields.separator, fields.modulus, fields.targetLabel, fields.replacement];
    default:
      return [];
  }
}

const invalid = (message: string): BarographError => new BarographError('bad_configuration', message);
