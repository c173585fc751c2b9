/**
 * Reads native histograms, which both versions of remote write have in the same form. Integer histograms give their buckets' counts as differences, each
 * from the one before. Source: prometheus prompb/types.proto and prompb/io/prometheus/write/v2/types.proto, message Histogram.
 */
import { soundHistogram } from '../../model/check-native-histogram.js';
import {
  counterResetHints,
  type NativeHistogram,
  type SpannedBuckets,
  staleHistogram,
} from '../../model/native-histogram.js';
import { staleMarkerHigh, staleMarkerLow } from '../../model/sample-batch.js';
import { type WireReader, wireType } from '../protobuf/wire-reader.js';

export interface ReadHistogram {
  readonly timeMs: number;
  /** Or what is wrong with it. */
  readonly histogram: NativeHistogram | string;
}

/** Reads the Histogram message that `reader` is at. */
export function readHistogram(reader: WireReader): ReadHistogram {
  const fields = new Fields();
  const outer = reader.enter();
  while (reader.next()) fields.read(reader);
  reader.leave(outer);
  return { timeMs: fields.timeMs, histogram: fields.isStale ? staleHistogram : soundHistogram(fields.histogram()) };
}

class Side {
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  readonly deltas: number[] = [];
  readonly counts: number[] = [];

  buckets(isFloat: boolean): SpannedBuckets {
    const { offsets, lengths, deltas, counts } = this;
    let count = 0;
    return { offsets, lengths, counts: isFloat ? counts : deltas.map((delta) => (count += delta)) };
  }
}

class Fields {
  timeMs = 0;
  isStale = false;
  private isFloat = false;
  private schema = 0;
  private zeroThreshold = 0;
  private zeroCount = 0;
  private count = 0;
  private sum = 0;
  private hint = 0;
  private readonly positive = new Side();
  private readonly negative = new Side();
  private readonly customBounds: number[] = [];

  read(reader: WireReader): void {
    switch (reader.field) {
      case 1:
        this.count = reader.uint64();
        this.isFloat = false;
        break;
      case 2:
        this.count = reader.double();
        this.isFloat = true;
        break;
      case 3:
        this.sum = reader.double();
        this.isStale = reader.low === staleMarkerLow && reader.high === staleMarkerHigh;
        break;
      case 4:
        this.schema = reader.sint32();
        break;
      case 5:
        this.zeroThreshold = reader.double();
        break;
      case 6:
        this.zeroCount = reader.uint64();
        break;
      case 7:
        this.zeroCount = reader.double();
        break;
      case 14:
        this.hint = reader.uint32();
        break;
      case 15:
        this.timeMs = reader.int64();
        break;
      case 16:
        readDoubles(reader, this.customBounds);
        break;
      default:
        this.readBuckets(reader);
    }
  }

  private readBuckets(reader: WireReader): void {
    switch (reader.field) {
      case 8:
        readSpan(reader, this.negative);
        break;
      case 9:
        readDeltas(reader, this.negative.deltas);
        break;
      case 10:
        readDoubles(reader, this.negative.counts);
        break;
      case 11:
        readSpan(reader, this.positive);
        break;
      case 12:
        readDeltas(reader, this.positive.deltas);
        break;
      case 13:
        readDoubles(reader, this.positive.counts);
        break;
      default:
        reader.skip();
    }
  }

  histogram(): NativeHistogram {
    const { isFloat, schema, zeroThreshold, zeroCount, count, sum, customBounds } = this;
    return {
      counterReset: counterResetHints[this.hint] ?? 'unknown',
      isFloat,
      isStale: false,
      schema,
      zeroThreshold,
      zeroCount,
      count,
      sum,
      positive: this.positive.buckets(isFloat),
      negative: this.negative.buckets(isFloat),
      customBounds,
    };
  }
}

function readSpan(reader: WireReader, { offsets, lengths }: Side): void {
  let offset = 0;
  let length = 0;
  const outer = reader.enter();
  while (reader.next())
    if (reader.field === 1) offset = reader.sint32();
    else if (reader.field === 2) length = reader.uint32();
    else reader.skip();
  reader.leave(outer);
  offsets.push(offset);
  lengths.push(length);
}

// A repeated number comes packed or, from old writers, as a field for each; readers have to take both.

function readDoubles(reader: WireReader, into: number[]): void {
  if (reader.type !== wireType.bytes) {
    into.push(reader.double());
    return;
  }
  const outer = reader.enterPacked();
  while (reader.hasMore) into.push(reader.packedDouble());
  reader.leave(outer);
}

function readDeltas(reader: WireReader, into: number[]): void {
  if (reader.type !== wireType.bytes) {
    reader.uint64();
    into.push(zigzagOf(reader));
    return;
  }
  const outer = reader.enterPacked();
  while (reader.hasMore) {
    reader.packedVarint();
    into.push(zigzagOf(reader));
  }
  reader.leave(outer);
}

/** The sint64 that was read last, as the nearest double. */
function zigzagOf({ low, high }: WireReader): number {
  const half = high * 2 ** 31 + (low >>> 1);
  return (low & 1) === 0 ? half : -half - 1;
}
