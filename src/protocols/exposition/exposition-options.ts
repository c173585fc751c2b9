/** How a body is decoded, and what comes out of it. */
import type { DecodedMetrics } from '../../model/sample-batch.js';
import type { ExpositionFormat } from './content-type.js';
import type { ExpositionCache } from './exposition-cache.js';
import type { Labelling } from './labelling.js';

export interface ExpositionOptions {
  readonly format: ExpositionFormat;
  /** Time of the samples that come without one, epoch milliseconds. */
  readonly nowMs: number;
  /**
   * `strict`: the first bad line fails the body, and of a series that comes twice without a time the first sample is kept, as when
   * Prometheus scrapes. `lenient`: a bad line is a rejection and its neighbours are kept; a line always ends at its line break,
   * which may be CR LF, and OpenMetrics need not end with # EOF.
   */
  readonly mode: 'strict' | 'lenient';
  /**
   * What becomes of times in the body: they count (`honor`, where absent), every sample is of `nowMs` (`ignore`), or their lines are bad with
   * `time_refused` (`refuse`, as for a Pushgateway).
   */
  readonly timestamps?: 'honor' | 'ignore' | 'refuse';
  readonly labelling?: Labelling;
  /** Most samples that are left after relabelling (`sample_limit`); a body with more fails, in both modes. */
  readonly samplesMax?: number;
  /**
   * What the sender's last bodies taught. It belongs to one sender, and is quick as long as the same `labelling` object comes along.
   * The batch's keys then lie in the cache's memory: read them, do not write or transfer them.
   */
  readonly cache?: ExpositionCache;
  /** With a cache, adds a stale marker of `nowMs` for each series that the last good body held and this one lacks. */
  readonly marksVanished?: boolean;
  /** Whether a series counts for that although its samples carry their own times (`track_timestamps_staleness`). */
  readonly tracksTimestamped?: boolean;
}

export interface DecodedExposition extends DecodedMetrics {
  /** Samples in the body, with those that relabelling dropped or that are refused for their labels (`scrape_samples_scraped`). */
  readonly samplesScraped: number;
  /** Samples left after relabelling (`scrape_samples_post_metric_relabeling`), repeated ones among them. */
  readonly samplesKept: number;
  /** Series that the cache's last good body did not hold (`scrape_series_added`); all of them without a cache. */
  readonly seriesAdded: number;
  /** Stale markers at the batch's end. */
  readonly staleMarkers: number;
}
