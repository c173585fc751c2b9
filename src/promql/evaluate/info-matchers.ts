/** What the second argument of `info` selects. Source: Prometheus, promql/info.go. */
import { metricNameLabel } from '../../model/labels.js';
import { createMatcher, type Matcher } from '../../model/matcher.js';

export interface InfoMatchers {
  readonly nameMatchers: readonly Matcher[];
  readonly labelMatchers: readonly Matcher[];
}

/** Without a condition on the name, `target_info`; with only negative ones, all metrics that are named as info metrics are. */
export function infoMatchers(matchers: readonly Matcher[] = []): InfoMatchers {
  const named = matchers.filter(({ name }) => name === metricNameLabel);
  const labelMatchers = matchers.filter(({ name }) => name !== metricNameLabel);
  if (named.length === 0) return { nameMatchers: [createMatcher(metricNameLabel, '=', 'target_info')], labelMatchers };
  if (named.some(({ isNegated }) => !isNegated)) return { nameMatchers: named, labelMatchers };
  return { nameMatchers: [createMatcher(metricNameLabel, '=~', '.+_info'), ...named], labelMatchers };
}
