/** Reads the data points of gauges and sums (NumberDataPoint). */
import {
  addPart,
  beginPoint,
  isAccumulated,
  type PointDecoding,
  type PointMetric,
  preparePoint,
  streamOf,
  takePoint,
} from './point-decoding.js';

/** Reads NumberDataPoints of one request. */
export class NumberPoints {
  private hasValue = false;
  private isInt = false;
  private value = 0;
  private low = 0;
  private high = 0;
  private readonly deltas = new Float64Array(1);

  constructor(private readonly decoding: PointDecoding) {}

  /** Reads the data point that is the reader's message. */
  read(metric: PointMetric): void {
    const { decoding } = this;
    const { point, samples, keys } = decoding;
    this.readFields();
    if (!preparePoint(decoding, metric.names.family)) return;
    if (point.isEnd) {
      if (metric.isDelta) decoding.deltas.end(streamOf(decoding));
      addPart(decoding, 0, metric.names.family);
    } else if (!this.hasValue) {
      decoding.refusals.refuse({ code: 'missing_field', message: 'the data point has no value' });
      return;
    } else if (metric.isDelta) {
      if (!this.addDelta()) return;
    } else {
      samples.beginRun(keys.bytes, 0, keys.end);
      // A double's bits are kept as they are: they may be those of a stale marker.
      if (this.isInt) samples.add(point.timeMs, this.value);
      else samples.addBits(point.timeMs, this.low, this.high);
    }
    takePoint(decoding);
    if (metric.keepsExemplars) decoding.exemplarReader.read(decoding.exemplars, point.timeMs, () => keys.copy());
  }

  private addDelta(): boolean {
    const { decoding, deltas } = this;
    const { keys, point, samples } = decoding;
    deltas[0] = this.value;
    const outcome = decoding.deltas.add(streamOf(decoding), [], point.timeNs, deltas, 1);
    if (!isAccumulated(decoding, outcome)) return false;
    samples.beginRun(keys.bytes, 0, keys.end);
    samples.add(point.timeMs, deltas[0]);
    return true;
  }

  private readFields(): void {
    const { attributes, exemplarReader, point, reader } = this.decoding;
    beginPoint(this.decoding);
    this.hasValue = false;
    while (reader.next()) {
      switch (reader.field) {
        case 3:
          point.readTime(reader);
          break;
        case 4:
          this.value = reader.double();
          this.low = reader.low;
          this.high = reader.high;
          this.hasValue = true;
          this.isInt = false;
          break;
        case 5:
          exemplarReader.add(reader);
          break;
        case 6:
          this.value = reader.sfixed64();
          this.hasValue = this.isInt = true;
          break;
        case 7:
          attributes.add(reader);
          break;
        case 8:
          point.flags = reader.uint32();
          break;
        default:
          reader.skip();
      }
    }
  }
}
