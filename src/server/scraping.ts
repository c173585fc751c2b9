/** The scraper, as the configuration says, writing into the intake of metrics. */
import type { MetricIntake } from '../ingest/metrics/metric-intake.js';
import { parseScrapeConfigs } from '../ingest/scrape/scrape-config.js';
import { type Scraper, startScraper } from '../ingest/scrape/scraper.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';

/** Starts scraping. Fails with `bad_configuration`, every problem in one message. */
export function startScraping({ global, scrapeConfigs }: Configuration, intake: MetricIntake, logger: Logger): Scraper {
  const sections = { ...(global && { global }), ...(scrapeConfigs && { scrape_configs: scrapeConfigs }) };
  const configs = parseScrapeConfigs(structuredClone(sections), process.cwd());
  return startScraper({
    configs,
    sink: async (metrics, { target }) => {
      // Times are the scraper's own or the target's; what is refused is told where all senders' rejections are.
      await intake.take(metrics, { name: target.url, protocol: 'scrape' });
    },
    onProblem: (problem) => logger.warn({ problem }, 'scraping'),
  });
}
