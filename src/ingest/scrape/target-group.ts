/** Groups of targets, as discoveries find them: in the configuration, in files, behind a URL. */
import { isSection, labelsOf, textOf } from './section-forms.js';

/** Label texts by name. */
export type LabelTexts = Readonly<Record<string, string>>;

export interface TargetGroup {
  /** Addresses, each `HOST:PORT`. */
  readonly targets: readonly string[];
  /** Labels of all of them. */
  readonly labels: LabelTexts;
}

/**
 * Groups out of parsed JSON or YAML: a list of `{targets: [address …], labels: {name: text …}}`. Gives a sentence where it
 * is none. Source: prometheus discovery/targetgroup; other keys are refused, as there.
 */
export function targetGroupsOf(value: unknown): readonly TargetGroup[] | string {
  if (!Array.isArray(value)) return 'got no list of target groups';
  const groups: TargetGroup[] = [];
  for (const [i, item] of value.entries()) {
    const group = targetGroupOf(item);
    if (typeof group === 'string') return `group ${i + 1}: ${group}`;
    groups.push(group);
  }
  return groups;
}

function targetGroupOf(item: unknown): TargetGroup | string {
  if (!isSection(item)) return 'got no section of targets and labels';
  const strange = Object.keys(item).find((key) => key !== 'targets' && key !== 'labels');
  if (strange !== undefined) return `unknown key ${strange}, wanted targets and labels`;
  const given = item.targets ?? [];
  const targets = Array.isArray(given) ? given.map(textOf) : [undefined];
  const labels = labelsOf(item.labels ?? {});
  if (!targets.every((target) => target !== undefined)) return 'targets is no list of addresses';
  return labels === undefined ? 'labels is no section of texts by name' : { targets, labels };
}
