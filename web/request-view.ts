/** One prediction by its request id: what was said, what the model saw, and how its truth came to be known. */
import type { PredictionAnswer, StoredTruth } from '../src/http/contract/events.js';
import { fetchPrediction } from './api.js';
import { dataTable } from './data-table.js';
import { el } from './dom.js';
import { addressOf, labelled, type ViewContext, whenLoaded } from './view.js';
import { countWords, timeWords } from './words.js';

export function requestView(context: ViewContext): HTMLElement {
  const id = context.parameters.get('id') ?? '';
  const input = el('input', {
    id: 'request-id',
    name: 'id',
    value: id,
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const form = el(
    'form',
    { class: 'controls lookup' },
    labelled('Request id', input),
    el('button', { type: 'submit', class: 'primary' }, 'Look up'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    context.go('request', new URLSearchParams({ id: input.value }));
  });
  return el(
    'section',
    {},
    el('h1', {}, 'Request'),
    el('p', { class: 'lead' }, 'One prediction, with its features and every revision of its truth. Times are UTC.'),
    form,
    id !== '' && whenLoaded(fetchPrediction(id, context.signal), { ...context, words: 'Looking it up…' }, found),
  );
}

function found({ ground_truth, features, ...fields }: PredictionAnswer): HTMLElement {
  return el(
    'div',
    { class: 'columns' },
    el('div', { class: 'card' }, el('h2', {}, 'Prediction'), fieldList(fields)),
    el('div', { class: 'card' }, el('h2', {}, 'Ground truth'), timeline(fields, ground_truth)),
    el('div', { class: 'card' }, el('h2', {}, 'Features'), featureTable(features ?? {})),
  );
}

type Fields = Omit<PredictionAnswer, 'ground_truth' | 'features'>;

const times = new Set(['ts', 'arrived']);

function fieldList(fields: Fields): HTMLElement {
  const entries = Object.entries(fields).flatMap(([name, value]) => [
    el('dt', {}, name),
    el('dd', {}, name === 'model' ? modelLink(fields) : shownValue(name, value)),
  ]);
  return el('dl', { class: 'fields' }, ...entries);
}

const modelLink = ({ model, version }: Fields): HTMLElement =>
  el('a', { href: addressOf('evaluation', { model, version }) }, model);

/** Values of an embedding that are shown. */
const embeddingShownMax = 8;

function shownValue(name: string, value: unknown): Node {
  if (times.has(name)) return el('time', { datetime: String(value) }, timeWords(String(value)));
  if (Array.isArray(value) && value.length > embeddingShownMax) {
    const first = value.slice(0, embeddingShownMax).join(', ');
    return el('span', {}, `${first}, … (${countWords(value.length)} values)`);
  }
  if (Array.isArray(value)) return el('span', {}, value.join(', '));
  if (typeof value === 'object') return el('pre', {}, JSON.stringify(value, null, 2));
  return el('span', {}, String(value));
}

function featureTable(features: NonNullable<PredictionAnswer['features']>): HTMLElement {
  const rows = Object.entries(features).sort(([a], [b]) => a.localeCompare(b));
  if (rows.length === 0) return el('p', { class: 'muted' }, 'None were sent.');
  return dataTable(
    'Features',
    [
      { head: 'Name', cell: ([name]) => name },
      { head: 'Value', cell: ([, value]) => (value === null ? el('i', { class: 'muted' }, 'null') : String(value)) },
      { head: 'Type', cell: ([, value]) => kindOf(value) },
    ],
    rows,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'string' ? 'category' : typeof value;
}

/** The prediction and its truths as events by the time at which each became known. */
function timeline({ ts, prediction }: Fields, truths: readonly StoredTruth[]): HTMLElement {
  const said = el(
    'li',
    { class: 'said' },
    el('time', { datetime: ts }, timeWords(ts)),
    el('p', {}, 'Predicted ', el('b', {}, prediction === undefined ? 'no value' : String(prediction))),
  );
  const list = el('ol', { class: 'timeline' }, said, ...truths.map(truthEvent));
  if (truths.length > 0) return list;
  return el('div', {}, list, el('p', { class: 'muted' }, 'No truth is known yet.'));
}

function truthEvent({ label, ts, arrived, source, revision, current }: StoredTruth): HTMLElement {
  const details = [
    revision !== undefined && `revision ${revision}`,
    source !== undefined && `from ${source}`,
    arrived !== ts && `arrived ${timeWords(arrived)}`,
  ].filter((part) => part !== false);
  return el(
    'li',
    { class: current ? 'current' : 'past' },
    el('time', { datetime: ts }, timeWords(ts)),
    el('p', {}, 'Truth ', el('b', {}, String(label)), ' ', current && el('span', { class: 'badge' }, 'counts')),
    details.length > 0 && el('p', { class: 'muted' }, details.join(', ')),
  );
}
