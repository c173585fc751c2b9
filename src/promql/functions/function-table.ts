/** The functions over instant vectors and scalars, by name; for those over range vectors see `range/range-functions.ts`. */
import { calendarFunctions } from './calendar-functions.js';
import type { PromqlFunction } from './function-call.js';
import { histogramFunctions } from './histogram-functions.js';
import { labelFunctions } from './label-functions.js';
import { mathFunctions } from './math-functions.js';
import { scalarFunctions } from './scalar-functions.js';
import { sortFunctions } from './sort-functions.js';

export const functionTable: ReadonlyMap<string, PromqlFunction> = new Map(
  Object.entries({
    ...calendarFunctions,
    ...histogramFunctions,
    ...labelFunctions,
    ...mathFunctions,
    ...scalarFunctions,
    ...sortFunctions,
  }),
);
