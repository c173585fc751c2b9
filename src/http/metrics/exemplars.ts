/** /api/v1/query_exemplars: exemplars of the series that a query selects. */
import type { FastifyInstance } from 'fastify';
import { BarographError } from '../../base/errors.js';
import type { Matcher } from '../../model/matcher.js';
import { seriesId } from '../../model/series-ref.js';
import { childrenOf, type Expression } from '../../promql/ast.js';
import { formatPlain } from '../../promql/evaluate/number-text.js';
import { parseQuery } from '../../promql/parse/parse-query.js';
import type { TimeRange } from '../../series/index/select.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { prometheusAnswers } from '../contract/prometheus.js';
import { cancelOnDisconnect } from '../disconnect.js';
import { success, truncated } from './prometheus-answer.js';
import { described, parametersOf, timeRangeOf } from './prometheus-parameters.js';

export interface ExemplarServices {
  readonly engine: Engine;
  readonly index: SeriesIndex;
}

/** Most exemplars of an answer, the newest: more points than a panel can show. A guess. */
const exemplarsMax = 10_000;
/** Ids of series are a parameter of the statement, which may have 1 MiB. */
const seriesPerStatement = 20_000;

interface ExemplarRow {
  readonly id_low: number;
  readonly id_high: number;
  readonly time_ms: string;
  /** Infinities and NaN as text. */
  readonly value: number | string;
  readonly labels: Readonly<Record<string, string>>;
}

export function registerExemplars(app: FastifyInstance, services: ExemplarServices): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/query_exemplars',
    schema: {
      tags: ['Metrics'],
      summary: 'Exemplars of the series that a query selects',
      description: `The newest ${exemplarsMax} between \`start\` and \`end\`. They follow within \`metrics.flush_interval\`.`,
      querystring: {
        type: 'object',
        properties: {
          query: { type: 'string', description: 'PromQL; its selectors count.' },
          start: described.start,
          end: described.end,
        },
      },
      response: prometheusAnswers('Exemplars by series.'),
    },
    async handler(request, reply) {
      const parameters = parametersOf(request);
      const range = timeRangeOf(parameters) ?? anyTime;
      if (range.toMs < range.fromMs)
        throw new BarographError('bad_request', 'end timestamp must not be before start timestamp');
      const selectors = selectorsOf(parseQuery(parameters.get('query') ?? ''));
      const refs = selectAny(services.index, selectors);
      const rows = await selectExemplars(services, refs, range, cancelOnDisconnect(request, reply));
      const shown = rows.slice(0, exemplarsMax);
      return success(answerOf(services.index, shown), { warnings: rows.length > exemplarsMax ? [truncated] : [] });
    },
  });
}

/** What the engine's times can hold. */
const anyTime: TimeRange = { fromMs: 0, toMs: Date.UTC(2299, 11, 31) };

/** The matchers of all selectors in a query. */
function selectorsOf(expression: Expression): (readonly Matcher[])[] {
  if (expression.kind === 'vector_selector') return [expression.matchers];
  return childrenOf(expression).flatMap(selectorsOf);
}

function selectAny(index: SeriesIndex, selectors: readonly (readonly Matcher[])[]): Uint32Array {
  const found = new Set(selectors.flatMap((matchers) => Array.from(index.select(matchers))));
  return Uint32Array.from(found).sort();
}

/** The newest exemplars of series, the newest first, and one more than `exemplarsMax` where there are more. */
async function selectExemplars(
  { engine, index }: ExemplarServices,
  refs: Uint32Array,
  { fromMs, toMs }: TimeRange,
  signal: AbortSignal,
): Promise<ExemplarRow[]> {
  const rows: ExemplarRow[] = [];
  for (let from = 0; from < refs.length; from += seriesPerStatement) {
    const piece = refs.subarray(from, from + seriesPerStatement);
    const found = await engine.query<ExemplarRow>({
      sql: `SELECT
  toUInt32(bitAnd(series, 4294967295)) AS id_low,
  toUInt32(bitShiftRight(series, 32)) AS id_high,
  toUnixTimestamp64Milli(ts) AS time_ms, value, labels
FROM metric_exemplars FINAL
WHERE metric IN ({metrics:Array(String)}) AND series IN ({ids:Array(UInt64)})
  AND ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
ORDER BY ts DESC
LIMIT {rowsMax:UInt32}`,
      params: {
        metrics: Array.from(new Set(Array.from(piece, (ref) => index.metricName(index.metricOf(ref))))),
        ids: Array.from(piece, (ref) => seriesId(index.idLow[ref]!, index.idHigh[ref]!)),
        fromMs: Math.max(fromMs, anyTime.fromMs),
        toMs: Math.min(toMs, anyTime.toMs),
        rowsMax: exemplarsMax + 1,
      },
      settings: { output_format_json_quote_denormals: 1 },
      signal,
    });
    rows.push(...found);
  }
  return rows.sort((a, b) => Number(b.time_ms) - Number(a.time_ms)).slice(0, exemplarsMax + 1);
}

/** Exemplars by series, each series' in the order of time. */
function answerOf(index: SeriesIndex, rows: readonly ExemplarRow[]) {
  const bySeries = new Map<number, ExemplarRow[]>();
  for (const row of rows.toReversed()) {
    const ref = index.refOfId(row.id_low, row.id_high);
    if (ref < 0) continue;
    const exemplars = bySeries.get(ref);
    if (exemplars === undefined) bySeries.set(ref, [row]);
    else exemplars.push(row);
  }
  return Array.from(bySeries, ([ref, exemplars]) => ({
    seriesLabels: Object.fromEntries(index.labelsOf(ref)),
    exemplars: exemplars.map(({ labels, value, time_ms }) => ({
      labels,
      value: formatPlain(numberOf(value)),
      timestamp: Number(time_ms) / 1000,
    })),
  }));
}

const numberOf = (value: number | string): number =>
  typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity'));
