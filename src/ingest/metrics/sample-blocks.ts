/** Sorted samples as blocks for the table of samples, one for each of its partitions, which are days in UTC. */
import { textColumnOf } from '../../model/columns.js';
import { valueWords } from '../../model/sample-batch.js';
import { encodeBlock } from '../../storage/native/encode.js';
import type { SortedSamples } from './sample-sort.js';

export interface SampleBlock {
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly rowCount: number;
  readonly block: Uint8Array;
}

export const sampleColumns = ['metric', 'series', 'ts', 'value'] as const;

const dayMs = 86_400_000;
const two32 = 2 ** 32;

/** What the blocks say of a series, by its place in the order. */
export interface SampleSeries {
  readonly refs: Uint32Array;
  readonly metrics: Uint32Array;
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  metricName(metric: number): string;
}

export function sampleBlocks(sorted: SortedSamples, series: SampleSeries): SampleBlock[] {
  return Array.from(rowsByDay(sorted.timesMs), ([day, rows]) => ({
    day,
    rowCount: rows.count,
    block: blockOf(sorted, series, rows),
  }));
}

/** The rows of a day: all of them where `places` is absent, else those. */
interface DayRows {
  readonly count: number;
  readonly places?: Uint32Array;
}

function rowsByDay(timesMs: Float64Array): Map<number, DayRows> {
  const counts = new Map<number, number>();
  let day = Number.NaN;
  let dayEnd = Number.NEGATIVE_INFINITY;
  let dayStart = Number.POSITIVE_INFINITY;
  let count = 0;
  const add = (): void => void (count > 0 && counts.set(day, (counts.get(day) ?? 0) + count));
  for (let row = 0; row < timesMs.length; row++) {
    const timeMs = timesMs[row]!;
    if (timeMs < dayStart || timeMs >= dayEnd) {
      add();
      day = Math.floor(timeMs / dayMs);
      dayStart = day * dayMs;
      dayEnd = dayStart + dayMs;
      count = 0;
    }
    count++;
  }
  add();
  if (counts.size <= 1) return new Map(Array.from(counts, ([only, rows]) => [only, { count: rows }]));
  const places = new Map(Array.from(counts, ([each, rows]) => [each, { places: new Uint32Array(rows), next: 0 }]));
  for (let row = 0; row < timesMs.length; row++) {
    const rows = places.get(Math.floor(timesMs[row]! / dayMs))!;
    rows.places[rows.next++] = row;
  }
  return new Map(Array.from(places, ([each, rows]) => [each, { count: rows.next, places: rows.places }]));
}

function blockOf(sorted: SortedSamples, series: SampleSeries, { count, places }: DayRows): Uint8Array {
  const { timesMs, ranks, starts } = sorted;
  const ids = new Uint32Array(2 * count);
  const times = new Uint32Array(2 * count);
  const values = places === undefined ? sorted.values.subarray(0, count) : new Float64Array(count);
  const metricPlaces = new Uint32Array(count);
  const metricNames: string[] = [];
  const source = valueWords(sorted.values);
  const target = valueWords(values);
  let lastMetric = -1;
  let row = 0;
  let at = 0;
  for (let i = 0; i < ranks.length && row < count; i++) {
    const end = starts[i + 1]!;
    const ref = series.refs[ranks[i]!]!;
    const metric = series.metrics[ref]!;
    const low = series.idLow[ref]!;
    const high = series.idHigh[ref]!;
    for (; row < count && (places === undefined ? at : places[row]!) < end; row++) {
      const from = places === undefined ? at++ : places[row]!;
      if (metric !== lastMetric) {
        lastMetric = metric;
        metricNames.push(series.metricName(metric));
      }
      metricPlaces[row] = metricNames.length - 1;
      ids[2 * row] = low;
      ids[2 * row + 1] = high;
      const timeMs = timesMs[from]!;
      const timeHigh = Math.floor(timeMs / two32);
      times[2 * row] = timeMs - timeHigh * two32;
      times[2 * row + 1] = timeHigh;
      if (places === undefined) continue;
      target[2 * row] = source[2 * from]!;
      target[2 * row + 1] = source[2 * from + 1]!;
    }
  }
  const texts = textColumnOf(metricNames);
  return encodeBlock(
    [
      {
        name: 'metric',
        type: 'LowCardinality(String)',
        data: { kind: 'dictionary', texts, places: narrowed(metricPlaces, metricNames.length) },
      },
      { name: 'series', type: 'UInt64', data: { kind: 'raw', bytes: bytesOf(ids) } },
      { name: 'ts', type: "DateTime64(3, 'UTC')", data: { kind: 'raw', bytes: bytesOf(times) } },
      { name: 'value', type: 'Float64', data: { kind: 'raw', bytes: bytesOf(values) } },
    ],
    count,
  );
}

/** Places as narrow as the number of texts lets them be. */
function narrowed(places: Uint32Array, textCount: number): Uint8Array | Uint16Array | Uint32Array {
  if (textCount <= 0x100) return Uint8Array.from(places);
  return textCount <= 0x10000 ? Uint16Array.from(places) : places;
}

const bytesOf = (array: Uint32Array | Float64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
