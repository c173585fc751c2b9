/**
 * Random queries over the series of `randomMetrics`, by the grammar of PromQL: each expression is drawn by its type, so that nearly all queries are
 * valid; those that fail when they are evaluated (series that match many to many, say) must fail on both sides. Long because the grammar's rules
 * refer to each other.
 */
import type { Random } from '../../bench/load/random.js';
import { bounds, codes, instances, jobs } from './random-metrics.js';

export interface QueryDraw {
  readonly random: Random;
  /** Times at which there are samples, whole seconds since the epoch. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Whether Prometheus 3's additions may be drawn. */
  readonly isVersion3: boolean;
  /** Whether it may matter in which order the servers meet series. */
  readonly mayDependOnOrder: boolean;
}

const pick = <T>({ random }: QueryDraw, choices: readonly T[]): T => choices[random.below(choices.length)]!;
const chance = ({ random }: QueryDraw, share: number): boolean => random.uniform() < share;

/** The deepest expression that still goes further; what lies below is a selector or a number. */
const depthMax = 4;

export function randomQuery(draw: QueryDraw): string {
  const share = draw.random.uniform();
  if (share < 0.04) return scalar(draw, 1);
  return share < 0.16 ? inexactCall(draw, 1) : vector(draw, 0);
}

/** An expression that gives an instant vector. */
function vector(draw: QueryDraw, depth: number): string {
  if (depth >= depthMax) return chance(draw, 0.5) ? selector(draw) : rangeCall(draw, depth + 1);
  const share = draw.random.uniform();
  if (share < 0.16) return selector(draw);
  if (share < 0.42) return rangeCall(draw, depth + 1);
  if (share < 0.62) return aggregation(draw, depth + 1);
  if (share < 0.78) return binary(draw, depth + 1);
  if (share < 0.94) return instantCall(draw, depth + 1);
  if (share < 0.97) return `(${vector(draw, depth + 1)})`;
  return `-${operand(draw, depth + 1)}`;
}

/** An instant vector that may stand beside an operator. */
function operand(draw: QueryDraw, depth: number): string {
  const text = vector(draw, depth);
  return /[ -]/.test(text) ? `(${text})` : text;
}

function scalar(draw: QueryDraw, depth: number): string {
  const share = draw.random.uniform();
  if (depth >= depthMax || share < 0.6) return number(draw);
  if (share < 0.8) return scalarCall(draw, depth + 1);
  return scalarBinary(draw, depth + 1);
}

const numbers = ['0', '1', '2', '3', '10', '0.5', '-1', '-0.25', '100', '1e3', '0.9', '1e-3'];
const oddNumbers = ['NaN', 'Inf', '-Inf', '1e300', '5m'];
const number = (draw: QueryDraw): string =>
  chance(draw, 0.9) ? pick(draw, numbers) : pick(draw, draw.isVersion3 ? oddNumbers : oddNumbers.slice(0, -1));

const names = [
  ...['requests_total', 'requests_total', 'errors_total', 'temperature', 'temperature', 'latency_bucket'],
  ...['latency_count', 'latency_sum', 'build_info', 'odd', 'flat', 'sparse', 'up_that_is_not_there'],
];

const conditions = (draw: QueryDraw): string[] => [
  `job="${pick(draw, jobs)}"`,
  `job!="${pick(draw, jobs)}"`,
  `job=~"${pick(draw, jobs)}|${pick(draw, jobs)}"`,
  `instance=~"${pick(draw, ['.*', '.+', 'a.*', '[ab]:.', 'c:3'])}"`,
  `instance!~"${pick(draw, ['a.*', '', 'b:2|c:3'])}"`,
  `instance="${pick(draw, instances)}"`,
  `code=~"${pick(draw, ['2..', '[45].*', ''])}"`,
  `code!="${pick(draw, codes)}"`,
  `le="${pick(draw, bounds)}"`,
  'nobody=""',
  'nobody!=""',
];

