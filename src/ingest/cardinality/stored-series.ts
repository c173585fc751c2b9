/** What governance asks of the series index. */
export interface StoredSeries {
  /** Series in all. */
  readonly seriesCount: number;
  /** Series whose `__name__` is this. */
  seriesOfMetric(metric: string): number;
  /** Whether a series with these canonical label bytes is stored. */
  hasSeries(labels: Uint8Array): boolean;
}
