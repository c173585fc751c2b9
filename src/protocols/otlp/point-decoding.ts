/** What the readers of data points share: the state of one request's decoding, and the steps that all kinds of data points take. */
import type { HistogramBatchBuilder } from '../../model/histogram-batch-builder.js';
import type { Exemplar } from '../../model/sample-batch.js';
import type { SampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { timeMsMax } from '../../model/time.js';
import type { WireReader } from '../protobuf/wire-reader.js';
import type { AttributeList } from './attribute-list.js';
import type { DeltaAccumulator, DeltaOutcome } from './delta-accumulator.js';
import type { ExemplarReader } from './exemplar-reader.js';
import type { Refusal, Refusals } from './refusals.js';
import type { PartLabel, SeriesKeys } from './series-keys.js';
import { unixNanoMs } from './unix-nano.js';

export interface PointDecoding {
  /** While a data point is read: the reader of its message. */
  readonly reader: WireReader;
  readonly attributes: AttributeList;
  readonly keys: SeriesKeys;
  readonly samples: SampleBatchBuilder;
  readonly histograms: HistogramBatchBuilder;
  readonly exemplars: Exemplar[];
  readonly exemplarReader: ExemplarReader;
  readonly deltas: DeltaAccumulator;
  readonly refusals: Refusals;
  readonly point: PointHeader;
  /** Times of the resource's data points that were taken; the earliest is infinite before the first. */
  earliestMs: number;
  latestMs: number;
}

/** The metric whose data points are read. Names are bytes of UTF-8. */
export interface MetricNames {
  readonly family: Uint8Array;
  readonly bucket: Uint8Array;
  readonly sum: Uint8Array;
  readonly count: Uint8Array;
}

export interface PointMetric {
  readonly names: MetricNames;
  readonly isDelta: boolean;
  /** Exemplars of gauges and summaries are dropped, as the specification has it. */
  readonly keepsExemplars: boolean;
}

/** What every data point says, besides its attributes. */
export class PointHeader {
  timeMs = 0;
  /** The nearest double. */
  timeNs = 0;
  flags = 0;

  clear(): void {
    this.timeMs = this.timeNs = this.flags = 0;
  }

  /** Reads time_unix_nano, which is the reader's field. */
  readTime(reader: WireReader): void {
    this.timeNs = reader.fixed64();
    this.timeMs = unixNanoMs(reader.high, reader.low);
  }

  /** Whether the series end here: the sender says that there is no value any more (DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK). */
  get isEnd(): boolean {
    return (this.flags & 1) === 1;
  }
}

/** Forgets the data point before. */
export function beginPoint({ attributes, exemplarReader, point }: PointDecoding): void {
  attributes.clear();
  exemplarReader.clear();
  point.clear();
}

/**
 * Ends the reading of what all data points have: refuses one without a usable time or with attributes that make no labels, else prepares
 * its key in `keys`. Answers whether it is taken.
 */
export function preparePoint(decoding: PointDecoding, name: Uint8Array, part?: PartLabel): boolean {
  const { attributes, keys, point } = decoding;
  const refusal =
    timeRefusal(point) ??
    attributes.refusal ??
    keys.prepare(attributes, name) ??
    (part === undefined ? undefined : keys.partRefusal(part));
  if (refusal === undefined) return true;
  decoding.refusals.refuse(refusal);
  return false;
}

function timeRefusal({ timeMs, timeNs }: PointHeader): Refusal | undefined {
  if (timeNs === 0) return { code: 'missing_field', message: 'time_unix_nano is required' };
  if (timeMs <= timeMsMax) return undefined;
  return { code: 'outside_time_window', message: `time_unix_nano: got ${timeNs}, wanted a time up to the year 2299` };
}

/** Notes that the data point was taken. */
export function takePoint(decoding: PointDecoding): void {
  const { timeMs } = decoding.point;
  if (timeMs < decoding.earliestMs) decoding.earliestMs = timeMs;
  if (timeMs > decoding.latestMs) decoding.latestMs = timeMs;
}

/** Appends a sample, or the stale marker where the series ends, to the prepared data point's series `name` with the label given. */
export function addPart(
  { keys, point, samples }: PointDecoding,
  value: number,
  name: Uint8Array,
  part?: PartLabel,
  partValue?: Uint8Array,
): void {
  keys.part(name, part, partValue);
  samples.beginRun(keys.partKey, 0, keys.partEnd);
  if (point.isEnd) samples.addStaleMarker(point.timeMs);
  else samples.add(point.timeMs, value);
}

/** Whether a delta is in the total; refuses it where it is not. */
export function isAccumulated({ refusals }: PointDecoding, outcome: DeltaOutcome): boolean {
  if (outcome !== 'out_of_order') return true;
  refusals.refuse({
    code: 'out_of_order',
    message: 'got a delta that does not end later than the last one of its series',
  });
  return false;
}

/** The bytes that name the prepared data point's stream. */
export const streamOf = ({ keys }: PointDecoding): Uint8Array => keys.bytes.subarray(0, keys.end);
