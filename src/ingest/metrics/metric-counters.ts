/** What the intake of metrics counts; `/metrics` exposes it. */
import type { FlushCounters } from '../appender.js';

export interface MetricCounters extends FlushCounters {
  samplesAccepted(protocol: string, samples: number): void;
  samplesRejected(protocol: string, code: string, samples: number): void;
  exemplarsAccepted(exemplars: number): void;
  samplesStored(samples: number): void;
  seriesStored(series: number): void;
}
