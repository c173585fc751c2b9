/** A thread of heavy queries: one task at a time is decoded, evaluated and printed here, while the main thread acknowledges writes. */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { BarographError } from '../../../base/errors.js';
import { lowerThisThread } from '../../../base/thread-priority.js';
import { Kernel } from '../../../kernel/kernel.js';
import { SeriesGrid } from '../../../kernel/series-grid.js';
import { evaluateFetched, planQuery } from '../../../promql/evaluate/evaluate-query.js';
import type { QueryResult } from '../../../promql/evaluate/query-result.js';
import type { SelectedSeries } from '../../../promql/evaluate/sample-source.js';
import { readSelection } from '../../../promql/leaves/export-selection.js';
import { checkSamples } from '../../../promql/leaves/source-limits.js';
import { parseQuery } from '../../../promql/parse/parse-query.js';
import { evaluationOptions } from '../evaluation-options.js';
import { answerPieces } from '../query-answer.js';
import { queryStats } from '../query-stats.js';
import {
  pieceBytes,
  stopWord,
  type ThreadMessage,
  type ThreadTask,
  takenWord,
  waitingPiecesMax,
} from './thread-messages.js';

/** What a thread is told to be, so that importing this file starts nothing. */
export const queryThreadRole = 'barograph query';

/** How long the thread sleeps at most before it looks whether it is to stop. */
const napMs = 100;

function work(task: ThreadTask, say: (message: ThreadMessage, transfer?: readonly ArrayBuffer[]) => void): void {
  const checkpoint = (): void => {
    if (Atomics.load(task.control, stopWord) !== 0)
      throw new BarographError('query_cancelled', 'the query was stopped');
  };
  try {
    const startedMs = performance.now();
    const selected = readAll(task, checkpoint);
    const decodedMs = performance.now();
    const result = evaluate(task, selected, checkpoint);
    const stats = statsOf(task, result, decodedMs - startedMs, performance.now() - decodedMs);
    let said = 0;
    for (const { buffer, byteOffset, length } of answerPieces(result, { ...task, pieceBytes }, stats)) {
      waitForRoom(task, said++, checkpoint);
      say({ kind: 'piece', bytes: new Uint8Array(buffer, byteOffset, length) }, [buffer as ArrayBuffer]);
    }
    if (task.wantsResult) sayResult(result, say);
    say({ kind: 'done' });
  } catch (error) {
    say(failureOf(error));
  }
}

/** Of the thread: what it decodes a series into, and computes its steps in. */
let seriesGrid: SeriesGrid | undefined;

/** Says the values in buffers of their own, which are handed over. */
function sayResult(
  { data, ...summary }: QueryResult,
  say: (message: ThreadMessage, transfer?: readonly ArrayBuffer[]) => void,
): void {
  if (data.kind !== 'matrix') return;
  if (data.series.some(({ histograms }) => histograms.length > 0)) return;
  const series = data.series.map((each) => ({ ...each, timesMs: each.timesMs.slice(), values: each.values.slice() }));
  const transfer = series.flatMap(({ timesMs, values }) => [timesMs.buffer, values.buffer]);
  say({ kind: 'result', result: { ...summary, data: { kind: 'matrix', series } } }, transfer);
}

function readAll({ selections, limits, measured }: ThreadTask, checkpoint: () => void): SelectedSeries[][] {
  seriesGrid ??= new SeriesGrid(new Kernel());
  const grid = seriesGrid;
  let samples = 0;
  const selected = selections.map((selection) => {
    const before = samples;
    return readSelection(selection, grid, (count) => {
      checkpoint();
      samples = before + count;
      checkSamples(samples, limits, false);
    });
  });
  if (measured !== undefined) measured.statistics.samples = samples;
  return selected;
}

function evaluate(
  { query: text, range: query, lookbackMs, limits }: ThreadTask,
  selected: SelectedSeries[][],
  checkpoint: () => void,
): QueryResult {
  const options = evaluationOptions(lookbackMs, limits, checkpoint);
  return evaluateFetched({ plan: planQuery(parseQuery(text), query, options), query, selected }, options);
}

function statsOf({ measured }: ThreadTask, result: QueryResult, decodeMs: number, evaluateMs: number) {
  if (measured === undefined) return undefined;
  const { statistics, fetchMs, ...times } = measured;
  statistics.decodeMs += decodeMs;
  return queryStats({ ...times, fetchMs: fetchMs + decodeMs, evaluateMs }, result, statistics, 'worker', 0);
}

/** Holds the thread until the client has taken what was said long ago. */
function waitForRoom({ control }: ThreadTask, said: number, checkpoint: () => void): void {
  for (;;) {
    checkpoint();
    const taken = Atomics.load(control, takenWord);
    if (said - taken < waitingPiecesMax) return;
    Atomics.wait(control, takenWord, taken, napMs);
  }
}

function failureOf(error: unknown): ThreadMessage {
  if (error instanceof BarographError)
    return { kind: 'failed', code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'failed', code: undefined, message, hint: undefined };
}

function listen(port: MessagePort): void {
  lowerThisThread();
  port.on('message', (task: ThreadTask) =>
    work(task, (message, transfer = []) => port.postMessage(message, [...transfer])),
  );
}

if (!isMainThread && workerData === queryThreadRole && parentPort !== null) listen(parentPort);
