/** How a query of the API is evaluated, on the main thread and in one of heavy queries alike. */
import { defaultQueryOptions, type QueryOptions } from '../../promql/evaluate/query-options.js';
import { pointsMax } from './query-parameters.js';

export const evaluationOptions = (
  lookbackMs: number,
  { samplesMax }: Pick<QueryOptions, 'samplesMax'>,
  checkpoint: () => void,
): QueryOptions => ({
  ...defaultQueryOptions,
  lookbackMs,
  samplesMax,
  // The parameters were checked, as Prometheus counts: whole steps between start and end.
  stepsMax: pointsMax + 2,
  checkpoint,
});
