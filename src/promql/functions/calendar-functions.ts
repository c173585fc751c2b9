/** Parts of dates, in UTC. A vector's values are seconds since the epoch; without a vector, the time of evaluation is meant. */
import { gridTime } from '../evaluate/grid.js';
import { noLabels } from '../evaluate/series-labels.js';
import { isFloat, vectorOf } from '../evaluate/value.js';
import { type PromqlFunction, seriesArg } from './function-call.js';
import { mapFloats } from './map-series.js';

const dayMs = 86_400_000;

const datePart =
  (part: (date: Date) => number): PromqlFunction =>
  (call) => {
    const ofSeconds = (seconds: number): number => part(new Date(Math.trunc(seconds) * 1000));
    if (call.args.length > 0) return vectorOf(mapFloats(seriesArg(call, 0), ofSeconds));
    const { grid } = call;
    const values = Float64Array.from({ length: grid.steps }, (_, step) => ofSeconds(gridTime(grid, step) / 1000));
    const presence = new Uint8Array(grid.steps).fill(isFloat);
    return vectorOf([{ labels: noLabels, dropsName: false, values, presence, histograms: undefined }]);
  };

const daysInMonth = (date: Date): number =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1;

export const calendarFunctions: Readonly<Record<string, PromqlFunction>> = {
  day_of_month: datePart((date) => date.getUTCDate()),
  day_of_week: datePart((date) => date.getUTCDay()),
  day_of_year: datePart(dayOfYear),
  days_in_month: datePart(daysInMonth),
  hour: datePart((date) => date.getUTCHours()),
  minute: datePart((date) => date.getUTCMinutes()),
  month: datePart((date) => date.getUTCMonth() + 1),
  year: datePart((date) => date.getUTCFullYear()),
};
