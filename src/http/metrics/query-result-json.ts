/**
 * A query's result as JSON text, in pieces, as Prometheus writes it: a time as seconds with three decimals where it is not whole, a
 * value as text. Source: Prometheus, util/jsonutil and web/api/v1/json_codec.go.
 */
import type { Labels } from '../../model/labels.js';
import type { QueryData, ResultSeries } from '../../promql/evaluate/query-result.js';
import { allBuckets, type Bucket } from '../../promql/histogram/bucket-bounds.js';
import { type FloatHistogram, usesCustomBounds } from '../../promql/histogram/float-histogram.js';

/** Characters of one piece, about. A guess: large enough that pieces cost nothing, small enough that the first goes out soon. */
const pieceLength = 65_536;

export interface AnswerParts {
  readonly data: QueryData;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Goes into the answer as JSON; left out where undefined. */
  readonly stats: object | undefined;
}

/** The whole answer, status and all. */
export function* queryAnswerJson({ data, warnings, infos, stats }: AnswerParts): Generator<string> {
  yield* gathered(dataJson(data, stats));
  yield `${listJson('warnings', warnings)}${listJson('infos', infos)}}`;
}

function* dataJson(data: QueryData, stats: object | undefined): Generator<string> {
  const type = data.kind;
  yield `{"status":"success","data":{"resultType":"${type}","result":`;
  switch (data.kind) {
    case 'scalar':
      yield pointJson(data.timeMs, data.value);
      break;
    case 'string':
      yield `[${secondsText(data.timeMs)},${JSON.stringify(data.value)}]`;
      break;
    case 'vector':
      yield '[';
      for (const [i, { labels, value }] of data.samples.entries())
        yield `${i === 0 ? '' : ','}{"metric":${labelsJson(labels)},${instantJson(data.timeMs, value)}}`;
      yield ']';
      break;
    case 'matrix': {
      const timeTexts = createTimeTexts();
      yield '[';
      for (const [i, series] of data.series.entries()) {
        if (i > 0) yield ',';
        yield* seriesJson(series, timeTexts);
      }
      yield ']';
    }
  }
  yield stats === undefined ? '}' : `,"stats":${JSON.stringify(stats)}}`;
}

function* gathered(pieces: Iterable<string>): Generator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield text;
}

const listJson = (name: string, texts: readonly string[]): string =>
  texts.length === 0 ? '' : `,"${name}":${JSON.stringify(texts)}`;

const instantJson = (timeMs: number, value: number | FloatHistogram): string =>
  typeof value === 'number'
    ? `"value":${pointJson(timeMs, value)}`
    : `"histogram":[${secondsText(timeMs)},${histogramJson(value)}]`;

/** Times as texts. Most series of an answer share one array of times: it is made into texts once. */
function createTimeTexts(): (timesMs: Float64Array) => readonly string[] {
  let last: Float64Array | undefined;
  let texts: readonly string[] = [];
  return (timesMs) => {
    if (timesMs !== last) {
      last = timesMs;
      texts = Array.from(timesMs, secondsText);
    }
    return texts;
  };
}

function* seriesJson(
  { labels, timesMs, values, histogramTimesMs, histograms }: ResultSeries,
  timeTexts: (timesMs: Float64Array) => readonly string[],
): Generator<string> {
  yield `{"metric":${labelsJson(labels)}`;
  if (timesMs.length > 0) {
    let text = ',"values":[';
    const texts = timeTexts(timesMs);
    for (let i = 0; i < texts.length; i++) text += `${i === 0 ? '[' : ',['}${texts[i]!},"${valueText(values[i]!)}"]`;
    yield `${text}]`;
  }
  if (histograms.length > 0) {
    const points = histograms.map((each, i) => `[${secondsText(histogramTimesMs[i]!)},${histogramJson(each)}]`);
    yield `,"histograms":[${points.join(',')}]`;
  }
  yield '}';
}

/** By hand: an object would sort names that are numbers, and lose `__proto__`. */
const labelsJson = (labels: Labels): string =>
  `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;

const pointJson = (timeMs: number, value: number): string => `[${secondsText(timeMs)},"${valueText(value)}"]`;

function secondsText(timeMs: number): string {
  const part = timeMs % 1000;
  if (part === 0) return String(timeMs / 1000);
  const text = `${Math.trunc(timeMs / 1000)}.${String(Math.abs(part)).padStart(3, '0')}`;
  return timeMs < 0 && timeMs > -1000 ? `-${text}` : text;
}

/** The shortest text that reads back as the same number; an exponent stands from 1e21 on and below 1e-6, as in JavaScript, of two digits. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const text = String(value);
  const last = text.charCodeAt(text.length - 1);
  if (last === infinityEnd) return value > 0 ? '+Inf' : '-Inf';
  const size = value < 0 ? -value : value;
  return size >= 1e21 || size < 1e-6 ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text;
}

/** The last letter of `Infinity`. */
const infinityEnd = 'y'.charCodeAt(0);

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
