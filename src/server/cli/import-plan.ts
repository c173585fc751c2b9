/** What the options of `barograph import` mean together. */
import { BarographError } from '../../base/errors.js';
import type { RowKind } from './import-fields.js';
import type { RowPlan } from './import-file.js';
import { createMapping, type MappingOptions } from './import-mapping.js';
import type { ImportKind, ImportOptions } from './import-options.js';
import { type TimeFormat, timeFormatOf } from './import-time.js';

/** What the options mean for a kind of rows. Fails with `bad_use` for those that do not go together. */
export function planOf(kind: ImportKind, options: ImportOptions): RowPlan {
  const time = timeFormatOf(options.timeFormat);
  if (kind === 'metrics') return metricsPlan(options, time);
  if (options.labels !== undefined) throw notFor('--labels', kind);
  const map = new Map(options.map);
  if (options.timeColumn !== undefined) map.set('ts', options.timeColumn);
  const mapping = createMapping(kind as RowKind, {
    map,
    set: options.set,
    features: options.features ?? [],
    rest: restOf(options),
    text: new Set(options.text),
  });
  return { mapping, cells: { time, nulls: new Set(['', ...options.null]) } };
}

function restOf({ featuresRest, ignoreRest }: ImportOptions): MappingOptions['rest'] {
  if (featuresRest === true && ignoreRest === true) {
    throw new BarographError('bad_use', '--features-rest and --ignore-rest exclude each other');
  }
  return featuresRest === true ? 'features' : ignoreRest === true ? 'ignore' : 'refuse';
}

const timeColumns = ['ts', 'time', 'timestamp'];

function metricsPlan(options: ImportOptions, time: TimeFormat): RowPlan {
  const { features, featuresRest, text, labels, timeColumn, map, set, ignoreRest = false } = options;
  for (const [name, given] of Object.entries({
    '--features': features,
    '--features-rest': featuresRest,
    '--text': text,
  })) {
    if (given !== undefined) throw notFor(name, 'metrics');
  }
  const { metric, value, ts, ...others } = Object.fromEntries(map) as Record<string, string | undefined>;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw new BarographError('bad_use', `--map ${unknown}: metrics take metric, value and ts`);
  if ((metric === undefined) !== (value === undefined)) {
    throw new BarographError('bad_use', 'the long form needs both --map metric=COLUMN and --map value=COLUMN');
  }
  return {
    isPlain: map.size + set.size === 0 && labels === undefined && timeColumn === undefined && !ignoreRest,
    metrics: (columns) => ({
      timeColumn: timeColumn ?? ts ?? columns.find((column) => timeColumns.includes(column)) ?? 'ts',
      time,
      labelColumns: labels ?? [],
      constantLabels: set,
      ignoreRest,
      ...(metric === undefined || value === undefined ? {} : { long: { metric, value } }),
    }),
  };
}

const notFor = (option: string, kind: ImportKind): BarographError =>
  new BarographError('bad_use', `${option} is not for ${kind}`);
