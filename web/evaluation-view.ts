/** How good a model was over time and by cohort: controls, a chart of one metric, and the rows. */
import type { EvaluationAnswer, EvaluationAnswerRow } from '../src/http/contract/evaluations.js';
import { evaluationPath, fetchEvaluation, fetchModels, type Model } from './api.js';
import { dataTable, type TableColumn } from './data-table.js';
import { el } from './dom.js';
import { evaluationForm } from './evaluation-form.js';
import { cohortHead, cohortValue, coverageOf, largestOf, seriesOf } from './evaluation-series.js';
import { lineChart, linesMax } from './line-chart.js';
import { everyFor } from './models-view.js';
import { addressOf, labelled, type ViewContext, whenLoaded } from './view.js';
import { countWords, figureWords, metricHead, metricWords, shareWords, timeWords } from './words.js';

/** Rows that the table shows; the file has all. */
const rowsShownMax = 500;
/** Parameters of the address that the API takes as they are. */
const apiParameters = ['model', 'version', 'from', 'to', 'every', 'by', 'as_of', 'positive', 'task'];

export const evaluationView = (context: ViewContext): HTMLElement =>
  el(
    'section',
    {},
    el('h1', {}, 'Evaluation'),
    whenLoaded(fetchModels(context.signal), context, (models) =>
      models.length === 0
        ? el('p', { class: 'notice' }, 'No prediction has arrived yet, so there is nothing to evaluate.')
        : asking(models, context),
    ),
  );

function asking(models: readonly Model[], context: ViewContext): HTMLElement {
  const parameters = withDefaults(models, context.parameters);
  const query = new URLSearchParams(
    apiParameters.flatMap((name) => {
      const value = parameters.get(name) ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
  return el(
    'div',
    {},
    evaluationForm(models, parameters, (asked) => context.go('evaluation', asked)),
    whenLoaded(fetchEvaluation(query, context.signal), { ...context, words: 'Evaluating…' }, (answer) =>
      answered(answer, parameters, query),
    ),
  );
}

/** What an address leaves open: the first model, and buckets that suit its time. */
function withDefaults(models: readonly Model[], given: URLSearchParams): URLSearchParams {
  const parameters = new URLSearchParams(given);
  if (!parameters.get('model')) parameters.set('model', models[0]?.model ?? '');
  const model = models.find((each) => each.model === parameters.get('model'));
  if (!parameters.get('every')) parameters.set('every', model === undefined ? 'all' : everyFor(model));
  return parameters;
}

function answered(answer: EvaluationAnswer, parameters: URLSearchParams, query: URLSearchParams): HTMLElement {
  const metrics = metricsOf(answer.rows);
  const notes = answer.notes.map((note) => el('li', {}, note));
  return el(
    'div',
    { class: 'answered' },
    summaryOf(answer),
    answer.rows.length === 0
      ? el('p', { class: 'notice' }, 'No prediction lies in this range.')
      : chartCard(answer, metrics, parameters),
    notes.length > 0 &&
      el('details', { class: 'notice' }, el('summary', {}, `${notes.length} notes`), el('ul', {}, ...notes)),
    answer.rows.length > 0 && rowsCard(answer, metrics, query),
  );
}

function metricsOf(rows: readonly EvaluationAnswerRow[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
}

function summaryOf({ rows, task, task_reason, positive, positive_reason, as_of }: EvaluationAnswer): HTMLElement {
  const count = rows.reduce((sum, row) => sum + row.count, 0);
  const withTruth = rows.reduce((sum, row) => sum + row.with_truth, 0);
  const fact = (name: string, value: string, title?: string) =>
    el('div', { title }, el('dt', {}, name), el('dd', {}, value));
  return el(
    'dl',
    { class: 'facts' },
    fact('Predictions', countWords(count)),
    fact('With truth', count === 0 ? '–' : shareWords(withTruth / count), `${countWords(withTruth)} predictions`),
    fact('Task', task, task_reason),
    positive !== null && fact('Positive class', positive, positive_reason ?? undefined),
    fact('Truth as known', as_of === null ? 'now' : timeWords(as_of)),
  );
}

function chartCard({ rows }: EvaluationAnswer, metrics: readonly string[], parameters: URLSearchParams): HTMLElement {
  const withValue = metrics.filter((name) => rows.some((row) => typeof row.metrics[name] === 'number'));
  const asked = parameters.get('metric') ?? '';
  const chosen = metrics.includes(asked) ? asked : (withValue[0] ?? metrics[0] ?? '');
  const options = metrics.map((value) => el('option', { value, selected: value === chosen }, metricWords(value)));
  const choice = el('select', { id: 'metric', name: 'metric' }, ...options);
  const place = el('div', {}, chartOf(rows, chosen));
  const link = el('a', { class: 'card-link', href: addressOf('evaluation', parameters) }, 'Permalink');
  choice.addEventListener('change', () => {
    parameters.set('metric', choice.value);
    link.href = addressOf('evaluation', parameters);
    // The same answer drawn anew, so no new entry of the history.
    history.replaceState(null, '', link.href);
    place.replaceChildren(chartOf(rows, choice.value));
  });
  return el('div', { class: 'card' }, el('div', { class: 'card-head' }, labelled('Metric', choice), link), place);
}

function chartOf(rows: readonly EvaluationAnswerRow[], metric: string): HTMLElement {
  const all = seriesOf(rows, metric);
  const series = largestOf(all, linesMax);
  const left = all.length - series.length;
  return el(
    'div',
    {},
    lineChart({ metric, title: metricWords(metric), series, coverage: coverageOf(rows) }),
    left > 0 &&
      el('p', { class: 'muted' }, `The ${linesMax} largest cohorts are drawn; ${left} more are in the table.`),
  );
}

function rowsCard({ rows }: EvaluationAnswer, metrics: readonly string[], query: URLSearchParams): HTMLElement {
  const csv = new URLSearchParams([...query, ['format', 'csv']]);
  const cohorts = Object.keys(rows[0]?.cohort ?? {});
  const columns: TableColumn<EvaluationAnswerRow>[] = [
    { head: 'From', cell: ({ from }) => timeWords(from), exact: ({ from }) => from },
    { head: 'To', cell: ({ to }) => timeWords(to), exact: ({ to }) => to },
    ...cohorts.map((name) => ({
      head: cohortHead(name),
      cell: ({ cohort }: EvaluationAnswerRow) => cohortValue(cohort[name]),
    })),
    { head: 'Count', isNumber: true, cell: ({ count }) => countWords(count) },
    {
      head: 'With truth',
      isNumber: true,
      cell: ({ coverage }) => shareWords(coverage),
      exact: ({ with_truth }) => countWords(with_truth),
    },
    ...metrics.map((name) => ({
      head: metricHead(name),
      title: metricWords(name),
      isNumber: true,
      cell: (row: EvaluationAnswerRow) => figureWords(row.metrics[name]),
      exact: (row: EvaluationAnswerRow) => String(row.metrics[name] ?? 'undefined here'),
    })),
  ];
  const shown = rows.slice(0, rowsShownMax);
  const words =
    shown.length < rows.length
      ? `The first ${countWords(shown.length)} of ${countWords(rows.length)} rows`
      : `${countWords(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`;
  return el(
    'div',
    { class: 'card' },
    el(
      'div',
      { class: 'card-head' },
      el('h2', {}, words),
      el('a', { href: evaluationPath(csv), download: 'evaluation.csv', class: 'card-link' }, 'CSV'),
    ),
    dataTable('Rows of the evaluation', columns, shown),
  );
}
