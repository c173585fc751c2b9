/** The groups as a Pushgateway's query API lists them. Source: prometheus/pushgateway api/v1/api.go. */
import { decodeLabels, type Label, metricNameLabel } from '../../model/labels.js';
import type { MetricType } from '../../model/sample-batch.js';
import { openMetricsFloat } from '../../protocols/exposition/open-metrics-float.js';
import { allFamilies, forEachKey, type PushedFamily, type PushedGroup } from './pushed-group.js';

/** Every number is a text. A metric has `value`, or `count`, `sum` and one of `buckets` and `quantiles`. */
export interface MetricAnswer {
  readonly labels: Record<string, string>;
  value?: string;
  count?: string;
  sum?: string;
  readonly buckets?: Record<string, string>;
  readonly quantiles?: Record<string, string>;
}

export interface FamilyAnswer {
  /** RFC 3339. */
  readonly time_stamp: string;
  readonly type: string;
  readonly help?: string;
  readonly metrics: readonly MetricAnswer[];
}

/** `labels`, `last_push_successful`, and each family under its name. */
export type GroupAnswer = Readonly<Record<string, unknown>>;

export const groupsAnswer = (groups: readonly PushedGroup[]): GroupAnswer[] =>
  groups.map((group) => ({
    labels: Object.fromEntries(group.labels),
    last_push_successful: group.failedMs <= group.pushedMs,
    ...Object.fromEntries(allFamilies(group).map((family) => [family.metric, familyAnswer(family)])),
  }));

function familyAnswer(family: PushedFamily): FamilyAnswer {
  const { type, help, pushedMs } = family;
  return {
    time_stamp: new Date(pushedMs).toISOString(),
    type: typeNames[type] ?? 'UNTYPED',
    ...(help === '' ? {} : { help }),
    metrics: metricAnswers(family),
  };
}

const typeNames: Partial<Record<MetricType, string>> = {
  counter: 'COUNTER',
  gauge: 'GAUGE',
  summary: 'SUMMARY',
  histogram: 'HISTOGRAM',
  gaugehistogram: 'GAUGE_HISTOGRAM',
};

/** The labels that tell the parts of a metric apart. */
const partLabels: Partial<Record<MetricType, string>> = {
  summary: 'quantile',
  histogram: 'le',
  gaugehistogram: 'le',
};

function metricAnswers({ metric, type, series }: PushedFamily): MetricAnswer[] {
  const partLabel = partLabels[type];
  const answers = new Map<string, MetricAnswer>();
  forEachKey(series, (bytes, start, end, i) => {
    const labels = new Map<string, string>(decodeLabels(bytes.subarray(start, end)));
    const name = labels.get(metricNameLabel) ?? '';
    labels.delete(metricNameLabel);
    const part = partLabel === undefined ? undefined : labels.get(partLabel);
    if (part !== undefined) labels.delete(partLabel!);
    const value = numberText(series.values[i]!);
    const answer = answerOf(answers, labels, type);
    if (part !== undefined) (answer.buckets ?? answer.quantiles)![part.replace(/\.0$/, '')] = value;
    else if (name.endsWith('sum') && name !== metric) answer.sum = value;
    else if (name.endsWith('count') && name !== metric) answer.count = value;
    else answer.value = value;
  });
  return [...answers.values()];
}

function answerOf(answers: Map<string, MetricAnswer>, labels: Map<string, string>, type: MetricType): MetricAnswer {
  const id = JSON.stringify([...labels]);
  const known = answers.get(id);
  if (known !== undefined) return known;
  // A Pushgateway gives every metric an instance, be it an empty one.
  const answer = {
    labels: Object.fromEntries([['instance', ''] satisfies Label, ...labels]),
    ...(partLabels[type] === 'le' ? { buckets: {} } : partLabels[type] === 'quantile' ? { quantiles: {} } : {}),
  };
  answers.set(id, answer);
  return answer;
}

/** As Go prints a number. */
const numberText = (value: number): string => openMetricsFloat(value).replace(/\.0$/, '');
