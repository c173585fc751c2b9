/** Whether a server gives back what was written to it, for the series that were watched while the load was made. */
import { type MetricLoad, seriesKey, type WatchedSeries } from '../load/metric-load.js';
import type { MeasuredServer } from '../servers/measured-server.js';

export interface ReadBack {
  readonly samples: number;
  /** Samples that are not there, or are there a second time. */
  readonly missing: number;
  /** Samples whose value has another bit. */
  readonly changed: number;
  /** Largest difference of a changed value, as a share of it. */
  readonly worstShare: number;
}

export async function readBack(server: MeasuredServer, load: MetricLoad): Promise<ReadBack> {
  const total = { samples: 0, missing: 0, changed: 0, worstShare: 0 };
  for (const [instance, wanted] of load.watched) {
    const stored = samplesByKey(await server.read(instance, load.startMs, load.endMs + endSlackMs));
    for (const series of wanted) compare(series, stored.get(seriesKey(series.labels)) ?? [], total);
  }
  return total;
}

/** Scrapes come up to an interval after their tick, and late. */
const endSlackMs = 60_000;

type Sample = readonly [timeMs: number, value: number];

/** A series may come in several pieces. */
function samplesByKey(stored: readonly WatchedSeries[]): Map<string, Sample[]> {
  const byKey = new Map<string, Sample[]>();
  for (const { labels, timesMs, values } of stored) {
    const key = seriesKey(labels);
    const samples = byKey.get(key) ?? [];
    timesMs.forEach((timeMs, i) => void samples.push([timeMs, values[i]!]));
    byKey.set(key, samples);
  }
  return byKey;
}

function compare(
  wanted: WatchedSeries,
  stored: readonly Sample[],
  total: { -readonly [Name in keyof ReadBack]: number },
): void {
  const values = new Map(stored);
  total.samples += wanted.values.length;
  total.missing += stored.length - values.size;
  for (const [i, value] of wanted.values.entries()) {
    const got = values.get(wanted.timesMs[i]!);
    if (got === undefined) total.missing++;
    else if (!Object.is(got, value)) {
      total.changed++;
      total.worstShare = Math.max(total.worstShare, Math.abs((got - value) / value));
    }
  }
}
