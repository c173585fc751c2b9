/** Decodes a body of events, JSON lines or one JSON array, that comes in pieces, into batches of columns. */
import { assert } from '../../base/assert.js';
import { BarographError, type ErrorCode } from '../../base/errors.js';
import type { RowScan } from '../../kernel/row-scan.js';
import type { ColumnBuilder } from '../../model/column-builders.js';
import { predictionLimits } from '../../model/prediction.js';
import type { Rejection } from '../../model/rejection.js';
import { ArrayFraming } from './array-framing.js';
import type { FieldReader, TimeWindow } from './field-reader.js';
import { byte } from './json-bytes.js';
import { type Framing, NdjsonFraming } from './ndjson-framing.js';
import { type RowBounds, RowCollector } from './row-collector.js';
import { type BatchOf, RowReader } from './row-reader.js';
import { RowWindow } from './row-window.js';
import { TextPlace } from './text-place.js';

/** How rows are divided: by newlines, as elements of one array, or as the first byte that is no white space tells. */
export type RowFraming = 'ndjson' | 'array' | 'auto';

/** How a body of events is decoded. */
export interface DecoderOptions extends TimeWindow, Partial<RowBounds> {
  readonly framing: RowFraming;
  /** Reads ordinary lines in the kernel; one scan can serve all decoders of a kind of event. */
  readonly scan?: RowScan;
}

/** What a body held. `accepted` + `rejected` is the number of its rows. */
export interface DecodedBody<Batch> {
  /** The accepted rows in their order; no batch is empty. */
  readonly batches: Batch[];
  readonly accepted: number;
  readonly rejected: number;
  /** Why rows were rejected, in the order of the body, only the first of them (`rejectionsMax`). */
  readonly rejections: Rejection[];
  /** How many rows were rejected for each reason, all of them. */
  readonly rejectedByCode: ReadonlyMap<ErrorCode, number>;
}

/**
 * Takes a body piece by piece. Both methods throw a BarographError where the body fails as a whole, after which the
 * decoder is of no use and nothing of the body was taken:
 * `invalid_json` where an array is not JSON (with line and column; columns count bytes), `incomplete_body` where it just ends,
 * `empty_body` where there is no row.
 */
export interface EventDecoder<Batch> {
  /** Adds the next bytes, cut anywhere. They are copied, and may be reused. */
  push(chunk: Uint8Array): void;
  end(): DecodedBody<Batch>;
  /** After `end` has answered: makes it ready for another body, in the room it has. The batches that it gave are overwritten from now on. */
  reset(window: TimeWindow): void;
}

/** Guess: batches of this size keep columns in the processor's caches' reach and spread the cost of a flush over many rows. */
const defaultBounds: RowBounds = {
  rowsPerBatchMax: 65_536,
  batchBytesMax: 32 * 1024 * 1024,
  rowBytesMax: predictionLimits.rowBytesMax,
  rejectionsMax: 1000,
};

/** Most bytes that are copied at once: small enough to stay in a processor's second-level cache while they are read. */
const sliceBytesMax = 128 * 1024;

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** A decoder of rows with the given fields. */
export function eventDecoder<B extends Readonly<Record<string, ColumnBuilder>>>(
  fields: readonly FieldReader<B>[],
  newBuilders: () => B,
  options: DecoderOptions,
): EventDecoder<BatchOf<B>> {
  return new BodyDecoder(new RowReader(fields, newBuilders), options);
}

class BodyDecoder<B extends Readonly<Record<string, ColumnBuilder>>> implements EventDecoder<BatchOf<B>> {
  private readonly window = new RowWindow();
  private place = new TextPlace();
  private readonly bounds: RowBounds;
  /** Undefined until the first byte that is no white space. */
  private body: { readonly rows: RowCollector<B>; readonly framing: Framing } | undefined;
  private markPassed = false;
  private state: 'open' | 'failed' | 'ended' = 'open';

  constructor(
    private readonly reader: RowReader<B>,
    private readonly options: DecoderOptions,
  ) {
    this.bounds = { ...defaultBounds, ...options };
    reader.reset(options);
  }

  reset(window: TimeWindow): void {
    assert(this.state === 'ended', 'only a decoder that ended takes another body');
    this.window.clear();
    this.place = new TextPlace();
    this.body = undefined;
    this.markPassed = false;
    this.reader.reset(window);
    this.state = 'open';
  }

  push(chunk: Uint8Array): void {
    assert(this.state === 'open', 'a decoder that ended or failed takes no more');
    this.state = 'failed';
    for (let at = 0; at < chunk.length; at += sliceBytesMax) {
      this.window.append(chunk.subarray(at, at + sliceBytesMax));
      if (this.begin(false)) this.body?.framing.take(this.window);
    }
    this.state = 'open';
  }

  end(): DecodedBody<BatchOf<B>> {
    assert(this.state === 'open', 'a decoder ends once');
    this.state = 'failed';
    this.begin(true);
    this.body?.framing.finish(this.window);
    const rows = this.body?.rows;
    if (rows === undefined || rows.accepted + rows.rejected === 0)
      throw new BarographError('empty_body', 'the body holds no row', {
        hint: 'Send rows as JSON objects, one a line or in one array.',
      });
    rows.closeBatch();
    this.state = 'ended';
    const { batches, accepted, rejected, rejections, rejectedByCode } = rows;
    return { batches, accepted, rejected, rejections, rejectedByCode };
  }

  /** Passes over a byte order mark and leading white space, and settles the framing. False while it takes more bytes. */
  private begin(ended: boolean): boolean {
    if (this.body !== undefined) return true;
    const { window } = this;
    if (!this.markPassed && !this.passMark(ended)) return false;
    const start = window.start;
    while (window.start < window.end && isWhiteSpace(window.bytes[window.start]!)) window.start++;
    this.place.pass(window.bytes, start, window.start);
    if (window.start === window.end) return false;
    const { framing } = this.options;
    const opens = window.bytes[window.start] === byte.openBracket;
    this.body = this.bodyOf(framing === 'array' || (framing === 'auto' && opens));
    return true;
  }

  private bodyOf(isArray: boolean) {
    const newlines = isArray ? 'space' : 'end';
    const rows = new RowCollector(this.reader, this.bounds, newlines, isArray ? undefined : this.options.scan);
    const { line, column } = this.place;
    return { rows, framing: isArray ? new ArrayFraming(rows, this.place) : new NdjsonFraming(rows, line, column) };
  }

  private passMark(ended: boolean): boolean {
    const { bytes, start, end } = this.window;
    const length = Math.min(3, end - start);
    const matches = byteOrderMark.slice(0, length).every((code, i) => bytes[start + i] === code);
    if (matches && length < 3 && !ended) return false;
    if (matches && length === 3) this.window.start += 3;
    this.markPassed = true;
    return true;
  }
}

const isWhiteSpace = (code: number): boolean =>
  code === byte.space || code === byte.tab || code === byte.carriageReturn || code === byte.newline;
