/** A table that scrolls in its own frame. */
import { type Child, el } from './dom.js';

export interface TableColumn<Row> {
  readonly head: string;
  /** Shown when the pointer rests on the head. */
  readonly title?: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => Child;
  /** The exact value, where the cell shows a rounded one. */
  readonly exact?: (row: Row) => string | undefined;
}

export function dataTable<Row>(
  caption: string,
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): HTMLElement {
  const head = columns.map(({ head, title, isNumber }) =>
    el('th', { scope: 'col', title, class: isNumber === true && 'number' }, head),
  );
  const body = rows.map((row) =>
    el(
      'tr',
      {},
      ...columns.map(({ cell, exact, isNumber }) =>
        el('td', { title: exact?.(row), class: isNumber === true && 'number' }, cell(row)),
      ),
    ),
  );
  return el(
    'div',
    { class: 'table-frame', role: 'region', 'aria-label': caption, tabindex: 0 },
    el(
      'table',
      {},
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, ...head)),
      el('tbody', {}, ...body),
    ),
  );
}
