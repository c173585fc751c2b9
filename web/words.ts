/** Numbers and times as people read them. Times are UTC throughout. */
const whole = new Intl.NumberFormat('en-US');
const figure = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 5 });
const fraction = new Intl.NumberFormat('en-US', { minimumFractionDigits: 4, maximumFractionDigits: 4 });
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });

export const countWords = (count: number): string => whole.format(count);

/** A share, 0 to 1. One that is not whole is never rounded to all or none. */
export function shareWords(share: number): string {
  if (share > 0.999 && share < 1) return '> 99.9%';
  if (share > 0 && share < 0.001) return '< 0.1%';
  return percent.format(share);
}

/** A metric's value: four decimals below ten, five digits above; a dash where there is none. */
export function figureWords(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (Number.isInteger(value) && Math.abs(value) >= 2) return whole.format(value);
  if (value !== 0 && (Math.abs(value) >= 10 || Math.abs(value) < 0.001)) return figure.format(value);
  return fraction.format(value);
}

/** RFC 3339 text or epoch milliseconds to "2026-03-01 12:00:30", without what is zero at its end. */
export function timeWords(time: string | number): string {
  const text = new Date(time).toISOString();
  const [date = '', clock = ''] = text.slice(0, -1).split('T');
  if (clock === '00:00:00.000') return date;
  return `${date} ${clock.replace(/\.000$/, '').replace(/(\d\d:\d\d):00$/, '$1')}`;
}

const dayMs = 86_400_000;

/** A bucket: its day or its month where it is one, else its beginning and end. */
export function bucketWords(fromMs: number, toMs: number): string {
  const from = new Date(fromMs).toISOString();
  if (fromMs % dayMs === 0 && toMs - fromMs === dayMs) return from.slice(0, 10);
  const nextMonthMs = Date.UTC(new Date(fromMs).getUTCFullYear(), new Date(fromMs).getUTCMonth() + 1);
  if (from.slice(7) === '-01T00:00:00.000Z' && toMs === nextMonthMs) return from.slice(0, 7);
  return `${timeWords(fromMs)} to ${timeWords(toMs)}`;
}

/** `roc_auc` to "ROC AUC". */
export function metricWords(name: string): string {
  return metricTitles[name] ?? name.replaceAll('_', ' ');
}

const metricTitles: Readonly<Record<string, string>> = {
  accuracy: 'Accuracy',
  precision: 'Precision',
  recall: 'Recall',
  f1: 'F1',
  roc_auc: 'ROC AUC',
  log_loss: 'Log loss',
  brier: 'Brier score',
  tp: 'True positives',
  fp: 'False positives',
  fn: 'False negatives',
  tn: 'True negatives',
  mae: 'MAE',
  rmse: 'RMSE',
  mape: 'MAPE',
  r2: 'R²',
  bias: 'Bias',
};

/** The shortest name of each metric, for a table's head. */
export const metricHead = (name: string): string =>
  ['tp', 'fp', 'fn', 'tn'].includes(name) ? name.toUpperCase() : metricWords(name);
