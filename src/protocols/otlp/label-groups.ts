/** Attributes that become one label: their values are joined by ';', in the order of their original keys, so that none is lost. */
import { compareUtf8 } from '../../model/labels.js';

/** Stands between the values of attributes that became one label. Source: the compatibility specification, "Metric Attributes". */
export const joint = ';';

export interface NamedAttribute {
  /** As it was sent, or, of labels that the translation adds, what stands for that. */
  readonly key: string;
  /** The label's name. */
  readonly name: string;
}

export interface LabelGroup<T> {
  readonly name: string;
  /** In the order of their keys; nearly always a single one. */
  readonly members: readonly T[];
}

/** The labels that attributes become, sorted by their names' bytes. */
export function labelGroups<T extends NamedAttribute>(attributes: readonly T[]): LabelGroup<T>[] {
  const groups = new Map<string, T[]>();
  for (const attribute of attributes) {
    const group = groups.get(attribute.name);
    if (group === undefined) groups.set(attribute.name, [attribute]);
    else group.push(attribute);
  }
  return Array.from(groups, ([name, members]) => ({
    name,
    members: members.sort((a, b) => compareUtf8(a.key, b.key)),
  })).sort((a, b) => compareUtf8(a.name, b.name));
}
