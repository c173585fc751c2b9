/**
 * Adds a number to a sum whose rounding error is carried beside it (Kahan's summation in Neumaier's form), as Prometheus does
 * in util/kahansum. The sum is `total + carry`. An infinite total carries nothing, so that infinity does not become NaN.
 */
export interface CompensatedSum {
  total: number;
  carry: number;
}

export function compensatedAdd(sum: CompensatedSum, value: number): void {
  const { total } = sum;
  const next = total + value;
  if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) sum.carry = 0;
  else if (Math.abs(total) >= Math.abs(value)) sum.carry += total - next + value;
  else sum.carry += value - next + total;
  sum.total = next;
}
