/** How many samples a query may hold at once: those it read and those of results that are still needed. */
import { BarographError } from '../../base/errors.js';
import { histogramSampleCount } from '../histogram/float-histogram.js';
import { histogramSteps, type Value } from './value.js';

export interface SampleBudget {
  /** Throws `query_too_large` past the limit. */
  readonly take: (samples: number) => void;
  /** Throws where so many more would be past the limit, without taking them: before memory is used for them. */
  readonly check: (samples: number) => void;
  readonly release: (samples: number) => void;
  readonly used: () => number;
  readonly peak: () => number;
}

export function createSampleBudget(samplesMax: number): SampleBudget {
  let used = 0;
  let peak = 0;
  const check = (samples: number): void => {
    if (used + samples <= samplesMax) return;
    throw new BarographError(
      'query_too_large',
      'query processing would load too many samples into memory in query execution',
      { hint: `the limit is ${samplesMax} samples; ask for a shorter time, a longer step, or fewer series` },
    );
  };
  return {
    take(samples) {
      check(samples);
      used += samples;
      peak = Math.max(peak, used);
    },
    check,
    release(samples) {
      used -= samples;
    },
    used: () => used,
    peak: () => peak,
  };
}

/**
 * Samples that a value takes the memory of. A step without a value takes as much as one with; a histogram counts for as many as its
 * size is worth.
 */
export function sampleCountOf(value: Value): number {
  switch (value.kind) {
    case 'string':
      return 0;
    case 'scalar':
      return value.values.length;
    case 'vector': {
      let count = 0;
      for (const series of value.series) {
        count += series.values.length;
        if (series.histograms === undefined) continue;
        for (const step of histogramSteps(series)) count += histogramSampleCount(series.histograms![step]!);
      }
      return count;
    }
    case 'matrix': {
      let count = 0;
      for (const { floats, histograms } of value.series) {
        count += floats.count;
        if (histograms !== undefined) for (const each of histograms.values) count += histogramSampleCount(each);
      }
      return count;
    }
  }
}
