/** The scraper, as the configuration says, writing into the intake of metrics. */
import type { MetricIntake } from '../ingest/metrics/metric-intake.js';
import { parseScrapeConfigs, type ScrapeJob } from '../ingest/scrape/scrape-config.js';
import type { ScrapeCounters } from '../ingest/scrape/scrape-counters.js';
import { type Scraper, startScraper } from '../ingest/scrape/scraper.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';

/** What a configuration has scraped. Fails with `bad_configuration`, every problem in one message. */
export function scrapeJobs({ global, scrapeConfigs }: Configuration): readonly ScrapeJob[] {
  const sections = { ...(global && { global }), ...(scrapeConfigs && { scrape_configs: scrapeConfigs }) };
  return parseScrapeConfigs(structuredClone(sections), process.cwd());
}

/** Starts scraping. Fails with `bad_configuration`, every problem in one message. */
export function startScraping(
  configuration: Configuration,
  intake: MetricIntake,
  counters: ScrapeCounters,
  logger: Logger,
): Scraper {
  return startScraper({
    configs: scrapeJobs(configuration),
    sink: async (metrics, { target }) => {
      // Times are the scraper's own or the target's; what is refused is told where all senders' rejections are.
      await intake.take(metrics, { name: target.url, protocol: 'scrape' });
    },
    counters,
    onProblem: (problem) => logger.warn({ problem }, 'scraping'),
  });
}
