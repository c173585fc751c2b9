/** Stores lines of samples. Both tables below keep one row a key, so a repeated insert changes nothing. */
import { concatBatches } from '../../model/column-rows.js';
import { encodeBlock } from '../../storage/native/encode.js';
import { metricLineTypes } from './event-columns.js';
import type { EventRecord } from './event-record.js';
import type { StoreContext } from './store-predictions.js';
import { overAnyPartitions } from './weeks.js';

type MetricLineRecord = EventRecord & { kind: 'metric_line' };

const names = Object.keys(metricLineTypes) as (keyof typeof metricLineTypes)[];

export async function storeMetricLines(records: readonly MetricLineRecord[], context: StoreContext): Promise<void> {
  const { rowCount, columns } = concatBatches(records.map(({ batch }) => batch));
  const block = encodeBlock(
    names.map((name) => ({ name, type: metricLineTypes[name], data: columns[name] })),
    rowCount,
  );
  await context.engine.insert({
    table: 'metric_arrivals',
    columns: names,
    blocks: [block],
    settings: overAnyPartitions,
  });
  context.counters.rowsStored('metric_line', rowCount);
}
