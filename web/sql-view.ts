/** Read-only SQL: a statement, its rows, or why it did not run. */
import { runSql, type SqlAnswer } from './api.js';
import { dataTable } from './data-table.js';
import { el } from './dom.js';
import { addressOf, labelled, type ViewContext, whenLoaded } from './view.js';
import { countWords } from './words.js';

/** Rows that are shown; what a page can hold without becoming slow. */
const rowsShownMax = 1_000;

const first = `SELECT model, version, count() AS predictions, round(avg(score), 4) AS mean_score
FROM predictions
GROUP BY model, version
ORDER BY predictions DESC`;

const examples: Readonly<Record<string, string>> = {
  'Predictions by model': first,
  'Wrong and sure': `SELECT request_id, ts, prediction_number, label_number, score
FROM labelled_predictions
WHERE prediction_number != label_number
ORDER BY abs(score - 0.5) DESC
LIMIT 20`,
  'Truth by day of arrival': `SELECT toDate(arrived) AS day, count() AS truths, countIf(revision > 1) AS corrections
FROM ground_truth
GROUP BY day
ORDER BY day`,
};

export function sqlView(context: ViewContext): HTMLElement {
  const asked = context.parameters.get('query') ?? '';
  const area = el('textarea', { id: 'query', name: 'query', rows: 6, spellcheck: 'false', autocomplete: 'off' });
  area.value = asked === '' ? first : asked;
  const form = el(
    'form',
    { class: 'sql' },
    labelled('Statement', area),
    el(
      'div',
      { class: 'actions' },
      el('button', { type: 'submit', class: 'primary' }, 'Run'),
      el('span', { class: 'muted' }, el('kbd', {}, 'Ctrl'), ' ', el('kbd', {}, 'Enter')),
      ...Object.entries(examples).map(([words, query]) => el('a', { href: addressOf('sql', { query }) }, words)),
    ),
  );
  const run = (): void => context.go('sql', new URLSearchParams({ query: area.value }));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
  area.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  });
  return el(
    'section',
    {},
    el('h1', {}, 'SQL'),
    el('p', { class: 'lead' }, 'One read-only statement on ', ...tableNames(), ' and the tables below them.'),
    form,
    asked.trim() !== '' && whenLoaded(runSql(asked, context.signal), { ...context, words: 'Running…' }, resultOf),
  );
}

const tableNames = (): (Node | string)[] => [
  el('code', {}, 'predictions'),
  ', ',
  el('code', {}, 'labelled_predictions'),
  ', ',
  el('code', {}, 'ground_truth'),
];

function resultOf({ meta, data, statistics }: SqlAnswer): HTMLElement {
  const shown = data.slice(0, rowsShownMax);
  const count = `${countWords(data.length)} ${data.length === 1 ? 'row' : 'rows'}`;
  const words = shown.length < data.length ? `${count}, the first ${countWords(shown.length)} shown` : count;
  const cost =
    statistics === undefined
      ? ''
      : `${Math.round(statistics.elapsed * 1000)} ms, ${countWords(statistics.rows_read)} rows read`;
  const columns = meta.map(({ name, type }, i) => ({
    head: name,
    title: type,
    isNumber: /^(?:Nullable\()?(?:U?Int|Float|Decimal)/.test(type),
    cell: (row: readonly unknown[]) => cellOf(row[i]),
  }));
  return el(
    'div',
    { class: 'card' },
    el('div', { class: 'card-head' }, el('h2', {}, words), el('span', { class: 'muted' }, cost)),
    dataTable('Result', columns, shown),
  );
}

function cellOf(value: unknown): Node | string {
  if (value === null || value === undefined) return el('i', { class: 'muted' }, 'null');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
