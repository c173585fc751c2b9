/** What the demo shows: how good the model was, asked of the server's API alone. Every figure is from its answers. */
import { correctedAtMs, demoModel, faultyMonth } from './demo-data.js';
import { type TextColumn, textTable, wrapped } from './demo-table.js';
import { type HttpClient, type HttpRequest, queryText } from './http-client.js';

/** A row of `GET /api/ml/evaluations`. */
export interface EvaluationRow {
  readonly from: string;
  readonly to: string;
  readonly cohort: Readonly<Record<string, string | null>>;
  readonly count: number;
  readonly with_truth: number;
  readonly coverage: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

const evaluationsPath = '/api/ml/evaluations';
const lineWidth = 98;

/** Asks for evaluations of the demo's model. `fresh` makes the server wait until every acknowledged row can be read. */
export async function evaluate(client: HttpClient, query: HttpRequest['query']): Promise<readonly EvaluationRow[]> {
  const request = {
    method: 'GET',
    path: evaluationsPath,
    query: { model: demoModel.model, fresh: 1, ...query },
  } as const;
  return (await client.json<{ rows: EvaluationRow[] }>(request)).rows;
}

const metricColumns = ['accuracy', 'precision', 'recall', 'f1', 'roc_auc', 'brier'] as const;

/** A table of evaluations: a name for each row, counts, coverage and metrics. */
function evaluationTable(title: string, rows: readonly (readonly [name: string, row: EvaluationRow])[]): string[] {
  const columns: TextColumn[] = [
    { title, align: 'left' },
    ...['count', 'coverage', ...metricColumns].map((name) => ({ title: name, align: 'right' as const })),
  ];
  const cells = rows.map(([name, { count, coverage, metrics }]) => [
    name,
    whole(count),
    `${(coverage * 100).toFixed(1)} %`,
    ...metricColumns.map((metric) => figure(metrics[metric])),
  ]);
  return textTable(columns, cells);
}

export const whole = (number: number): string => number.toLocaleString('en-US');

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value.toFixed(4);

/** Year by year. */
export async function byYear(client: HttpClient): Promise<string[]> {
  const rows = await evaluate(client, { every: '1y' });
  return evaluationTable(
    'year',
    rows.map((row) => [row.from.slice(0, 4), row]),
  );
}

/** Meanings of the codes that the demo shows. Source: data dictionary of the American Community Survey. */
const codeMeanings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SEX: { 1: 'male', 2: 'female' },
  MAR: { 1: 'married', 2: 'widowed', 3: 'divorced', 4: 'separated', 5: 'never married' },
};

/** By age, and by the codes of two features. */
export async function byCohort(client: HttpClient): Promise<string[]> {
  const lines: string[] = [];
  for (const [title, by] of [
    ['age', 'feature:AGEP(18,30,45,65)'],
    ['marital status', 'feature:MAR'],
    ['sex', 'feature:SEX'],
  ] as const) {
    const meanings = codeMeanings[by.slice('feature:'.length)] ?? {};
    const rows = await evaluate(client, { by });
    const named = rows.map((row): [string, EvaluationRow] => {
      const value = Object.values(row.cohort)[0] ?? '(missing)';
      return [[value, meanings[value]].filter((text) => text !== undefined).join(' '), row];
    });
    lines.push(...(lines.length === 0 ? [] : ['']), ...evaluationTable(title, named));
  }
  return lines;
}

const worstMonths = 5;

/** The months with the lowest accuracy, and how far single days go. */
export async function worstTimes(client: HttpClient): Promise<string[]> {
  const months = byAccuracy(await evaluate(client, { every: '1mo' }));
  const days = byAccuracy(await evaluate(client, { every: '1d', metrics: 'accuracy' }));
  const worst = days[0];
  const best = days.at(-1);
  const table = evaluationTable(
    'month',
    months.slice(0, worstMonths).map((row) => [row.from.slice(0, 7), row]),
  );
  if (worst === undefined || best === undefined) return table;
  const range = [worst, best].map(({ from, metrics }) => `${figure(metrics.accuracy)} (${from.slice(0, 10)})`);
  return [...table, '', `Day by day, over ${whole(days.length)} days, accuracy runs from ${range.join(' to ')}.`];
}

const byAccuracy = (rows: readonly EvaluationRow[]): EvaluationRow[] =>
  rows
    .filter(({ metrics }) => typeof metrics.accuracy === 'number')
    .sort((a, b) => a.metrics.accuracy! - b.metrics.accuracy!);

const faultyRange = {
  from: new Date(faultyMonth.fromMs).toISOString(),
  to: new Date(faultyMonth.toMs).toISOString(),
} as const;

/** The figures of the month whose first truths are faulty, as they are known now or were known at `asOf`. */
export async function faultyMonthFigures(client: HttpClient, asOf?: string): Promise<EvaluationRow | undefined> {
  return (await evaluate(client, { ...faultyRange, as_of: asOf }))[0];
}

/** The day before the correction. */
export const dayBeforeCorrection = new Date(correctedAtMs - 86_400_000).toISOString().slice(0, 10);

/** How a month looked before a correction of its truth, how it looks after, and that the past is still there. */
export async function afterCorrection(client: HttpClient, before: EvaluationRow | undefined): Promise<string[]> {
  const asOf = `${dayBeforeCorrection}T00:00:00Z`;
  const after = await faultyMonthFigures(client);
  const then = await faultyMonthFigures(client, asOf);
  const rows: [string, EvaluationRow | undefined][] = [
    ['before', before],
    ['after', after],
    [`as_of ${dayBeforeCorrection}`, then],
  ];
  const month = new Date(faultyMonth.fromMs).toISOString().slice(0, 7);
  return evaluationTable(
    month,
    rows.filter((row): row is [string, EvaluationRow] => row[1] !== undefined),
  );
}

/** One prediction as the server gives it back. */
export async function oneRequest(client: HttpClient, requestId: string): Promise<string[]> {
  const path = `/api/ml/predictions/${encodeURIComponent(requestId)}`;
  const answer = await client.json<Record<string, unknown>>({ method: 'GET', path, query: { fresh: 1 } });
  const members = Object.entries(answer).flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0
      ? [`"${name}":`, ...value.map((item) => `  ${JSON.stringify(item)}`)]
      : [`"${name}": ${JSON.stringify(value)}`],
  );
  return [`GET ${path}`, ...members.flatMap((member) => wrapped(`  ${member}`, lineWidth, '    '))];
}

/** Where to go from here. */
export function whatToTry(url: string): string[] {
  const { model } = demoModel;
  const evaluations = `${url}${evaluationsPath}${queryText({ model, every: '1mo', format: 'csv' })}`;
  const sql = 'SELECT toYear(ts) AS year, count(), avg(score) FROM predictions GROUP BY year';
  return [
    `curl '${evaluations}'`,
    `curl ${url}/api/sql -H 'content-type: application/json' \\`,
    `  -d '{"query": "${sql}"}'`,
  ];
}
