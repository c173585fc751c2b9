/** Labels of many series for another thread: lists of numbers, and each pair of a name and a value once as text. */
import type { Label, Labels } from '../../model/labels.js';
import type { SeriesIndex } from '../../series/index/series-index.js';

/** Pairs by number: pair i is names[i] and values[i]. */
export interface ExportedPairs {
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Series i has the pairs [ends[i - 1], ends[i]) of `pairs`. */
export interface ExportedLabels {
  readonly ends: Uint32Array;
  readonly pairs: Uint32Array;
}

export interface LabelExporter {
  /** Labels of live series as numbers of pairs. */
  add(refs: ArrayLike<number>): ExportedLabels;
  /** All pairs that were spoken of so far. */
  readonly pairs: ExportedPairs;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function createLabelExporter(index: SeriesIndex): LabelExporter {
  const names: string[] = [];
  const values: string[] = [];
  /** By the index's number of a pair: ours plus one. */
  let known = new Uint32Array(0);
  let removals = -1;

  return {
    add(refs) {
      const list = index.labelPairs();
      // Once series went, numbers of pairs may stand for others.
      if (removals !== index.removals || list.pairLimit > known.length) {
        known = new Uint32Array(list.pairLimit);
        removals = index.removals;
      }
      const ends = new Uint32Array(refs.length);
      const pairs: number[] = [];
      for (let i = 0; i < refs.length; i++) {
        const start = list.starts[refs[i]!]!;
        const end = start + list.counts[refs[i]!]!;
        for (let at = start; at < end; at++) {
          const pair = list.pairs[at]!;
          if (known[pair] === 0) {
            names.push(list.nameText(list.names[pair]!));
            known[pair] = values.push(decoder.decode(list.valueBytes(pair)));
          }
          pairs.push(known[pair]! - 1);
        }
        ends[i] = pairs.length;
      }
      return { ends, pairs: Uint32Array.from(pairs) };
    },
    pairs: { names, values },
  };
}

/** Labels of each series; equal pairs are one object. */
export function readLabels({ names, values }: ExportedPairs): (labels: ExportedLabels, i: number) => Labels {
  const made = names.map((name, i): Label => [name, values[i]!]);
  return ({ ends, pairs }, i) => {
    const labels: Label[] = [];
    for (let at = i === 0 ? 0 : ends[i - 1]!; at < ends[i]!; at++) labels.push(made[pairs[at]!]!);
    return labels;
  };
}
