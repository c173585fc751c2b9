/** Where an axis has its marks. */
export interface Tick {
  readonly at: number;
  readonly words: string;
}

/** Round values within [low, high], a step of 1, 2 or 5 times a power of ten apart, about as many as wanted. */
export function valueTicks(low: number, high: number, wanted: number): readonly Tick[] {
  const rough = (high - low) / Math.max(1, wanted);
  if (!(rough > 0) || !Number.isFinite(rough)) return [{ at: low, words: String(low) }];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const ticks: Tick[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    // Adding 0 turns -0 into 0.
    ticks.push({ at: i * step, words: format.format(i * step + 0) });
  return ticks;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Mean length of a Gregorian month. */
const monthMs = 30.436875 * dayMs;

const fixedStepsMs = [1, 5, 15, 30, 60, 180, 360, 720].map((minutes) => minutes * minuteMs);
const dayStepsMs = [1, 2, 7, 14].map((days) => days * dayMs);
const monthSteps = [1, 2, 3, 6, 12, 24, 60, 120];
/** 1970-01-05 was a Monday. */
const mondayMs = 4 * dayMs;

/** Round times in UTC within [fromMs, toMs], at most as many as wanted: minutes, hours, days, weeks, months or years. */
export function timeTicks(fromMs: number, toMs: number, wanted: number): readonly Tick[] {
  const roughMs = (toMs - fromMs) / Math.max(1, wanted);
  const fixedMs = [...fixedStepsMs, ...dayStepsMs].find((stepMs) => stepMs >= roughMs);
  if (fixedMs !== undefined) return fixedTicks(fromMs, toMs, fixedMs);
  const months = monthSteps.find((count) => count * monthMs >= roughMs) ?? 1200;
  return monthTicks(fromMs, toMs, months);
}

function fixedTicks(fromMs: number, toMs: number, stepMs: number): readonly Tick[] {
  const offsetMs = stepMs >= 7 * dayMs ? mondayMs : 0;
  const ticks: Tick[] = [];
  for (let at = Math.ceil((fromMs - offsetMs) / stepMs) * stepMs + offsetMs; at <= toMs; at += stepMs)
    ticks.push({ at, words: at % dayMs === 0 ? dayWords.format(at) : new Date(at).toISOString().slice(11, 16) });
  return ticks;
}

function monthTicks(fromMs: number, toMs: number, months: number): readonly Tick[] {
  const words = months >= 12 ? yearWords : monthWords;
  const first = new Date(fromMs);
  const ticks: Tick[] = [];
  let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months;
  for (let at = monthStart(month); at <= toMs; month += months, at = monthStart(month))
    if (at >= fromMs) ticks.push({ at, words: words.format(at) });
  return ticks;
}

const monthStart = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12);

const inUtc = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
const dayWords = inUtc({ month: 'short', day: 'numeric' });
const monthWords = inUtc({ month: 'short', year: 'numeric' });
const yearWords = inUtc({ year: 'numeric' });
