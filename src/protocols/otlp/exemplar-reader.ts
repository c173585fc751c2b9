/**
 * Exemplars of a data point. Their trace and span become the labels `trace_id` and `span_id`, in hexadecimal; the attributes that the data
 * point itself does not have become labels, too, unless all would be longer than OpenMetrics allows.
 * Source: OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "Exemplar Conversion".
 */
import { encodeLabels, type Label, sortedLabels } from '../../model/labels.js';
import type { Exemplar } from '../../model/sample-batch.js';
import { timeMsMax } from '../../model/time.js';
import { WireReader } from '../protobuf/wire-reader.js';
import { AttributeList } from './attribute-list.js';
import { joint, labelGroups } from './label-groups.js';
import { labelName } from './label-name.js';
import type { TranslationStrategy } from './metric-name.js';
import { textAttributes } from './target-labels.js';
import { unixNanoMs } from './unix-nano.js';

/** Most characters of an exemplar's label names and values. Source: OpenMetrics 1.0, "Exemplars". */
const labelCharsMax = 128;

/** Most exemplars of one body; more are left out. A guess: they are picked from many measurements, and never all there are. */
const exemplarsMax = 100_000;

const traceIdBytes = 16;
const spanIdBytes = 8;

export class ExemplarReader {
  /** Exemplar i of the data point is [starts[i], ends[i]) of the body. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly reader: WireReader;
  private readonly attributes: AttributeList;

  constructor(
    body: Uint8Array,
    private readonly strategy: TranslationStrategy,
  ) {
    this.reader = new WireReader(body);
    this.attributes = new AttributeList(body);
  }

  clear(): void {
    this.starts.length = this.ends.length = 0;
  }

  /** Adds the exemplar that is the reader's field. */
  add(reader: WireReader): void {
    reader.range();
    this.starts.push(reader.start);
    this.ends.push(reader.stop);
  }

  /**
   * Reads the exemplars that were added into `into`; those without a value are left out.
   * @param pointTimeMs Time of those that have none of their own.
   * @param seriesOf Canonical label bytes of the series that holds a value.
   */
  read(into: Exemplar[], pointTimeMs: number, seriesOf: (value: number) => Uint8Array): void {
    for (let i = 0; i < this.starts.length && into.length < exemplarsMax; i++) {
      this.reader.position = this.starts[i]!;
      this.reader.end = this.ends[i]!;
      const { labels, timeMs, value } = this.readOne();
      if (value === undefined) continue;
      const time = timeMs === 0 || timeMs > timeMsMax ? pointTimeMs : timeMs;
      into.push({ series: seriesOf(value), labels: encodeLabels(labels), timeMs: time, value });
    }
  }

  private readOne(): { value: number | undefined; timeMs: number; labels: Label[] } {
    const { attributes, reader } = this;
    let value: number | undefined;
    let timeMs = 0;
    const ids: Label[] = [];
    attributes.clear();
    while (reader.next()) {
      if (reader.field === 2) {
        reader.fixed64();
        timeMs = unixNanoMs(reader.high, reader.low);
      } else if (reader.field === 3) value = reader.double();
      else if (reader.field === 4) ids.push(['span_id', identifier(reader, spanIdBytes)]);
      else if (reader.field === 5) ids.push(['trace_id', identifier(reader, traceIdBytes)]);
      else if (reader.field === 6) value = reader.sfixed64();
      else if (reader.field === 7) attributes.add(reader);
      else reader.skip();
    }
    return { value, timeMs, labels: this.labelsOf(ids) };
  }

  private labelsOf(ids: readonly Label[]): Label[] {
    const own = new Map(ids);
    const named = textAttributes(this.attributes)
      .map(({ key, value }) => ({ key, value, name: labelName(key, this.strategy) }))
      .filter(({ name }) => name !== '' && !own.has(name));
    const others = labelGroups(named).map(
      ({ members, name }): Label => [name, members.map(({ value }) => value).join(joint)],
    );
    const all = [...own, ...others];
    const chars = all.reduce((sum, [name, value]) => sum + charCount(name) + charCount(value), 0);
    return sortedLabels(chars <= labelCharsMax ? all : own);
  }
}

/** An id in hexadecimal; '' where it is none: of another length, or all zeros. */
function identifier(reader: WireReader, bytesWanted: number): string {
  reader.range();
  const { bytes, start, stop } = reader;
  const id = Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start);
  return id.length === bytesWanted && id.some((byte) => byte !== 0) ? id.toString('hex') : '';
}

const charCount = (text: string): number => Array.from(text).length;
