/** A query's answer as pieces of JSON, within its limits. */
import { annotationText } from '../../promql/evaluate/annotations.js';
import type { QueryData, QueryResult } from '../../promql/evaluate/query-result.js';
import { checkAnswer, type QueryLimits } from '../../promql/explain/query-limits.js';
import { truncated } from './prometheus-answer.js';
import { queryAnswerJson } from './query-result-json.js';

export interface AnswerForm {
  /** The query's text, of which remarks tell the place. */
  readonly query: string;
  /** Most series of the answer. */
  readonly limit: number;
  readonly limits: QueryLimits;
  /** Pieces are about so large. */
  readonly pieceBytes: number;
}

/** Throws `query_too_large` past the limit of points before the first piece, and past that of bytes at any. */
export function* answerPieces(
  result: QueryResult,
  { query, limit, limits, pieceBytes }: AnswerForm,
  stats: object | undefined,
): Generator<Buffer> {
  const { data, isCut } = limited(result.data, limit);
  checkAnswer('pointsMax', pointsOf(data), limits);
  const texts = (level: 'warning' | 'info'): string[] =>
    result.annotations.filter((each) => each.level === level).map((each) => annotationText(each, query));
  const warnings = [...texts('warning'), ...(isCut ? [truncated] : [])];
  let bytes = 0;
  for (const piece of queryAnswerJson({ data, warnings, infos: texts('info'), stats }, pieceBytes)) {
    bytes += piece.length;
    checkAnswer('answerBytesMax', bytes, limits);
    yield piece;
  }
}

function limited(data: QueryData, limit: number): { data: QueryData; isCut: boolean } {
  if (data.kind === 'vector' && data.samples.length > limit)
    return { data: { ...data, samples: data.samples.slice(0, limit) }, isCut: true };
  if (data.kind === 'matrix' && data.series.length > limit)
    return { data: { ...data, series: data.series.slice(0, limit) }, isCut: true };
  return { data, isCut: false };
}

function pointsOf(data: QueryData): number {
  switch (data.kind) {
    case 'scalar':
    case 'string':
      return 1;
    case 'vector':
      return data.samples.length;
    case 'matrix':
      return data.series.reduce((sum, { timesMs, histograms }) => sum + timesMs.length + histograms.length, 0);
  }
}
