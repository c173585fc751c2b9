/** What `/api/v1/targets/metadata` answers under `data`. Source: prometheus/prometheus web/api/v1/api.go, `targetMetadata`. */
import type { Labels } from '../../model/labels.js';
import type { MetricType } from '../../model/sample-batch.js';
import type { ScrapePool } from './scrape-pool.js';
import type { LabelTexts } from './target-group.js';

export interface TargetMetadataAnswer {
  /** Labels of the target. */
  readonly target: LabelTexts;
  /** Absent where one metric was asked for. */
  readonly metric?: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export interface TargetMetadataQuery {
  /** Whether a target with these labels is asked for. */
  readonly takes: (labels: Labels) => boolean;
  /** Only this one; all metrics where it is ''. */
  readonly metric: string;
  /** Most entries of the answer. */
  readonly limit: number;
}

export function targetMetadataAnswer(
  pools: readonly ScrapePool[],
  { takes, metric: asked, limit }: TargetMetadataQuery,
): TargetMetadataAnswer[] {
  const answer: TargetMetadataAnswer[] = [];
  for (const { target, state } of pools.flatMap(({ active }) => active)) {
    if (!takes(target.labels)) continue;
    const labels = Object.fromEntries(target.labels);
    for (const { metric, type, help, unit } of state.metadata) {
      if (answer.length >= limit) return answer;
      if (asked === '') answer.push({ target: labels, metric, type, help, unit });
      else if (asked === metric) answer.push({ target: labels, type, help, unit });
    }
  }
  return answer;
}
