/** What dashboards ask of a fleet of model servers: the questions of `bench queries`, over the metrics of `load/pod.ts`. */

export interface BenchQuestion {
  readonly name: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Least times that Prometheus takes longer. */
  readonly timesPrometheusMin: number | undefined;
}

const hourSeconds = 3_600;

/** `endMs` is where samples end, or an earlier whole minute; they begin `hours` before. */
export function benchQuestions(endMs: number, hours: number): readonly BenchQuestion[] {
  const end = endMs / 1000;
  const start = end - hours * hourSeconds;
  const instant = (name: string, query: string): BenchQuestion => ({
    name,
    path: '/api/v1/query',
    parameters: { query, time: String(end) },
    timesPrometheusMin: undefined,
  });
  const range = (name: string, query: string, from: number, step: number): BenchQuestion => ({
    name,
    path: '/api/v1/query_range',
    parameters: { query, start: String(from), end: String(end), step: String(step) },
    timesPrometheusMin: 3,
  });
  const rate = 'sum by (model) (rate(inference_predictions_total[5m]))';
  return [
    instant('confidence of one model, now', 'inference_confidence{model="ranker-7"}'),
    instant('predictions a second, now', rate),
    range('predictions a second, 1 h by 15 s', rate, end - hourSeconds, 15),
    range(
      'latency p99, all by 60 s',
      'histogram_quantile(0.99, sum by (le, model) (rate(inference_latency_seconds_bucket[5m])))',
      start,
      60,
    ),
    range('mean confidence, all by 60 s', 'avg by (region) (avg_over_time(inference_confidence[10m]))', start, 60),
    range('worst drift, all by 60 s', 'max by (model) (max_over_time(feature_drift_score[30m]))', start, 60),
    range(
      'busiest versions, all by 300 s',
      'topk(5, sum by (model, version) (increase(inference_predictions_total[1h])))',
      start,
      300,
    ),
    {
      name: 'names of models',
      path: '/api/v1/label/model/values',
      parameters: { start: String(start), end: String(end) },
      timesPrometheusMin: undefined,
    },
    {
      name: 'series of a metric',
      path: '/api/v1/series',
      parameters: { 'match[]': 'inference_confidence', start: String(start), end: String(end) },
      timesPrometheusMin: undefined,
    },
  ];
}

/** Asked of very many series. */
export const manySeriesQuestions = (endMs: number): readonly BenchQuestion[] =>
  benchQuestions(endMs, 1)
    .slice(1, 3)
    .map((question, i) => {
      if (i === 0) return { ...question, timesPrometheusMin: undefined };
      return {
        ...question,
        name: 'predictions a second, 1 h by 60 s',
        parameters: { ...question.parameters, step: '60' },
        timesPrometheusMin: undefined,
      };
    });
