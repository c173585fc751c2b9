/** `label_replace` and `label_join`. Series that come to have the same labels become one. */
import { RE2JS, RE2JSException } from 're2js';
import { BarographError } from '../../base/errors.js';
import { metricNameLabel } from '../../model/labels.js';
import { isLabelName } from '../evaluate/label-name.js';
import { mergeSameLabels } from '../evaluate/merge-series.js';
import { labelOf, type SeriesLabels, setLabels } from '../evaluate/series-labels.js';
import { type VectorSeries, vectorOf } from '../evaluate/value.js';
import { type PromqlFunction, seriesArg, stringArg } from './function-call.js';

/** Throws `query_failed` for a bad regular expression or label name. */
const labelReplace: PromqlFunction = (call) => {
  const [target, replacement, source, expression] = [1, 2, 3, 4].map((i) => stringArg(call, i)) as [
    string,
    string,
    string,
    string,
  ];
  const pattern = compiled(expression);
  checkLabelName(target, 'destination', 'label_replace');
  return relabelled(seriesArg(call, 0), target, (labels) => {
    const matcher = pattern.matcher(labelOf(labels, source));
    return matcher.matches() ? expanded(replacement, matcher, pattern) : undefined;
  });
};

const labelJoin: PromqlFunction = (call) => {
  const [target, separator] = [stringArg(call, 1), stringArg(call, 2)];
  const sources = call.args.slice(3).map((_, i) => stringArg(call, i + 3));
  for (const source of sources) checkLabelName(source, 'source', 'label_join');
  checkLabelName(target, 'destination', 'label_join');
  return relabelled(seriesArg(call, 0), target, (labels) =>
    sources.map((source) => labelOf(labels, source)).join(separator),
  );
};

/** Sets a label of each series; undefined leaves the series as it is. A name set on purpose stays. */
function relabelled(
  series: readonly VectorSeries[],
  target: string,
  textOf: (labels: SeriesLabels) => string | undefined,
): ReturnType<PromqlFunction> {
  const changed = series.map((each) => {
    const value = textOf(each.labels);
    if (value === undefined) return each;
    const dropsName = target === metricNameLabel ? false : each.dropsName;
    return { ...each, labels: setLabels(each.labels, [[target, value]]), dropsName };
  });
  return vectorOf(mergeSameLabels(changed));
}

function compiled(expression: string): RE2JS {
  try {
    return RE2JS.compile(expression, RE2JS.DOTALL);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new BarographError('query_failed', `invalid regular expression in label_replace(): ${expression}`, {
      cause: error,
    });
  }
}

/** Any name of UTF-8 but the empty one. */
function checkLabelName(name: string, role: string, functionName: string): void {
  if (isLabelName(name)) return;
  throw new BarographError('query_failed', `invalid ${role} label name in ${functionName}(): ${name}`);
}

/** `$1`, `$name` and `${name}` stand for groups, `$$` for a dollar; unknown groups are empty. Source: Go, `regexp.Expand`. */
function expanded(template: string, matcher: ReturnType<RE2JS['matcher']>, pattern: RE2JS): string {
  const names = pattern.namedGroups();
  return template.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_, dollar, braced, bare) => {
    if (dollar !== undefined) return '$';
    const name: string = braced ?? bare;
    const group = /^\d+$/.test(name) ? Number(name) : names[name];
    return group === undefined || group > matcher.groupCount() ? '' : (matcher.group(group) ?? '');
  });
}

export const labelFunctions: Readonly<Record<string, PromqlFunction>> = {
  label_join: labelJoin,
  label_replace: labelReplace,
};
