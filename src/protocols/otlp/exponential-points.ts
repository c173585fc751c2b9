/** Reads the data points of exponential histograms (ExponentialHistogramDataPoint), which become native histograms. */
import { staleHistogram } from '../../model/native-histogram.js';
import { type ExponentialBuckets, type ExponentialHistogram, limited } from './exponential-buckets.js';
import { nativeFromExponential } from './native-from-exponential.js';
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
  constructor(private readonly decoding: PointDecoding) {}

  /** Reads the data point that is the reader's message. */
  read(metric: PointMetric): void {
    const { decoding } = this;
    const { exemplarReader, exemplars, histograms, keys, point } = decoding;
    const sent = this.readFields();
    if (!preparePoint(decoding, metric.names.family)) return;
    const histogram = this.histogramOf(sent, metric.isDelta);
    if (histogram === undefined) return;
    if (typeof histogram === 'string') {
      decoding.refusals.refuse({ code: 'invalid_histogram', message: histogram });
      return;
    }
    histograms.add(keys.bytes, keys.end, point.timeMs, histogram);
    takePoint(decoding);
    exemplarReader.read(exemplars, point.timeMs, () => keys.copy());
  }

  /** What is to be stored, or why not; undefined where that has been said already. */
  private histogramOf(sent: ExponentialHistogram, isDelta: boolean) {
    const { decoding } = this;
    if (decoding.point.isEnd) {
      if (isDelta) decoding.deltas.end(streamOf(decoding));
      return staleHistogram;
    }
    const own = nativeFromExponential(sent);
    if (!isDelta || typeof own === 'string') return own;
    const delta = limited(sent);
    const { outcome, total } = decoding.deltas.addExponential(streamOf(decoding), decoding.point.timeNs, delta);
    if (!isAccumulated(decoding, outcome) || total === undefined) return undefined;
    return nativeFromExponential(total);
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
