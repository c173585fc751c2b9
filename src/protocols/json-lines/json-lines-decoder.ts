/**
 * JSON lines of samples, a line a series, in the form that VictoriaMetrics imports and exports:
 * `{"metric":{"__name__":"up","job":"api"},"values":[1,0],"timestamps":[1717171717000,1717171732000]}`.
 * Times are whole milliseconds since the epoch. Beside numbers a value may be null, "NaN", "Infinity" or "-Infinity"
 * (`special-values.ts`). In place of `values` a line may have `histograms`, native ones, as export writes them (`parse-json-histogram.ts`). A line that is not so is refused as a whole, with its number, and its neighbours are kept.
 * Source: docs.victoriametrics.com, "JSON line format".
 */

import { assert } from '../../base/assert.js';
import { HistogramBatchBuilder } from '../../model/histogram-batch-builder.js';
import { histogramSamplesMin } from '../../model/native-histogram.js';
import { createRejectionTally, type RejectionTally } from '../../model/rejection-tally.js';
import type { DecodedMetrics } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { byte } from '../json/json-bytes.js';
import { RowWindow } from '../json/row-window.js';
import { LineReader } from './line-reader.js';

export const jsonLineLimits = {
  /** Longest line, bytes of JSON. A guess: three times what VictoriaMetrics takes by default. */
  lineBytesMax: 32 * 1024 * 1024,
} as const;

export interface JsonLinesDecoder {
  /** Takes the next bytes of a body, cut anywhere. */
  push(chunk: Uint8Array): void;
  /** Samples that `take` would give; histograms count as many as they are as large as. */
  readonly sampleCount: number;
  /** Lines read so far, blank ones not counted. */
  readonly lineCount: number;
  /** What was decoded since the last call. So a long body needs no more memory than its parts. */
  take(): DecodedMetrics;
  /** To be called when the body has ended: reads a last line without a newline. Then `take` gives the rest. */
  end(): void;
}

export const createJsonLinesDecoder = (): JsonLinesDecoder => new LinesDecoder();

class LinesDecoder implements JsonLinesDecoder {
  lineCount = 0;
  private readonly window = new RowWindow();
  private readonly reader = new LineReader();
  private builder = createSampleBatchBuilder();
  private histograms = new HistogramBatchBuilder();
  private tally = createRejectionTally();
  /** Number of the last line that was ended. */
  private line = 0;
  /** Bytes of the unfinished line that hold no newline. */
  private searchedBytes = 0;
  /** Whether the line is too long, and passed over as it comes. */
  private isPassing = false;

  get sampleCount(): number {
    return this.builder.sampleCount + this.histograms.count * histogramSamplesMin;
  }

  push(chunk: Uint8Array): void {
    this.window.append(chunk);
    while (this.takeLine());
  }

  take(): DecodedMetrics {
    const { rejected, rejectedByCode, rejections } = this.tally;
    const batch = this.builder.finish();
    const histograms = this.histograms.finish();
    this.builder = createSampleBatchBuilder();
    this.histograms = new HistogramBatchBuilder();
    this.tally = createRejectionTally();
    return { batch, histograms, metadata: [], exemplars: [], rejected, rejectedByCode, rejections };
  }

  end(): void {
    this.push(Uint8Array.of(byte.newline));
  }

  /** Takes or refuses the window's first line, if its newline is there. */
  private takeLine(): boolean {
    const { window } = this;
    const found = window.bytes.indexOf(byte.newline, window.start + this.searchedBytes);
    // Behind the window's end lie bytes of lines that were read long ago.
    const newline = found < window.end ? found : -1;
    const end = newline < 0 ? window.end : newline;
    if (!this.isPassing && end - window.start > jsonLineLimits.lineBytesMax) this.refuseTooLong();
    this.searchedBytes = newline < 0 && !this.isPassing ? end - window.start : 0;
    if (newline < 0) {
      if (this.isPassing) window.start = end;
      return false;
    }
    this.line++;
    if (!this.isPassing) this.readLine(newline);
    this.isPassing = false;
    window.start = newline + 1;
    return true;
  }

  private readLine(end: number): void {
    const { window, reader, tally } = this;
    const { start } = window;
    if (isBlank(window.bytes, start, end)) return;
    this.lineCount++;
    if (reader.read(window, start, end, start < window.suspectEnd)) this.addSamples();
    else refuseLine(tally, this.line, reader, start);
  }

  private addSamples(): void {
    const { builder } = this;
    const { labels, timesMs, values, histograms } = this.reader;
    histograms.forEach((each, i) => void this.histograms.add(labels, labels.length, timesMs.values[i]!, each));
    if (histograms.length > 0) return;
    const { words } = values;
    builder.beginRun(labels, 0, labels.length);
    for (let i = 0; i < values.length; i++) builder.addBits(timesMs.values[i]!, words[2 * i]!, words[2 * i + 1]!);
  }

  private refuseTooLong(): void {
    const describe = () => `the line has more than ${jsonLineLimits.lineBytesMax} bytes, the limit`;
    this.tally.add(this.line + 1, 'row_too_large', describe);
    this.lineCount++;
    this.isPassing = true;
  }
}

function refuseLine(tally: RejectionTally, line: number, { cursor }: LineReader, start: number): void {
  assert(cursor.failure !== undefined, 'a line is refused for a reason');
  const { code, at, describe } = cursor.failure;
  tally.add(line, code, () => (at === undefined ? describe() : `column ${at - start + 1}: ${describe()}`));
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] === byte.space || bytes[at] === byte.tab || bytes[at] === byte.carriageReturn)) at++;
  return at === end;
}
