/**
 * A query's result as JSON, in pieces, as Prometheus writes it. Source: Prometheus, util/jsonutil and web/api/v1/json_codec.go.
 */

import type { QueryData, ResultSample, ResultSeries } from '../../promql/evaluate/query-result.js';
import { labelsJsonOf } from '../../promql/evaluate/series-labels.js';
import { allBuckets, type Bucket } from '../../promql/histogram/bucket-bounds.js';
import { type FloatHistogram, usesCustomBounds } from '../../promql/histogram/float-histogram.js';
import { JsonBytes } from '../../promql/print/json-bytes.js';
import { labelsJson } from '../../promql/print/labels-json.js';
import { pointHeads, type Texts, writePoints } from '../../promql/print/point-texts.js';
import { secondsText, valueText } from '../../promql/print/sample-text.js';

export interface AnswerParts {
  readonly data: QueryData;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Goes into the answer as JSON; left out where undefined. */
  readonly stats: object | undefined;
}

/** The whole answer, status and all, in pieces of at least so many bytes but for the last. */
export function* queryAnswerJson({ data, warnings, infos, stats }: AnswerParts, pieceBytes: number): Generator<Buffer> {
  const out = new JsonBytes();
  out.text(`{"status":"success","data":{"resultType":"${data.kind}","result":`);
  for (const _series of writeResult(data, out)) if (out.length >= pieceBytes) yield out.take();
  out.text(stats === undefined ? '}' : `,"stats":${JSON.stringify(stats)}}`);
  out.text(`${listJson('warnings', warnings)}${listJson('infos', infos)}}`);
  yield out.take();
}

/** Stops now and then, for what is written to be taken. */
function* writeResult(data: QueryData, out: JsonBytes): Generator<void> {
  switch (data.kind) {
    case 'scalar':
      out.text(pointJson(data.timeMs, data.value));
      break;
    case 'string':
      out.text(`[${secondsText(data.timeMs)},${JSON.stringify(data.value)}]`);
      break;
    case 'vector':
      yield* writeVector(data.timeMs, data.samples, out);
      break;
    case 'matrix': {
      const headsOf = createHeads();
      for (let i = 0; i < data.series.length; i++) {
        out.ascii(i === 0 ? '[' : ',');
        writeSeries(data.series[i]!, headsOf, out);
        yield;
      }
      out.ascii(data.series.length === 0 ? '[]' : ']');
    }
  }
}

/** Samples whose texts are put together before they become bytes. A guess. */
const samplesTogether = 256;

function* writeVector(timeMs: number, samples: readonly ResultSample[], out: JsonBytes): Generator<void> {
  const time = secondsText(timeMs);
  let text = '[';
  for (let i = 0; i < samples.length; i++) {
    const { keyedLabels, value } = samples[i]!;
    const point =
      typeof value === 'number'
        ? `"value":[${time},"${valueText(value)}"]}`
        : `"histogram":[${time},${histogramJson(value)}]}`;
    text += `${i === 0 ? '' : ','}{"metric":${labelsJsonOf(keyedLabels)},${point}`;
    if (i % samplesTogether < samplesTogether - 1) continue;
    out.text(text);
    text = '';
    yield;
  }
  out.text(`${text}]`);
}

const listJson = (name: string, texts: readonly string[]): string =>
  texts.length === 0 ? '' : `,"${name}":${JSON.stringify(texts)}`;

/** Most series of an answer share one array of times: it is made into texts once. */
function createHeads(): (timesMs: Float64Array) => Texts {
  let last: Float64Array | undefined;
  let heads: Texts | undefined;
  return (timesMs) => {
    if (timesMs !== last || heads === undefined) {
      last = timesMs;
      heads = pointHeads(timesMs);
    }
    return heads;
  };
}

function writeSeries(series: ResultSeries, headsOf: (timesMs: Float64Array) => Texts, out: JsonBytes): void {
  const { labels, timesMs, values, histogramTimesMs, histograms, printed } = series;
  if (printed !== undefined) {
    out.ascii('{"metric":');
    out.raw(printed.labels);
    out.ascii(',"values":[');
    out.raw(printed.points.subarray(1));
    out.ascii(']}');
    return;
  }
  out.text(`{"metric":${labelsJson(labels)}`);
  if (timesMs.length > 0) {
    out.ascii(',"values":[');
    writePoints(out, headsOf(timesMs), values);
    out.ascii(']');
  }
  if (histograms.length > 0) {
    const points = histograms.map((each, i) => `[${secondsText(histogramTimesMs[i]!)},${histogramJson(each)}]`);
    out.text(`,"histograms":[${points.join(',')}]`);
  }
  out.ascii('}');
}

const pointJson = (timeMs: number, value: number): string => `[${secondsText(timeMs)},"${valueText(value)}"]`;

function histogramJson(histogram: FloatHistogram): string {
  const isCustom = usesCustomBounds(histogram);
  const firstUpper = histogram.customBounds[0] ?? Number.POSITIVE_INFINITY;
  const buckets = allBuckets(histogram)
    .filter(({ count }) => count !== 0)
    .map((bucket) => bucketJson(bucket, isCustom ? customBorders(bucket, firstUpper) : borders(bucket)));
  const list = buckets.length === 0 ? '' : `,"buckets":[${buckets.join(',')}]`;
  return `{"count":"${valueText(histogram.count)}","sum":"${valueText(histogram.sum)}"${list}}`;
}

/** Which ends belong to a bucket: 0 the upper, 1 the lower, 2 none, 3 both. */
type Borders = 0 | 1 | 2 | 3;

function borders({ lower, upper }: Bucket): Borders {
  if (lower < 0) return upper > 0 ? 3 : 1;
  return upper > 0 ? 0 : 2;
}

/** The lowest bucket reaches to minus infinity, and includes it. */
const customBorders = ({ upper }: Bucket, firstUpper: number): Borders => (upper === firstUpper ? 3 : 0);

const bucketJson = ({ lower, upper, count }: Bucket, which: Borders): string =>
  `[${which},"${valueText(lower)}","${valueText(upper)}","${valueText(count)}"]`;
