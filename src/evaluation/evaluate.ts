/**
 * Retrospective evaluation: how good a model was, bucket by bucket and cohort by cohort, by the truth known now or at an
 * earlier moment. Profiles first, which decide task, classes and cohorts once for the whole range; then a statement or
 * two for each slice of time. Numbers equal scikit-learn's on the same rows.
 */
import { closestMatch } from 'leven';
import { BarographError } from '../base/errors.js';
import type { Engine } from '../storage/engine.js';
import { evaluateBinary } from './binary.js';
import type { CohortSpec } from './cohort-spec.js';
import { type Bins, binningOf, binsOfEdges, binsOfQuantiles, type Cohort, cohortOf, cohortSource } from './cohorts.js';
import type { EvaluatedGroup, EvaluationContext } from './evaluated-group.js';
import type { Evaluation, EvaluationLimits, EvaluationRequest } from './evaluation.js';
import { everyText, type TimeRange, timeSlices } from './every.js';
import { compareGroups, type Grouping, rowHead, tooManyRows } from './groups.js';
import { binaryMetrics, type MetricName, multiclassMetrics, regressionMetrics } from './metric-names.js';
import { evaluateMulticlass } from './multiclass.js';
import { isKnown, type PredictionProfile, profilePredictions, profileTruths, separateVersionsMax } from './profile.js';
import { readQuantiles } from './quantiles.js';
import { evaluateRegression } from './regression.js';
import { createRemarks } from './remarks.js';
import type { Scope } from './scope.js';
import { createStatementRunner, type RunStatement } from './statement-runner.js';
import { choosePositive, classesOf, type Decision, decideTask, type ValueSet } from './task.js';

export interface EvaluateOptions {
  readonly limits: EvaluationLimits;
  /** Aborting stops the statements in the engine. */
  readonly signal?: AbortSignal;
  /** From so many predictions on, versions are read each by itself. Another value than the default only in tests. */
  readonly separateVersionsRowsMin?: number;
}

/**
 * The engine merges the streams of one version twice as fast as those of several at once, whose names it has to compare
 * (measured: 0.8 against 1.5 microseconds of CPU a row), but opens each part again for each version. A guess between the two.
 */
const separateVersionsRowsMinDefault = 2_000_000;

/**
 * Evaluates what the request asks for. Throws `not_found` for a model or version that has no prediction at all,
 * `bad_request` for a positive class that does not exist, `query_too_large`, `query_timeout` and `query_memory` past a
 * limit, `query_cancelled` when aborted, and what the engine's contract names.
 */
export async function evaluate(
  engine: Engine,
  request: EvaluationRequest,
  { limits, signal, separateVersionsRowsMin = separateVersionsRowsMinDefault }: EvaluateOptions,
): Promise<Evaluation> {
  const run = createStatementRunner(engine, limits, signal);
  const asked = scopeOf(request);
  const profile = await profilePredictions(run, asked, request.by);
  const { extent } = profile;
  if (extent === undefined) await assertKnown(run, asked);
  const scope = withVersions(asked, profile, separateVersionsRowsMin);
  const truths =
    request.task === 'regression' || extent === undefined ? noValues : await profileTruths(run, scope, extent);
  const plan = planOf(request, profile, truths);
  const range = {
    fromMs: request.fromMs ?? extent?.fromMs ?? 0,
    toMs: request.toMs ?? extent?.toMs ?? 0,
  };
  const cohorts = await cohortsOf(run, scope, request.by, profile);
  const remarks = createRemarks();
  const grouping = { every: request.every, cohorts, range };
  const common = { run, grouping, metrics: plan.metrics, remarks };
  const groups = extent === undefined ? [] : await evaluateSlices(common, scope, extent, plan, limits);
  return {
    model: request.model,
    version: request.version ?? null,
    task: plan.decision.task,
    taskReason: plan.decision.reason,
    positive: plan.positive?.positive ?? null,
    positiveReason: plan.positive?.reason ?? null,
    classes: plan.classes,
    fromMs: request.fromMs ?? extent?.fromMs ?? null,
    toMs: request.toMs ?? extent?.toMs ?? null,
    every: everyText(request.every),
    asOfMs: request.asOfMs ?? null,
    by: cohorts.map(({ name }) => name),
    metrics: plan.metrics,
    rows: groups.sort((a, b) => compareGroups(grouping)(a.group, b.group)).map((group) => rowOf(grouping, group)),
    notes: [
      ...plan.notes,
      ...absentCohortNotes(request.by, profile),
      ...remarks.notes(),
      ...leftOutNotes(groups, plan),
    ],
  };
}

const noValues: ValueSet = { texts: [], numbers: [], fractions: 0 };

const scopeOf = ({ model, version, fromMs, toMs, asOfMs }: EvaluationRequest): Scope => ({
  model,
  ...(version !== undefined && { version }),
  ...(fromMs !== undefined && { fromMs }),
  ...(toMs !== undefined && { toMs }),
  ...(asOfMs !== undefined && { asOfMs }),
});

/** Names the versions where that makes the join faster; a single one goes without saying. */
function withVersions(scope: Scope, { versions, count }: PredictionProfile, rowsMin: number): Scope {
  if (scope.version !== undefined || versions.length === 0 || versions.length > separateVersionsMax) return scope;
  if (versions.length === 1) return { ...scope, version: versions[0]! };
  return count < rowsMin ? scope : { ...scope, versions };
}

