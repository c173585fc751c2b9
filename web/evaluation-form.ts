/** What an evaluation is asked with, as controls. */
import type { Model } from './api.js';
import { el } from './dom.js';
import { labelled } from './view.js';

export type Ask = (parameters: URLSearchParams) => void;

const everyWords: Readonly<Record<string, string>> = {
  '1d': 'Day',
  '1w': 'Week',
  '1mo': 'Month',
  all: 'Whole range',
};

const columns = ['version', 'endpoint', 'region', 'segment', 'status', 'prediction', 'experiment_id', 'variant'];

/** Parameters of the API that the form has no control for; a link that carries them keeps them. */
const kept = ['positive', 'task', 'metric'];

export function evaluationForm(models: readonly Model[], parameters: URLSearchParams, ask: Ask): HTMLFormElement {
  const model = select('model', [...new Set(models.map((each) => each.model))], parameters);
  const version = select('version', versionsOf(models, model.value), parameters, 'All versions');
  const every = select('every', Object.keys(everyWords), parameters);
  const form = el(
    'form',
    { class: 'controls' },
    labelled('Model', model),
    labelled('Version', version),
    labelled('From', text('from', parameters, 'the first')),
    labelled('To', text('to', parameters, 'the last')),
    labelled('Every', every),
    labelled('By', text('by', parameters, 'region,feature:age', { list: 'by-columns' })),
    labelled('As of', text('as_of', parameters, 'now')),
    el('datalist', { id: 'by-columns' }, ...columns.map((value) => el('option', { value }))),
    el('button', { type: 'submit', class: 'primary' }, 'Evaluate'),
  );
  const askNow = (): void => ask(asked(form, parameters));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    askNow();
  });
  model.addEventListener('change', () => {
    // A version belongs to its model.
    version.value = '';
    askNow();
  });
  for (const control of [version, every]) control.addEventListener('change', askNow);
  return form;
}

const versionsOf = (models: readonly Model[], model: string): string[] =>
  models.filter((each) => each.model === model).map(({ version }) => version);

/** A choice that also offers what the address asks for, should it not be among the usual values. */
function select(name: string, values: readonly string[], parameters: URLSearchParams, none?: string) {
  const chosen = parameters.get(name) ?? '';
  const all = chosen === '' || values.includes(chosen) ? values : [...values, chosen];
  const options = all.map((value) =>
    el('option', { value, selected: value === chosen }, name === 'every' ? (everyWords[value] ?? value) : value),
  );
  return el('select', { name, id: name }, none !== undefined && el('option', { value: '' }, none), ...options);
}

function text(
  name: string,
  parameters: URLSearchParams,
  placeholder: string,
  more: Readonly<Record<string, string>> = {},
) {
  const value = parameters.get(name) ?? '';
  return el('input', { name, id: name, value, placeholder, autocomplete: 'off', spellcheck: 'false', ...more });
}

function asked(form: HTMLFormElement, before: URLSearchParams): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of new FormData(form)) parameters.set(name, String(value).trim());
  for (const name of kept) parameters.set(name, before.get(name) ?? '');
  return parameters;
}
