/**
 * Reads the data points of exponential histograms (ExponentialHistogramDataPoint). They are stored as histograms with fixed bounds, as the
 * compatibility specification allows where native histograms are not kept; exponential-buckets.ts tells how.
 */
import { BoundTexts } from './bound-texts.js';
import { type ExponentialBuckets, type ExponentialHistogram, fixedBuckets, limited } from './exponential-buckets.js';
import { addHistogram } from './histogram-series.js';
import { NumberList } from './number-list.js';
import {
  beginPoint,
  isAccumulated,
  type PointDecoding,
  type PointMetric,
  preparePoint,
  streamOf,
  takePoint,
} from './point-decoding.js';

export class ExponentialPoints {
  private readonly boundTexts = new BoundTexts();

  constructor(private readonly decoding: PointDecoding) {}

  /** Reads the data point that is the reader's message. */
  read(metric: PointMetric): void {
    const { decoding } = this;
    const sent = this.readFields();
    if (!preparePoint(decoding, metric.names.family, 'le')) return;
    const { zeroThreshold } = sent;
    if (!(zeroThreshold >= 0 && Number.isFinite(zeroThreshold))) {
      decoding.refusals.nativeHistogramsRefused++;
      const message = `zero_threshold: got ${zeroThreshold}, wanted 0 or more`;
      decoding.refusals.refuse({ code: 'invalid_histogram', message });
      return;
    }
    const histogram = metric.isDelta ? this.accumulated(limited(sent)) : limited(sent);
    if (histogram === undefined) return;
    const { bounds, counts } = fixedBuckets(histogram);
    const { count, hasSum, sum } = histogram;
    // Where the series end, senders leave out the sum that there was.
    const hadSum = hasSum || decoding.point.isEnd;
    const values = { count, sum: hadSum ? sum : undefined, bounds, boundCount: bounds.length };
    addHistogram(decoding, metric.names, { ...values, cumulativeCounts: counts }, this.boundTexts);
    takePoint(decoding);
  }

  /** The total that the delta makes; undefined where it is refused. */
  private accumulated(delta: ExponentialHistogram): ExponentialHistogram | undefined {
    const { decoding } = this;
    const stream = streamOf(decoding);
    if (decoding.point.isEnd) {
      decoding.deltas.end(stream);
      return delta;
    }
    const { outcome, total } = decoding.deltas.addExponential(stream, decoding.point.timeNs, delta);
    if (isAccumulated(decoding, outcome)) return total;
    decoding.refusals.nativeHistogramsRefused++;
    return undefined;
  }

  private readFields(): ExponentialHistogram {
    const { attributes, exemplarReader, point, reader } = this.decoding;
    const none: ExponentialBuckets = { offset: 0, counts: [] };
    const read = {
      scale: 0,
      count: 0,
      sum: 0,
      hasSum: false,
      zeroThreshold: 0,
      zeroCount: 0,
      positive: none,
      negative: none,
    };
    beginPoint(this.decoding);
    while (reader.next()) {
      switch (reader.field) {
        case 1:
          attributes.add(reader);
          break;
        case 3:
          point.readTime(reader);
          break;
        case 4:
          read.count = reader.fixed64();
          break;
        case 5:
          read.sum = reader.double();
          read.hasSum = true;
          break;
        case 6:
          read.scale = reader.sint32();
          break;
        case 7:
          read.zeroCount = reader.fixed64();
          break;
        case 8:
          read.positive = this.readBuckets();
          break;
        case 9:
          read.negative = this.readBuckets();
          break;
        case 10:
          point.flags = reader.uint32();
          break;
        case 11:
          exemplarReader.add(reader);
          break;
        case 14:
          read.zeroThreshold = reader.double();
          break;
        default:
          reader.skip();
      }
    }
    return read;
  }

  private readBuckets(): ExponentialBuckets {
    const { reader } = this.decoding;
    const counts = new NumberList();
    let offset = 0;
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.field === 1) offset = reader.sint32();
      else if (reader.field === 2) counts.addUint64s(reader);
      else reader.skip();
    }
    reader.leave(outer);
    return { offset, counts: counts.toArray() };
  }
}
