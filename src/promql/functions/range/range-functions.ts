/** The functions over range vectors, by name. `absent_over_time` is made of `present_over_time`. */
import { changes, resets } from './changes-and-resets.js';
import { countOverTime, presentOverTime } from './count-over-time.js';
import { firstOverTime, lastOverTime, timeOfFirstOverTime, timeOfLastOverTime } from './edge-over-time.js';
import { doubleExponentialSmoothing } from './exponential-smoothing.js';
import { maxOverTime, minOverTime, timeOfMaxOverTime, timeOfMinOverTime } from './extreme-over-time.js';
import { idelta, irate } from './instant-rate.js';
import { madOverTime, quantileOverTime } from './quantile-over-time.js';
import type { RangeFunction } from './range-function.js';
import { delta, increase, rate } from './rate.js';
import { deriv, predictLinear } from './regression.js';
import { avgOverTime, sumOverTime } from './sum-over-time.js';
import { stddevOverTime, stdvarOverTime } from './variance-over-time.js';

export const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map(
  Object.entries({
    absent_over_time: presentOverTime,
    avg_over_time: avgOverTime,
    changes,
    count_over_time: countOverTime,
    delta,
    deriv,
    double_exponential_smoothing: doubleExponentialSmoothing,
    first_over_time: firstOverTime,
    idelta,
    increase,
    irate,
    last_over_time: lastOverTime,
    mad_over_time: madOverTime,
    max_over_time: maxOverTime,
    min_over_time: minOverTime,
    predict_linear: predictLinear,
    present_over_time: presentOverTime,
    quantile_over_time: quantileOverTime,
    rate,
    resets,
    stddev_over_time: stddevOverTime,
    stdvar_over_time: stdvarOverTime,
    sum_over_time: sumOverTime,
    ts_of_first_over_time: timeOfFirstOverTime,
    ts_of_last_over_time: timeOfLastOverTime,
    ts_of_max_over_time: timeOfMaxOverTime,
    ts_of_min_over_time: timeOfMinOverTime,
  }),
);
