/**
 * POST /api/v1/read: Prometheus' remote read. Samples as they are stored, stale markers among them, in one message or as a stream of
 * compressed chunks. Native histograms are only told in a message, which Prometheus takes whenever it asks for a stream too. Source: Prometheus, storage/remote/read_handler.go.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BarographError } from '../../base/errors.js';
import type { Kernel } from '../../kernel/kernel.js';
import { compareLabels } from '../../model/labels.js';
import type { SampleSource, SelectedSeries } from '../../promql/evaluate/sample-source.js';
import { nativeHistogramOf } from '../../promql/leaves/histogram-columns.js';
import { compressSnappy } from '../../protocols/remote-read/compress-snappy.js';
import { encodeSamplesAnswer, encodeSeriesFrames, type ReadSeries } from '../../protocols/remote-read/read-answer.js';
import { decodeReadRequest, type ReadQuery } from '../../protocols/remote-read/read-request.js';
import { decompressSnappy } from '../../protocols/remote-write/body.js';
import { cancelOnDisconnect } from '../disconnect.js';
import type { QuerySlots } from '../query-slots.js';
import { type BodyLimits, encodedBody } from './metric-services.js';
import { plainFailures } from './plain-text-failures.js';

export interface SampleReads {
  /** The source of samples for one request; aborting the signal stops what runs for it. */
  readonly samples: (signal: AbortSignal) => SampleSource;
  readonly slots: QuerySlots;
}

export interface RemoteReadServices extends SampleReads {
  readonly kernel: Kernel;
  readonly limits: BodyLimits;
}

/** Most samples of an answer in one message, which is built whole: 200 MB. A stream has no such bound. A guess. */
const samplesMax = 10_000_000;

export function registerRemoteRead(app: FastifyInstance, services: RemoteReadServices): void {
  app.post(
    '/api/v1/read',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Prometheus remote read',
        description:
          'A ReadRequest as protobuf in snappy’s block format. Answers with the first of the accepted types that it knows: SAMPLES or STREAMED_XOR_CHUNKS; with SAMPLES where there are native histograms.',
        consumes: ['application/x-protobuf'],
        response: {
          200: { description: 'A ReadResponse in snappy, or a stream of ChunkedReadResponse.', type: 'string' },
          ...plainFailures,
        },
      },
    },
    async (request, reply) => {
      const body = await encodedBody(request, services.limits);
      const message = decompressSnappy(services.kernel, body, services.limits.decodedBytesMax);
      const { queries, answerType, takesSamples } = decodeReadRequest(message);
      const gone = cancelOnDisconnect(request, reply);
      const source = services.samples(gone);
      const send = (): Promise<FastifyReply> =>
        answerType === 'samples'
          ? sendSamples(reply, source, queries)
          : sendFrames(reply, source, queries, takesSamples);
      return services.slots.run(gone, send, reply.raw);
    },
  );
}

async function sendSamples(
  reply: FastifyReply,
  source: SampleSource,
  queries: readonly ReadQuery[],
): Promise<FastifyReply> {
  const results: ReadSeries[][] = [];
  let left = samplesMax;
  for (const query of queries) {
    const result = await seriesOf(source, query);
    left -= result.reduce((sum, series) => sum + sizeOf(series), 0);
    if (left < 0) throw new BarographError('bad_request', `exceeded sample limit (${samplesMax})`);
    results.push(result);
  }
  return reply
    .headers({ 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
    .send(Buffer.from(compressSnappy(encodeSamplesAnswer(results))));
}

/** In samples. */
const sizeOf = ({ timesMs, histograms = [] }: ReadSeries): number =>
  timesMs.length +
  histograms.reduce(
    (sum, { histogram }) => sum + 10 + histogram.positive.counts.length + histogram.negative.counts.length,
    0,
  );

async function sendFrames(
  reply: FastifyReply,
  source: SampleSource,
  queries: readonly ReadQuery[],
  takesSamples: boolean,
): Promise<FastifyReply> {
  // What fails at once is told with a status of its own.
  const first = queries[0] === undefined ? [] : await seriesOf(source, queries[0]);
  if (first.some(hasHistograms) && takesSamples) return sendSamples(reply, source, queries);
  first.forEach(checkFloats);
  async function* frames(): AsyncGenerator<Uint8Array> {
    for (const [i, query] of queries.entries()) {
      const result = i === 0 ? first : await seriesOf(source, query);
      result.forEach(checkFloats);
      for (const series of result) yield* encodeSeriesFrames(series, i);
    }
  }
  return reply
    .type('application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse')
    .send(Readable.from(frames(), { objectMode: false }));
}

const hasHistograms = ({ histograms = [] }: ReadSeries): boolean => histograms.length > 0;

function checkFloats(series: ReadSeries): void {
  if (!hasHistograms(series)) return;
  throw new BarographError(
    'bad_request',
    'the series have native histograms, which streamed chunks have no place for',
    {
      hint: 'Accept SAMPLES too, and send one query a request.',
    },
  );
}

/** Hints let a source read less; all samples are wanted. */
const noHints = { stepMs: 0, rangeMs: 0, functionName: undefined, needsBuckets: false };

/** The series of a query, sorted by their labels, as clients rely on. */
async function seriesOf(source: SampleSource, { matchers, fromMs, toMs }: ReadQuery): Promise<ReadSeries[]> {
  const selected = await source.select(matchers, fromMs, toMs, noHints);
  return selected
    .map((series) => withinRange(series, fromMs, toMs))
    .filter((series) => series.timesMs.length > 0 || hasHistograms(series))
    .sort((a, b) => compareLabels(a.labels, b.labels));
}

function withinRange({ labels, floats, histograms }: SelectedSeries, fromMs: number, toMs: number): ReadSeries {
  const times = floats.timesMs.subarray(0, floats.count);
  const from = firstAfter(times, fromMs - 1);
  const to = firstAfter(times, toMs);
  const series = { labels, timesMs: times.subarray(from, to), values: floats.values.subarray(from, to) };
  if (histograms === undefined) return series;
  const own = histograms.values
    .map((histogram, i) => ({ timeMs: histograms.timesMs[i]!, histogram: nativeHistogramOf(histogram) }))
    .filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
  return { ...series, histograms: own };
}

/** How many times are not after `timeMs`. */
function firstAfter(timesMs: Float64Array, timeMs: number): number {
  let low = 0;
  for (let high = timesMs.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (timesMs[middle]! <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
