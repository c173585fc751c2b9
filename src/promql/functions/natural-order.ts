/** The order in which a reader would put names with numbers in them: `node2` before `node10`. */
import { compareUtf8 } from '../../model/labels.js';

/** Runs of digits are compared as numbers, the rest as text. Below 0 where `a` comes first. */
export function compareNatural(a: string, b: string): number {
  const left = a.match(parts) ?? [];
  const right = b.match(parts) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = comparePart(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const parts = /\d+|\D+/g;

function comparePart(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareUtf8(a, b);
  const [left, right] = [a.replace(/^0+(?=\d)/, ''), b.replace(/^0+(?=\d)/, '')];
  return left.length - right.length || compareUtf8(left, right);
}