const unnamed = [
  '{__name__=~"requests_total|errors_total"}',
  '{__name__=~".+_total",job!="db"}',
  '{__name__="temperature"}',
  '{__name__=~"flat|sparse",k!="3"}',
  '{__name__=~"latency_(count|sum)"}',
];

const bareSelector = (draw: QueryDraw): string => {
  if (draw.isVersion3 && chance(draw, 0.03))
    return pick(draw, ['{"dotted.name"}', '{"dotted.name","label.with.dots"="1"}']);
  if (chance(draw, 0.1)) return pick(draw, unnamed);
  return selectorOf(draw, pick(draw, names));
};

function selectorOf(draw: QueryDraw, name: string): string {
  const share = draw.random.uniform();
  if (share < 0.6) return name;
  const list =
    share < 0.9 ? [pick(draw, conditions(draw))] : [pick(draw, conditions(draw)), pick(draw, conditions(draw))];
  return `${name}{${list.join(',')}}`;
}

const selector = (draw: QueryDraw): string => `${bareSelector(draw)}${modifiers(draw)}`;

const offsets = ['30s', '1m', '5m', '7m', '20m', '1h', '-1m', '-5m'];

/** Of 100 selectors 80 have none. */
function modifiers(draw: QueryDraw): string {
  const share = draw.random.uniform();
  if (share < 0.8) return '';
  const offset = ` offset ${pick(draw, offsets)}`;
  if (share < 0.9) return offset;
  const at = ` @ ${pick(draw, ['start()', 'end()', String(secondsWithin(draw))])}`;
  return share < 0.95 ? at : chance(draw, 0.5) ? `${at}${offset}` : `${offset}${at}`;
}

const secondsWithin = ({ random, fromSeconds, toSeconds }: QueryDraw): number =>
  fromSeconds + random.below(toSeconds - fromSeconds);

const ranges = ['45s', '1m', '2m', '5m', '5m', '10m', '30m', '1h'];

/** A range vector. Subqueries are drawn for version 3 only: their windows' borders lie on steps. */
function matrix(draw: QueryDraw, depth: number): string {
  if (draw.isVersion3 && depth < depthMax && chance(draw, 0.15)) return subquery(draw, depth + 1);
  return `${bareSelector(draw)}[${pick(draw, ranges)}]${modifiers(draw)}`;
}

const subqueryRanges = ['3m', '5m', '10m', '17m', '30m'];
const subquerySteps = ['', '30s', '1m', '45s', '2m'];
const subquery = (draw: QueryDraw, depth: number): string =>
  `${operand(draw, depth)}[${pick(draw, subqueryRanges)}:${pick(draw, subquerySteps)}]${modifiers(draw)}`;

/** A range vector of series with this name. */
const matrixOf = (draw: QueryDraw, name: string): string =>
  `${selectorOf(draw, name)}[${pick(draw, ranges)}]${modifiers(draw)}`;

const plain = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'sum', 'sum', 'avg'];
/** The last bits of a variance depend on the order of series. */
const plain2 = ['sum', 'avg', 'count', 'min', 'max', 'group'];
const grouped2 = ['job', 'instance', 'code', 'le', 'k', 'kind', 'nobody'];
const grouped = ['job', 'instance', 'code', 'le', 'k', 'kind', 'nobody', '__name__'];

function grouping(draw: QueryDraw): string {
  if (chance(draw, 0.25)) return '';
  const choices = draw.isVersion3 ? grouped : grouped2;
  const labels = new Set([pick(draw, choices)]);
  if (chance(draw, 0.5)) labels.add(pick(draw, choices));
  return `${chance(draw, 0.7) ? 'by' : 'without'} (${Array.from(labels).join(', ')}) `;
}

function aggregation(draw: QueryDraw, depth: number): string {
  const operators = draw.mayDependOnOrder ? plain : plain2;
  if (chance(draw, 0.7)) return `${pick(draw, operators)} ${grouping(draw)}(${vector(draw, depth)})`;
  return withParameter(draw, depth);
}