async function assertKnown(run: RunStatement, scope: Scope): Promise<void> {
  if (await isKnown(run, scope)) return;
  const { model, version } = scope;
  if (version !== undefined && (await isKnown(run, { model })))
    throw new BarographError(
      'not_found',
      `the model ${JSON.stringify(model)} has no version ${JSON.stringify(version)}`,
      {
        hint: 'GET /api/ml/models lists versions.',
      },
    );
  const rows = await run<{ model: string }>('SELECT DISTINCT model FROM prediction_rows LIMIT 1000', {});
  const nearest = closestMatch(
    model,
    rows.map((row) => row.model),
  );
  throw new BarographError('not_found', `the model ${JSON.stringify(model)} has no predictions`, {
    hint: `${nearest === undefined ? '' : `Did you mean ${nearest}? `}GET /api/ml/models lists models; fresh=1 waits for rows sent a moment ago.`,
  });
}

/** What is decided once for the whole range. */
interface Plan {
  readonly decision: Decision;
  readonly classes: readonly string[];
  /** Only where there are two classes at most. */
  readonly positive: ReturnType<typeof choosePositive> | undefined;
  readonly metrics: readonly MetricName[];
  /** A value near the truths of a regression: one of the predictions. */
  readonly origin: number;
  readonly notes: readonly string[];
}

function planOf(request: EvaluationRequest, { values }: PredictionProfile, truths: ValueSet): Plan {
  const decision = decideTask(request.task, values, truths);
  const origin = values.numbers[0] ?? 0;
  const common = { decision, origin, classes: [], positive: undefined, notes: [] };
  if (decision.task === 'regression') return { ...common, metrics: request.metrics ?? regressionMetrics };
  const classes = classesOf(values, truths);
  if (classes.length > 2) {
    const unused = `positive does not apply: there are ${classes.length} classes.`;
    const notes = request.positive === undefined ? [] : [unused];
    return { ...common, classes, metrics: request.metrics ?? multiclassMetrics, notes };
  }
  const positive = choosePositive(classes, request.positive);
  return { ...common, classes, positive, metrics: request.metrics ?? binaryMetrics };
}

async function cohortsOf(
  run: RunStatement,
  scope: Scope,
  by: readonly CohortSpec[],
  { sources }: PredictionProfile,
): Promise<Cohort[]> {
  const cohorts: Cohort[] = [];
  for (const [i, spec] of by.entries())
    cohorts.push(cohortOf(spec, i, sources[i]!, await binsOf(run, scope, by, i, sources)));
  return cohorts;
}

async function binsOf(
  run: RunStatement,
  scope: Scope,
  by: readonly CohortSpec[],
  i: number,
  sources: PredictionProfile['sources'],
): Promise<Bins | undefined> {
  const spec = by[i]!;
  const binning = binningOf(spec, sources[i]!);
  if (binning === undefined) return undefined;
  if (binning.kind === 'edges') return binsOfEdges(binning.edges);
  const { number, params } = cohortSource(spec, i);
  if (number === undefined) return undefined;
  const quantiles = await readQuantiles(run, scope, { sql: number, params }, binning.count);
  return quantiles && binsOfQuantiles(quantiles);
}

async function evaluateSlices(
  common: Pick<EvaluationContext, 'run' | 'grouping' | 'metrics' | 'remarks'>,
  scope: Scope,
  extent: TimeRange,
  plan: Plan,
  limits: EvaluationLimits,
): Promise<EvaluatedGroup[]> {
  const groups: EvaluatedGroup[] = [];
  for (const slice of timeSlices(common.grouping.every, extent)) {
    const groupsMax = limits.rowsMax - groups.length;
    const run: RunStatement = (sql, params) => common.run(sql, params, slice);
    const context: EvaluationContext = { ...common, run, scope: { ...scope, ...slice }, limits, groupsMax };
    for (const group of await evaluateSlice(context, plan)) groups.push(group);
    if (groups.length > limits.rowsMax) throw tooManyRows(limits);
  }
  return groups;
}

function evaluateSlice(
  context: EvaluationContext,
  { decision, classes, positive, origin }: Plan,
): Promise<EvaluatedGroup[]> {
  if (decision.task === 'regression') return evaluateRegression(context, origin);
  return positive === undefined ? evaluateMulticlass(context, classes) : evaluateBinary(context, positive.positive);
}

const rowOf = (grouping: Grouping, { group, count, withTruth, metrics, byClass }: EvaluatedGroup) => ({
  ...rowHead(grouping, group),
  count,
  withTruth,
  metrics,
  ...(byClass !== undefined && { byClass }),
});

const absentCohortNotes = (by: readonly CohortSpec[], { sources, count }: PredictionProfile): string[] =>
  by
    .filter((_, i) => count > 0 && sources[i]!.numbers.length === 0 && !sources[i]!.hasText && !sources[i]!.hasFlag)
    .map(({ name }) => `${name}: no prediction in the range has it.`);

function leftOutNotes(groups: readonly EvaluatedGroup[], { decision }: Plan): string[] {
  const total = (name: 'withoutPrediction' | 'withoutScore'): number =>
    groups.reduce((sum, group) => sum + group[name], 0);
  const what = decision.task === 'regression' ? 'a number as prediction and as truth' : 'a predicted class';
  const [unpredicted, unscored] = [total('withoutPrediction'), total('withoutScore')];
  return [
    ...(unpredicted === 0 ? [] : [`${unpredicted} predictions with truth lack ${what}; metrics leave them out.`]),
    ...(unscored === 0
      ? []
      : [`${unscored} predictions with truth lack a score; roc_auc, log_loss and brier leave them out.`]),
  ];
}
