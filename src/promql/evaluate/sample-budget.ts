/** How many samples a query may hold at once: those it read and those of results that are still needed. */
import { BarographError } from '../../base/errors.js';
import { histogramSampleCount } from '../histogram/float-histogram.js';
import { isFloat, type Value } from './value.js';

export interface SampleBudget {
  /** Throws `query_too_large` past the limit. */
  readonly take: (samples: number) => void;
  readonly release: (samples: number) => void;
  readonly used: () => number;
  readonly peak: () => number;
}

export function createSampleBudget(samplesMax: number): SampleBudget {
  let used = 0;
  let peak = 0;
  return {
    take(samples) {
      used += samples;
      peak = Math.max(peak, used);
      if (used > samplesMax) {
        throw new BarographError(
          'query_too_large',
          'query processing would load too many samples into memory in query execution',
          { hint: `the limit is ${samplesMax} samples; ask for a shorter time, a longer step, or fewer series` },
        );
      }
    },
    release(samples) {
      used -= samples;
    },
    used: () => used,
    peak: () => peak,
  };
}

/** Samples that a value holds. A histogram counts for as many as its size is worth. */
export function sampleCountOf(value: Value): number {
  switch (value.kind) {
    case 'string':
      return 0;
    case 'scalar':
      return value.values.length;
    case 'vector': {
      let count = 0;
      for (const { presence, histograms } of value.series) {
        if (histograms === undefined) for (let step = 0; step < presence.length; step++) count += presence[step]!;
        else
          for (let step = 0; step < presence.length; step++)
            count += presence[step]! <= isFloat ? presence[step]! : histogramSampleCount(histograms[step]!);
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