/** `topk`, `bottomk` and `limitk`: which of equals are taken depends on the order of series. */
const isOrdered = (choice: number): boolean => choice === 0 || choice === 1 || choice === 4;

const quantiles = ['0', '0.5', '0.9', '0.99', '1', '1.5', '-1', 'NaN'];

/** Values whose texts do not tell of their last bit, which depends on how a machine computes a sine. */
const countable = (draw: QueryDraw, depth: number): string =>
  chance(draw, 0.5) || !draw.isVersion3 ? selector(draw) : `round(${vector(draw, depth)}, 0.01)`;

function withParameter(draw: QueryDraw, depth: number): string {
  const inner = vector(draw, depth);
  const choice = draw.random.below(draw.isVersion3 ? 6 : 4);
  switch (isOrdered(choice) && !draw.mayDependOnOrder ? 2 : choice) {
    case 0:
      return `topk ${grouping(draw)}(${pick(draw, ['1', '2', '5', '0', '100'])}, ${inner})`;
    case 1:
      return `bottomk ${grouping(draw)}(${pick(draw, ['1', '2', '5', '-1'])}, ${inner})`;
    case 2:
      return `quantile ${grouping(draw)}(${pick(draw, quantiles)}, ${inner})`;
    case 3:
      return `count_values ${grouping(draw)}("${pick(draw, ['value', 'job', 'nobody'])}", ${countable(draw, depth)})`;
    case 4:
      return `limitk ${grouping(draw)}(${pick(draw, ['1', '2', '5', '0'])}, ${selector(draw)})`;
    default:
      return `limit_ratio ${grouping(draw)}(${pick(draw, ['0.5', '-0.5', '1', '0.1', number(draw)])}, ${inner})`;
  }
}

const arithmetic = ['+', '-', '*', '/', '%', '+', '-', '*', '/'];
const comparisons = ['==', '!=', '<', '>', '<=', '>='];
const sets = ['and', 'or', 'unless'];
const matched = ['job', 'instance', 'code', 'k', 'nobody'];

const operator = (draw: QueryDraw): string => {
  if (chance(draw, 0.65)) return pick(draw, arithmetic);
  return `${pick(draw, comparisons)}${chance(draw, 0.5) ? ' bool' : ''}`;
};

const labelList = (draw: QueryDraw): string => {
  const labels = new Set([pick(draw, matched)]);
  if (chance(draw, 0.6)) labels.add(pick(draw, matched));
  return Array.from(labels).join(', ');
};

function matching(draw: QueryDraw, canGroup: boolean): string {
  const share = draw.random.uniform();
  if (share < 0.35) return '';
  const on = `${share < 0.75 ? 'on' : 'ignoring'} (${chance(draw, 0.5) ? 'job, instance' : labelList(draw)})`;
  if (!canGroup || chance(draw, 0.55)) return ` ${on}`;
  const include = chance(draw, 0.4) ? pick(draw, ['version', 'code', 'region', 'version, region']) : '';
  return ` ${on} group_${chance(draw, 0.7) ? 'left' : 'right'} (${include})`;
}

/** Pairs of sides that often match. */
const pairs: readonly (readonly [string, string])[] = [
  ['requests_total', 'on (job, instance) group_left () errors_total'],
  ['requests_total', 'on (job, instance) group_left (version) build_info'],
  ['errors_total', 'latency_count'],
  ['latency_sum', 'latency_count'],
  ['latency_bucket', 'ignoring (le) group_left () latency_count'],
  ['temperature', 'on (instance, job) errors_total'],
  ['errors_total', 'on (job, instance) group_right () requests_total'],
];

