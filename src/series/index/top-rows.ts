/** The rows with the largest figures out of many, without sorting them all. */

export interface TopRow {
  readonly row: number;
  readonly figure: number;
}

/** The `count` rows of 0 … rowCount - 1 with the largest figures above 0, largest first, equal ones in the order of rows. */
export function topRows(rowCount: number, count: number, figureOf: (row: number) => number): TopRow[] {
  const top: TopRow[] = [];
  for (let row = 0; row < rowCount; row++) {
    const figure = figureOf(row);
    if (figure > 0 && (top.length < count || figure > top[top.length - 1]!.figure)) insert(top, { row, figure }, count);
  }
  return top;
}

/** Puts an entry behind all that are not smaller, and drops what is then one too many. */
export function insert<Entry extends { readonly figure: number }>(top: Entry[], entry: Entry, count: number): void {
  let at = top.length;
  while (at > 0 && top[at - 1]!.figure < entry.figure) at--;
  top.splice(at, 0, entry);
  if (top.length > count) top.pop();
}
