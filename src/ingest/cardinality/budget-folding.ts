/**
 * What a new series is stored as, by the budgets. Labels are taken out of its draft one by one, until the series that the
 * draft stands for is there already, or may be stored:
 *
 * 1. A value without a place under the budget of values becomes `__other__`.
 * 2. Under pressure, the labels that are being folded become `__other__`: from level 1 on where no series carries their
 *    value, from level 2 on whatever their value is.
 * 3. Where that does not do, the next offending label is folded too, and from then on for the whole metric. That is so
 *    when nothing is free, and when another label explodes too.
 * 4. Where no label is left to fold, the series is refused.
 */
import type { BudgetName } from './budgets.js';
import { isOther, type LabelSpans, mergeLabel, replaceValue, writeDraft } from './label-spans.js';
import {
  type ActingFold,
  countFolded,
  createActingFold,
  type LabelState,
  labelStateOf,
  type MetricState,
  restartWindow,
  shapeOf,
} from './metric-state.js';
import { offendingLabel } from './offending-label.js';
import type { Pressure, PressureGauge } from './pressure.js';
import { otherValue, structuralLabels } from './rules.js';
import type { StoredSeries } from './stored-series.js';
import { hasPlace, type Places } from './value-places.js';

export interface BudgetFold {
  /** Names of the labels that budgets folded. */
  readonly folded: readonly string[];
  /** Whether the series of the draft is stored already. */
  readonly isStored: boolean;
}

/** What budgets go by. */
export interface BudgetContext {
  /** Values that a label may have. */
  readonly places: Places;
  readonly seriesPerMetricMax: number;
  /** Labels that budgets never fold. */
  readonly protectedLabels: ReadonlySet<string>;
  readonly series: StoredSeries;
  readonly gauge: PressureGauge;
}

/** A series on its way to the form that it is stored in. */
export interface SeriesDraft {
  readonly context: BudgetContext;
  readonly spans: LabelSpans;
  readonly metric: MetricState;
  readonly pressure: Pressure;
  readonly nowMs: number;
}

/** A label of a draft that can be folded, by its place there. */
interface Foldable {
  readonly label: number;
  readonly state: LabelState;
}

/** A fold lasts at least so long after it was last needed, so that it does not come and go. A guess. */
const foldLastsMs = 600_000;
/** A label explodes with at least so many new values, and one for every so many series of the fold. Guesses. */
const newValuesMin = 8;
const newValuesShare = 1 / 4;
/** The fold of a metric over its own budget ends when a quarter is free. A guess. */
const liftedShare = 3 / 4;

/** Brings the draft of a new series into a form that may be stored; undefined where there is none. */
export function foldByBudgets(draft: SeriesDraft): BudgetFold | undefined {
  const { metric, pressure, nowMs } = draft;
  mergeUntracked(draft);
  const folded = foldValues(draft);
  if (pressure.level > 0) metric.neededMs = nowMs;
  if (pressure.level > 0 || metric.folds.length > 0) folded.push(...foldUnderPressure(draft));
  const settled = settle(draft);
  return settled && { folded: [...folded, ...settled.folded], isStored: settled.isStored };
}

/** Folds just these labels, as was done with another part of the same histogram; undefined where that may not be stored. */
export function foldAgain(draft: SeriesDraft, names: readonly string[]): BudgetFold | undefined {
  mergeUntracked(draft);
  for (const { label, state } of foldableLabels(draft))
    if (names.includes(state.name)) replaceValue(draft.spans, label, otherValue);
  const isStored = isDraftStored(draft);
  return isStored || draft.pressure.level < 3 ? { folded: names, isStored } : undefined;
}

/** Ends the folds of a metric that has had room for a while. */
export function liftFolds({ context, metric, pressure, nowMs }: SeriesDraft): void {
  if (metric.folds.length === 0 || pressure.level > 0 || nowMs - metric.neededMs < foldLastsMs) return;
  if (context.gauge.seriesOf(metric) >= context.seriesPerMetricMax * liftedShare) return;
  for (const state of metric.folds.splice(0)) {
    state.seriesFold = undefined;
    state.shapeAtFold = undefined;
  }
  restartWindow(metric);
}

const isDraftStored = ({ context, spans }: SeriesDraft): boolean =>
  spans.isChanged && context.series.hasSeries(writeDraft(spans));

