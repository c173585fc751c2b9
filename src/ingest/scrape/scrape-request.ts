/** What a scrape's request says of us. Source: prometheus/prometheus scrape/scrape.go, `acceptHeader`, `targetScraper.scrape`. */
import type { ScrapeProtocol } from './scrape-config-schema.js';
import type { Target } from './target.js';

const mediaTypes: Readonly<Record<ScrapeProtocol, string>> = {
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0;escaping=allow-utf-8',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
};
/** Weight of the format that is wanted most, in tenths. */
const topWeight = 6;

/** Headers of the requests to a target. */
export function scrapeHeaders({ job, timeoutMs }: Target): Readonly<Record<string, string>> {
  const accepted = job.protocols.map((protocol, i) => `${mediaTypes[protocol]};q=0.${topWeight - i}`);
  return {
    accept: [...accepted, `*/*;q=0.${topWeight - job.protocols.length}`].join(','),
    'accept-encoding': job.enableCompression ? 'gzip' : 'identity',
    'user-agent': 'Barograph',
    'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
  };
}
