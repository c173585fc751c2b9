/**
 * Groups of series on a grid: what a range function filled in for one series goes into its group's columns at once, so that it need not be kept. Sums carry
 * their rounding errors as `src/promql/evaluate/aggregate/sum-and-average.ts` does, to the bit.
 */
import { gridPresence, gridResults, windowSteps } from './grid-windows';
import { renewed } from './memory';

/** By group and step: total, carry and count. */
let columns: usize = 0;
let columnsMax: usize = 0;
let steps: u32 = 0;

/** Makes room for groups that have nothing yet. */
export function beginGroups(groups: u32, gridSteps: u32): void {
  steps = gridSteps;
  const bytes: usize = 24 * groups * gridSteps;
  if (bytes > columnsMax) {
    columnsMax = max<usize>(65_536, bytes);
    columns = renewed(columns, columnsMax);
  }
  memory.fill(columns, 0, bytes);
}

function groupAt(group: u32): usize {
  return columns + 24 * group * steps;
}

/** Where a group's totals, then its carries, then its counts lie. */
export function groupColumns(group: u32): usize {
  return groupAt(group);
}

export function addSum(group: u32): void {
  const totals = groupAt(group);
  const width: usize = 8 * steps;
  for (let step: u32 = 0; step < steps; step++) {
    if (load<u8>(gridPresence() + step) == 0) continue;
    const at = totals + 8 * step;
    const value = load<f64>(gridResults() + 8 * step);
    const count = load<f64>(at + 2 * width);
    store<f64>(at + 2 * width, count + 1);
    if (count == 0) {
      store<f64>(at, value);
      continue;
    }
    const total = load<f64>(at);
    const sum = total + value;
    if (abs(sum) == Infinity) store<f64>(at + width, 0);
    else {
      const isLarger = abs(total) >= abs(value);
      const large = isLarger ? total : value;
      const small = isLarger ? value : total;
      store<f64>(at + width, load<f64>(at + width) + (large - sum + small));
    }
    store<f64>(at, sum);
  }
}

/** The largest values, or with the sign -1 the least; NaN gives way to any number. */
export function addExtreme(group: u32, sign: f64): void {
  const totals = groupAt(group);
  const width: usize = 8 * steps;
  for (let step: u32 = 0; step < steps; step++) {
    if (load<u8>(gridPresence() + step) == 0) continue;
    const at = totals + 8 * step;
    const value = load<f64>(gridResults() + 8 * step);
    const best = load<f64>(at);
    const count = load<f64>(at + 2 * width);
    if (count == 0 || sign * value > sign * best || isNaN(best)) store<f64>(at, value);
    store<f64>(at + 2 * width, count + 1);
  }
}

export function addCount(group: u32): void {
  const counts = groupAt(group) + 16 * steps;
  for (let step: u32 = 0; step < windowSteps(); step++)
    if (load<u8>(gridPresence() + step) != 0) store<f64>(counts + 8 * step, load<f64>(counts + 8 * step) + 1);
}
