/** What is done to the labels of a series between the text and the store, the same for every body of a sender. */
import { compareUtf8, type Label, type Labels, sortedLabels } from '../../model/labels.js';

/**
 * What becomes of a label of the body whose name is also among the extra labels:
 * - `keep`: the body's stays, also where its value is empty (`honor_labels: true`).
 * - `rename`: the body's is called `exported_…`, unless its value is empty (`honor_labels: false`).
 * - `override`: the body's is dropped (the grouping key of a Pushgateway).
 */
export type LabelConflict = 'keep' | 'rename' | 'override';

export interface LabelBounds {
  /** Most labels, the name included (`label_limit`). */
  readonly labelsMax?: number;
  /** Longest name of a label, bytes (`label_name_length_limit`). */
  readonly nameBytesMax?: number;
  /** Longest value of a label, bytes (`label_value_length_limit`). */
  readonly valueBytesMax?: number;
}

export interface Labelling {
  /** Labels of the sender, such as a target's. One with an empty value removes the body's where it overrides. */
  readonly extraLabels?: Labels;
  /** `keep` where absent. */
  readonly onConflict?: LabelConflict;
  /** Gives the labels that are stored, or undefined where the series is dropped. Called with the extra labels in place. */
  readonly relabel?: (labels: Labels) => Labels | undefined;
  /** Checked last. Past one of them the line is bad. */
  readonly bounds?: LabelBounds;
}

/**
 * The body's labels with the extra ones, where a label of the body gives way under an `exported_` name that is free. Shorter
 * names are moved first, so that `exported_x` of the body and `x` do not both want `exported_x`. Source: prometheus,
 * scrape, resolveConflictingExposedLabels.
 */
export function renamedLabels(bodyLabels: Labels, extraLabels: Labels): Label[] {
  const merged = new Map([...bodyLabels, ...extraLabels]);
  const extraNames = new Set(extraLabels.map(([name]) => name));
  const moved = bodyLabels
    .filter(([name]) => extraNames.has(name))
    .sort(([a], [b]) => Buffer.byteLength(a) - Buffer.byteLength(b) || compareUtf8(a, b));
  for (const [name, value] of moved) {
    let free = `exported_${name}`;
    while ((merged.get(free) ?? '') !== '') free = `exported_${free}`;
    merged.set(free, value);
  }
  return sortedLabels(merged);
}