function binary(draw: QueryDraw, depth: number): string {
  const share = draw.random.uniform();
  if (share < 0.2) return `${operand(draw, depth)} ${operator(draw)} ${scalarOperand(draw, depth)}`;
  if (share < 0.35) return `${scalarOperand(draw, depth)} ${operator(draw)} ${operand(draw, depth)}`;
  if (share < 0.55) {
    const [left, right] = pick(draw, pairs);
    return `${left} ${operator(draw)} ${right}`;
  }
  if (share < 0.8) return `${operand(draw, depth)} ${pick(draw, sets)}${matching(draw, false)} ${operand(draw, depth)}`;
  return `${operand(draw, depth)} ${operator(draw)}${matching(draw, true)} ${operand(draw, depth)}`;
}

function scalarOperand(draw: QueryDraw, depth: number): string {
  const text = scalar(draw, depth);
  return text.includes(' ') ? `(${text})` : text;
}

function scalarBinary(draw: QueryDraw, depth: number): string {
  const comparison = `${pick(draw, comparisons)} bool`;
  const op = chance(draw, 0.7) ? pick(draw, arithmetic) : comparison;
  return `${scalarOperand(draw, depth)} ${op} ${scalarOperand(draw, depth)}`;
}

const overTime = [
  ...['avg', 'min', 'max', 'sum', 'count', 'last', 'present'].map((name) => `${name}_over_time`),
  ...['delta', 'idelta', 'irate', 'changes', 'resets', 'absent_over_time'],
];
const overTime3 = [
  ...['mad', 'first', 'ts_of_min', 'ts_of_max', 'ts_of_first', 'ts_of_last'].map((name) => `${name}_over_time`),
];
const growth = ['rate', 'increase', 'rate', 'irate', 'resets'];
/** Version 2 extrapolates a counter that began at zero by less. */
const growth2 = ['irate', 'resets', 'changes'];
const counters = ['requests_total', 'errors_total', 'latency_bucket', 'latency_count', 'latency_sum'];

function rangeCall(draw: QueryDraw, depth: number): string {
  const share = draw.random.uniform();
  const growing = draw.isVersion3 ? growth : growth2;
  if (share < 0.35) return `${pick(draw, growing)}(${matrixOf(draw, pick(draw, counters))})`;
  const values = matrix(draw, depth);
  if (share < 0.42) return `quantile_over_time(${pick(draw, ['0', '0.5', '0.99', '1', '2', '-1'])}, ${values})`;
  if (draw.isVersion3 && share < 0.52)
    return `double_exponential_smoothing(${values}, ${pick(draw, ['0.5', '0.1', '0.9'])}, ${pick(draw, ['0.5', '0.3', '0.99'])})`;
  if (share < 0.58) return `${pick(draw, growing)}(${values})`;
  if (draw.isVersion3 && share < 0.68) return `${pick(draw, overTime3)}(${values})`;
  return `${pick(draw, overTime)}(${values})`;
}

