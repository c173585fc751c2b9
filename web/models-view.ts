/** Which models there are, each a way into its evaluation. */
import { fetchModels, type Model } from './api.js';
import { dataTable, type TableColumn } from './data-table.js';
import { el } from './dom.js';
import { addressOf, type ViewContext, whenLoaded } from './view.js';
import { countWords, shareWords, timeWords } from './words.js';

export const modelsView = ({ signal }: ViewContext): HTMLElement =>
  el(
    'section',
    {},
    el('h1', {}, 'Models'),
    el('p', { class: 'lead' }, 'Every model and version that has sent predictions. Times are UTC.'),
    whenLoaded(fetchModels(signal), { signal }, (models) => (models.length === 0 ? noModels() : table(models))),
  );

const columns: readonly TableColumn<Model>[] = [
  { head: 'Model', cell: (model) => el('a', { href: evaluationAddress(model) }, model.model) },
  { head: 'Version', cell: ({ version }) => version },
  {
    head: 'First seen',
    cell: ({ first_seen }) => timeWords(first_seen).slice(0, 16),
    exact: ({ first_seen }) => first_seen,
  },
  {
    head: 'Last seen',
    cell: ({ last_seen }) => timeWords(last_seen).slice(0, 16),
    exact: ({ last_seen }) => last_seen,
  },
  { head: 'Predictions', isNumber: true, cell: ({ predictions }) => countWords(predictions) },
  {
    head: 'With truth',
    isNumber: true,
    cell: ({ coverage }) => coverageBar(coverage),
    exact: ({ with_truth }) => `${countWords(with_truth)} predictions`,
  },
];

const table = (models: readonly Model[]): HTMLElement =>
  el('div', { class: 'framed' }, dataTable('Models and versions', columns, models));

function coverageBar(coverage: number): HTMLElement {
  const fill = el('span', { class: 'bar-fill' });
  fill.style.width = `${Math.round(coverage * 100)}%`;
  return el(
    'span',
    { class: 'share' },
    el('span', { class: 'bar', 'aria-hidden': 'true' }, fill),
    shareWords(coverage),
  );
}

const dayMs = 86_400_000;

/** A bucket that gives a model's whole time some ten to fifty points. */
export function everyFor({ first_seen, last_seen }: Pick<Model, 'first_seen' | 'last_seen'>): string {
  const days = (Date.parse(last_seen) - Date.parse(first_seen)) / dayMs;
  if (days <= 60) return '1d';
  return days <= 366 ? '1w' : '1mo';
}

const evaluationAddress = (model: Model): string =>
  addressOf('evaluation', { model: model.model, version: model.version, every: everyFor(model) });

const example = (): string => `curl ${new URL('api/ml/predictions', location.href)} \\
  -H 'content-type: application/x-ndjson' \\
  -d '{"request_id":"req-1","model":"churn","version":"1","prediction":1,"score":0.83}'`;

const noModels = (): HTMLElement =>
  el(
    'div',
    { class: 'notice' },
    el('p', {}, 'No prediction has arrived yet. The first one can be sent like this:'),
    el('pre', {}, example()),
  );
