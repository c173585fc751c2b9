/** Reads the data points of summaries (SummaryDataPoint): a series with the label `quantile` for each quantile, `_sum` and `_count`. */
import { BoundTexts } from './bound-texts.js';
import { NumberList } from './number-list.js';
import {
  addPart,
  beginPoint,
  type PointDecoding,
  type PointMetric,
  preparePoint,
  takePoint,
} from './point-decoding.js';

export class SummaryPoints {
  private count = 0;
  private sum = 0;
  private readonly quantiles = new NumberList();
  private readonly values = new NumberList();
  private readonly quantileTexts = new BoundTexts();

  constructor(private readonly decoding: PointDecoding) {}

  /** Reads the data point that is the reader's message. */
  read({ names }: PointMetric): void {
    const { decoding, quantiles, values } = this;
    this.readFields();
    if (!preparePoint(decoding, names.family, 'quantile')) return;
    const texts = this.quantileTexts.of(quantiles.values, quantiles.count);
    for (let i = 0; i < quantiles.count; i++) addPart(decoding, values.values[i]!, names.family, 'quantile', texts[i]!);
    addPart(decoding, this.sum, names.sum);
    addPart(decoding, this.count, names.count);
    takePoint(decoding);
  }

  private readFields(): void {
    const { attributes, point, reader } = this.decoding;
    beginPoint(this.decoding);
    this.count = this.sum = 0;
    this.quantiles.clear();
    this.values.clear();
    while (reader.next()) {
      switch (reader.field) {
        case 3:
          point.readTime(reader);
          break;
        case 4:
          this.count = reader.fixed64();
          break;
        case 5:
          this.sum = reader.double();
          break;
        case 6:
          this.readQuantile();
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

  private readQuantile(): void {
    const { reader } = this.decoding;
    let quantile = 0;
    let value = 0;
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.field === 1) quantile = reader.double();
      else if (reader.field === 2) value = reader.double();
      else reader.skip();
    }
    reader.leave(outer);
    this.quantiles.push(quantile);
    this.values.push(value);
  }
}