const ofVector = [
  ...['abs', 'ceil', 'floor', 'round', 'sqrt', 'sgn', 'deg', 'rad', 'timestamp', 'sort', 'sort_desc', 'absent'],
];
const inexact = [
  ...['exp', 'ln', 'log2', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh'],
  ...['acosh', 'atanh'],
];

/**
 * Functions whose last bits depend on a machine's library, or on the order in which windows are put together: nothing is made of what they give,
 * since it might show the bits large.
 */
function inexactCall(draw: QueryDraw, depth: number): string {
  if (chance(draw, 0.3))
    return `${pick(draw, ['stddev_over_time', 'stdvar_over_time', 'deriv'])}(${bareSelector(draw)}[${pick(draw, ranges)}])`;
  if (draw.isVersion3 && chance(draw, 0.1))
    return `predict_linear(${matrix(draw, depth)}, ${pick(draw, ['60', '3600', '-600', '0'])})`;
  if (chance(draw, 0.3))
    return `${operand(draw, depth)} ${draw.isVersion3 ? pick(draw, ['^', 'atan2']) : '^'} ${number(draw)}`;
  return `${pick(draw, inexact)}(${vector(draw, depth)})`;
}
const ofTime = ['minute', 'hour', 'day_of_week', 'day_of_month', 'day_of_year', 'days_in_month', 'month', 'year'];

function instantCall(draw: QueryDraw, depth: number): string {
  switch (draw.random.below(draw.isVersion3 ? 12 : 9)) {
    case 0:
      return `clamp(${vector(draw, depth)}, ${scalar(draw, depth)}, ${scalar(draw, depth)})`;
    case 1:
      return `${pick(draw, ['clamp_min', 'clamp_max', 'round'])}(${vector(draw, depth)}, ${scalar(draw, depth)})`;
    case 2:
      return labelCall(draw, depth);
    case 3:
      return `histogram_quantile(${pick(draw, ['0.5', '0.9', '0.99', '0', '1', '2', '-1', 'NaN'])}, ${buckets(draw, depth)})`;
    case 4:
      return chance(draw, 0.7) ? `${pick(draw, ofTime)}(${dates(draw)})` : `${pick(draw, ofTime)}()`;
    case 5:
      return `vector(${scalar(draw, depth)})`;
    case 9:
      return `histogram_fraction(${pick(draw, ['0', '-Inf', '0.2'])}, ${pick(draw, ['1', '+Inf', '0.7'])}, ${buckets(draw, depth)})`;
    case 10:
      return `${pick(draw, ['sort_by_label', 'sort_by_label_desc'])}(${vector(draw, depth)}, "${pick(draw, ['job', 'le'])}", "instance")`;
    case 11:
      return `info(${operand(draw, depth)}${chance(draw, 0.4) ? `, {${pick(draw, ['region=~".+"', 'region="r1"', 'nobody=""'])}}` : ''})`;
    default:
      return `${pick(draw, ofVector)}(${vector(draw, depth)})`;
  }
}

/**
 * Numbers that are times. Of what is none, or lies beyond the year 275760, Prometheus gives what a processor makes of it; here the answer is NaN.
 */
const dates = (draw: QueryDraw): string =>
  pick(draw, [`timestamp(${selector(draw)})`, 'requests_total * 1e3', 'temperature * 1e6', 'vector(time() - 1e8)']);

function buckets(draw: QueryDraw, depth: number): string {
  const name = selectorOf(draw, 'latency_bucket');
  const growing = draw.isVersion3 ? 'rate' : 'irate';
  switch (draw.random.below(4)) {
    case 0:
      return `${name}${modifiers(draw)}`;
    case 1:
      return `${growing}(${matrixOf(draw, 'latency_bucket')})`;
    case 2:
      return `sum by (le${chance(draw, 0.5) ? ', job' : ''}) (${growing}(${matrixOf(draw, 'latency_bucket')}))`;
    default:
      return chance(draw, 0.7) ? `sum by (le) (${name})` : vector(draw, depth);
  }
}

const patterns = ['(.*)', '(.).*', '([a-c]):(.*)', 'nothing', '', '(?P<name>.*):.*'];
const replacements = ['$1', 'x-$1', '', '$2y$1', 'same', '$name'];

function labelCall(draw: QueryDraw, depth: number): string {
  const inner = vector(draw, depth);
  const target = pick(draw, ['made', 'job', 'instance', 'code']);
  // Version 2 drops a name where it stops being true, not in the end.
  const sources = ['job', 'instance', 'code', 'nobody', '__name__'];
  const source = pick(draw, draw.isVersion3 ? sources : sources.slice(0, -1));
  if (chance(draw, 0.3)) return `label_join(${inner}, "${target}", "-", "${source}", "job")`;
  return `label_replace(${inner}, "${target}", "${pick(draw, replacements)}", "${source}", "${pick(draw, patterns)}")`;
}

function scalarCall(draw: QueryDraw, depth: number): string {
  switch (draw.random.below(5)) {
    case 0:
      return 'time()';
    case 1:
      return 'pi()';
    case 2:
      return `scalar(${chance(draw, 0.5) ? 'flat{k="1"}' : vector(draw, depth)})`;
    default:
      return number(draw);
  }
}
