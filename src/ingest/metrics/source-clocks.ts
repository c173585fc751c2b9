/**
 * How far senders' clocks are from the server's: for each source, the distance between the newest sample of a body and the body's
 * arrival. It holds the network and the sender's own batching too, so what tells of a wrong clock is a negative one, or a large one that stays.
 */
import type { RejectionTally } from '../../model/rejection-tally.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import type { MetricSource } from './metric-source.js';

/** What is known of a source. Distances are arrival less sample time, milliseconds: negative where samples lie ahead. */
export interface SourceClock {
  readonly source: string;
  readonly protocol: string;
  readonly lastArrivedMs: number;
  readonly lastDistanceMs: number;
  readonly leastDistanceMs: number;
  readonly mostDistanceMs: number;
  /** Exponentially weighted mean, each body a tenth. */
  readonly meanDistanceMs: number;
  readonly samples: number;
  /** Samples refused because their time lay outside the window. */
  readonly outsideWindow: number;
  /** When one was last refused so. */
  readonly lastOutsideMs: number | undefined;
}

export interface SourceClocks {
  observe(source: MetricSource, batch: SampleBatch, nowMs: number, refused: RejectionTally): void;
  /** The most recent sources first. */
  report(): readonly SourceClock[];
  /** Sources that were forgotten because there were too many. */
  readonly forgotten: number;
}

/** A guess at how many agents and targets a server has; the one heard of longest ago is forgotten. */
const sourcesMaxDefault = 10_000;
const weight = 0.1;

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

export function createSourceClocks(sourcesMax = sourcesMaxDefault): SourceClocks {
  const clocks = new Map<string, Mutable<SourceClock>>();
  let forgotten = 0;

  function clockOf({ name, protocol }: MetricSource, nowMs: number, distanceMs: number): Mutable<SourceClock> {
    const key = `${protocol} ${name}`;
    const known = clocks.get(key);
    // Taken out and put back, so that the map is in the order of the last arrival.
    if (known !== undefined) clocks.delete(key);
    const clock = known ?? {
      source: name,
      protocol,
      lastArrivedMs: nowMs,
      lastDistanceMs: distanceMs,
      leastDistanceMs: distanceMs,
      mostDistanceMs: distanceMs,
      meanDistanceMs: distanceMs,
      samples: 0,
      outsideWindow: 0,
      lastOutsideMs: undefined,
    };
    clocks.set(key, clock);
    if (clocks.size > sourcesMax) {
      clocks.delete(clocks.keys().next().value!);
      forgotten++;
    }
    return clock;
  }

  return {
    observe(source, { sampleCount, timesMs }, nowMs, refused) {
      if (source.isImport === true || sampleCount === 0) return;
      let newestMs = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < sampleCount; i++) if (timesMs[i]! > newestMs) newestMs = timesMs[i]!;
      const distanceMs = nowMs - newestMs;
      const clock = clockOf(source, nowMs, distanceMs);
      clock.lastArrivedMs = nowMs;
      clock.lastDistanceMs = distanceMs;
      clock.leastDistanceMs = Math.min(clock.leastDistanceMs, distanceMs);
      clock.mostDistanceMs = Math.max(clock.mostDistanceMs, distanceMs);
      clock.meanDistanceMs += weight * (distanceMs - clock.meanDistanceMs);
      clock.samples += sampleCount;
      const outside = refused.rejectedByCode.get('outside_time_window') ?? 0;
      clock.outsideWindow += outside;
      if (outside > 0) clock.lastOutsideMs = nowMs;
    },
    report: () => Array.from(clocks.values()).reverse(),
    get forgotten() {
      return forgotten;
    },
  };
}
