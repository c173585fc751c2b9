/**
 * GET /federate: the newest sample of each series that `match[]` selects, for another Prometheus to scrape. Source: Prometheus,
 * web/federate.go.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { compareLabels, compareUtf8, type Label, labelValue, metricNameLabel } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import { formatNumber } from '../../promql/evaluate/number-text.js';
import { isStaleAt, wordsOf } from '../../promql/evaluate/sample-columns.js';
import type { SampleSource, SelectedSeries } from '../../promql/evaluate/sample-source.js';
import { parseSelector } from '../../promql/parse-selector.js';
import { type ExposedSample, encodeUntyped, type NameEscaping } from '../../protocols/exposition/encode-untyped.js';
import { cancelOnDisconnect } from '../disconnect.js';
import { plainFailures } from './plain-text-failures.js';
import { described, parametersOf } from './prometheus-parameters.js';
import type { SampleReads } from './remote-read.js';

/** As far back as an instant query looks by default. */
const lookbackMs = 300_000;

export function registerFederate(app: FastifyInstance, { samples, slots }: SampleReads): void {
  app.get(
    '/federate',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'The newest samples of series, for another Prometheus to scrape',
        description:
          'Of the last five minutes, in the text format, with their times. A series that has ended is not told, nor one whose newest sample is a native histogram, which the text format has no form for. A series without the label `instance` gets an empty one, so that `honor_labels` keeps it so.',
        querystring: { type: 'object', properties: { 'match[]': described.match } },
        response: { 200: { description: 'Prometheus’ text format.', type: 'string' }, ...plainFailures },
      },
    },
    async (request, reply) => {
      const selectors = parametersOf(request).getAll('match[]').map(parseSelector);
      const gone = cancelOnDisconnect(request, reply);
      const escaping = escapingOf(request.headers.accept);
      return slots.run(
        gone,
        async () => {
          const newest = await newestSamples(samples(gone), selectors, Date.now());
          reply.type(contentTypes[escaping]);
          return reply.send(Readable.from(encodeUntyped(newest, escaping, formatNumber), { objectMode: false }));
        },
        reply.raw,
      );
    },
  );
}

const contentTypes: Readonly<Record<NameEscaping, string>> = {
  underscores: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  'allow-utf-8': 'text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
};

const escapingOf = (accept: string | undefined): NameEscaping =>
  /escaping\s*=\s*"?allow-utf-8/.test(accept ?? '') ? 'allow-utf-8' : 'underscores';

const hints = { stepMs: 0, rangeMs: 0, functionName: undefined, needsBuckets: false };

/** The newest samples of series, by the names of their metrics, each series once. */
async function newestSamples(
  source: SampleSource,
  selectors: readonly (readonly Matcher[])[],
  nowMs: number,
): Promise<ExposedSample[]> {
  const found: ExposedSample[] = [];
  for (const matchers of selectors)
    for (const series of await source.select(matchers, nowMs - lookbackMs, nowMs, hints)) {
      const newest = newestOf(series, nowMs);
      if (newest !== undefined) found.push(newest);
    }
  found.sort((a, b) => compareUtf8(nameOf(a), nameOf(b)) || compareLabels(a.labels, b.labels));
  return found.filter(({ labels }, i) => i === 0 || compareLabels(labels, found[i - 1]!.labels) !== 0);
}

const nameOf = ({ labels }: ExposedSample): string => labelValue(labels, metricNameLabel);

function newestOf({ labels, floats, histograms }: SelectedSeries, nowMs: number): ExposedSample | undefined {
  let last = floats.count - 1;
  while (last >= 0 && floats.timesMs[last]! > nowMs) last--;
  if (last < 0 || floats.timesMs[last]! < nowMs - lookbackMs || isStaleAt(wordsOf(floats), last)) return undefined;
  if (histograms?.timesMs.some((timeMs) => timeMs <= nowMs && timeMs > floats.timesMs[last]!)) return undefined;
  return { labels: withInstance(labels), timeMs: floats.timesMs[last]!, value: floats.values[last]! };
}

/** Behind the others, where Prometheus puts it. */
const withInstance = (labels: ExposedSample['labels']): ExposedSample['labels'] =>
  labels.some(([name]) => name === 'instance') ? labels : [...labels, ['instance', ''] satisfies Label];
