/** Reads the data points of histograms with explicit bounds (HistogramDataPoint). Their smallest and greatest values have no series in Prometheus' model. */
import { BoundTexts } from './bound-texts.js';
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

/** Of the numbers that the delta accumulator adds up, the first two; the buckets' counts follow. */
const countAt = 0;
const sumAt = 1;
const bucketsAt = 2;

export class HistogramPoints {
  /** The count, the sum, and the count of each bucket by itself. */
  private readonly numbers = new NumberList();
  private readonly bounds = new NumberList();
  private hasSum = false;
  private readonly boundTexts = new BoundTexts();

  constructor(private readonly decoding: PointDecoding) {}

  /** Reads the data point that is the reader's message. */
  read(metric: PointMetric): void {
    const { bounds, decoding, numbers } = this;
    this.readFields();
    if (!preparePoint(decoding, metric.names.family, 'le')) return;
    const problem = this.problem();
    if (problem !== undefined) {
      decoding.refusals.refuse({ code: 'invalid_histogram', message: problem });
      return;
    }
    if (metric.isDelta && !this.accumulate()) return;
    const { values } = numbers;
    // An explicit bound of +Inf is the last bucket, which there is anyway.
    const boundCount = bounds.values[bounds.count - 1] === Number.POSITIVE_INFINITY ? bounds.count - 1 : bounds.count;
    let sum = 0;
    for (let i = bucketsAt; i < numbers.count; i++) values[i] = sum += values[i]!;
    addHistogram(
      decoding,
      metric.names,
      {
        count: values[countAt]!,
        // Where the series end, senders leave out the sum that there was.
        sum: this.hasSum || decoding.point.isEnd ? values[sumAt]! : undefined,
        bounds: bounds.values,
        boundCount,
        cumulativeCounts: values.subarray(bucketsAt),
      },
      this.boundTexts,
    );
    takePoint(decoding);
  }

  private accumulate(): boolean {
    const { bounds, decoding, numbers } = this;
    const stream = streamOf(decoding);
    if (decoding.point.isEnd) {
      decoding.deltas.end(stream);
      return true;
    }
    const own = bounds.values.subarray(0, bounds.count);
    const outcome = decoding.deltas.add(stream, own, decoding.point.timeNs, numbers.values, numbers.count);
    return isAccumulated(decoding, outcome);
  }

  private problem(): string | undefined {
    const { bounds, numbers } = this;
    const bucketCount = numbers.count - bucketsAt;
    const isBare = bucketCount === 0 && (bounds.count === 0 || this.decoding.point.isEnd);
    if (!isBare && bucketCount !== bounds.count + 1)
      return `got ${bucketCount} bucket counts and ${bounds.count} bounds, wanted one count more than bounds`;
    for (let i = 0; i < bounds.count; i++) {
      const bound = bounds.values[i]!;
      if (Number.isNaN(bound) || (i > 0 && bound <= bounds.values[i - 1]!))
        return `got the bound ${bound} as number ${i + 1}, wanted bounds that ascend`;
    }
    return undefined;
  }

  private readFields(): void {
    const { bounds, numbers } = this;
    const { attributes, exemplarReader, point, reader } = this.decoding;
    beginPoint(this.decoding);
    bounds.clear();
    numbers.clear();
    numbers.push(0);
    numbers.push(0);
    this.hasSum = false;
    while (reader.next()) {
      switch (reader.field) {
        case 3:
          point.readTime(reader);
          break;
        case 4:
          numbers.values[countAt] = reader.fixed64();
          break;
        case 5:
          numbers.values[sumAt] = reader.double();
          this.hasSum = true;
          break;
        case 6:
          numbers.addFixed64s(reader);
          break;
        case 7:
          bounds.addDoubles(reader);
          break;
        case 8:
          exemplarReader.add(reader);
          break;
        case 9:
          attributes.add(reader);
          break;
        case 10:
          point.flags = reader.uint32();
          break;
        default:
          reader.skip();
      }
    }
  }
}