function foldableLabels({ context, spans, metric }: SeriesDraft): Foldable[] {
  const found: Foldable[] = [];
  for (let label = 0; label < spans.count; label++) {
    const name = spans.names[label]!;
    if (structuralLabels.has(name) || context.protectedLabels.has(name)) continue;
    const state = spans.replacements[label] === undefined ? labelStateOf(metric, name) : undefined;
    if (state !== undefined && !isOther(spans, label)) found.push({ label, state });
  }
  return found;
}

/** Labels past the bound of names are merged, so that names of labels cannot explode either. */
function mergeUntracked({ spans, metric }: SeriesDraft): void {
  for (let label = 0; label < spans.count; label++) {
    const name = spans.names[label]!;
    const isFree = !structuralLabels.has(name) && spans.replacements[label] === undefined;
    if (isFree && labelStateOf(metric, name) === undefined) mergeLabel(spans, label);
  }
}

/** Folds a label of the draft because of a budget, and tells its name. */
function replaceFor({ spans, nowMs }: SeriesDraft, { label, state }: Foldable, fold: ActingFold): string {
  replaceValue(spans, label, otherValue);
  countFolded(fold, spans.valueHashes[label]!, nowMs);
  return state.name;
}

function foldValues(draft: SeriesDraft): string[] {
  const folded: string[] = [];
  for (const foldable of foldableLabels(draft)) {
    const { label, state } = foldable;
    if (hasPlace(state, draft.spans.valueHashes[label]!, draft.context.places)) continue;
    state.valueFold ??= createActingFold('values_per_label', draft.nowMs);
    folded.push(replaceFor(draft, foldable, state.valueFold));
  }
  return folded;
}

function foldUnderPressure(draft: SeriesDraft): string[] {
  const { metric, spans, pressure, nowMs } = draft;
  const isNew = ({ label, state }: Foldable): boolean => !state.values.has(spans.valueHashes[label]!);
  for (const foldable of foldableLabels(draft)) if (isNew(foldable)) foldable.state.recentValues.add(nowMs);
  if (metric.folds.length === 0) {
    const next = nextOffender(draft);
    if (next !== undefined) beginFold(draft, next.state, pressure.budget);
  }
  return foldableLabels(draft).flatMap((foldable) => {
    const fold = foldable.state.seriesFold;
    if (fold === undefined || (pressure.level < 2 && !isNew(foldable))) return [];
    return replaceFor(draft, foldable, fold);
  });
}

function beginFold({ context, metric, nowMs }: SeriesDraft, state: LabelState, budget: BudgetName): ActingFold {
  const fold = createActingFold(budget, nowMs);
  state.seriesFold = fold;
  state.shapeAtFold = shapeOf(metric, state, context.gauge.seriesOf(metric));
  metric.folds.push(state);
  metric.targetsSinceFold = 0;
  restartWindow(metric);
  return fold;
}

function nextOffender(draft: SeriesDraft): Foldable | undefined {
  const candidates = foldableLabels(draft);
  const states = candidates.map(({ state }) => state);
  const next = offendingLabel(draft.metric, states, draft.nowMs);
  return candidates.find(({ state }) => state === next);
}

/** Folds further labels until the draft may be stored. Only then the folds count for the whole metric. */
function settle(draft: SeriesDraft): BudgetFold | undefined {
  const { spans, pressure } = draft;
  const { level } = pressure;
  const added: Foldable[] = [];
  const commit = (isStored: boolean): BudgetFold => {
    const folded = added.map((foldable) => {
      const { state } = foldable;
      return replaceFor(draft, foldable, state.seriesFold ?? beginFold(draft, state, pressure.budget));
    });
    return { folded, isStored };
  };
  for (;;) {
    if (!spans.isChanged && level < 2) return commit(false);
    if (isDraftStored(draft)) return commit(true);
    const next = nextOffender(draft);
    // One more label is enough for now: what it brings is judged by the series to come.
    const isEnough = added.length > 0 || (spans.isChanged && !isExploding(draft, next?.state));
    if (level < 3 && isEnough) return commit(false);
    if (next === undefined) return level < 3 ? commit(false) : undefined;
    replaceValue(spans, next.label, otherValue);
    added.push(next);
  }
}

/**
 * Whether another label explodes beside those that are folded: the series folded so far have taken half of what was left, and
 * the label's new values come as fast as they do. Without the second sign a few labels that behave would be folded
 * whose combinations are just being filled.
 */
function isExploding({ context, metric, pressure, nowMs }: SeriesDraft, next: LabelState | undefined): boolean {
  if (pressure.level === 0 || next === undefined || metric.targetsSinceFold < context.gauge.room(metric)) return false;
  return next.recentValues.at(nowMs) >= Math.max(newValuesMin, metric.targetsSinceFold * newValuesShare);
}
