/** What has come of a body's rows so far: the batches of those taken, and why the others were not. */
import type { ErrorCode } from '../../base/errors.js';
import type { RowScan } from '../../kernel/row-scan.js';
import type { ColumnBuilder } from '../../model/column-builders.js';
import type { Rejection } from '../../model/rejection.js';
import { type Failure, JsonCursor, type Newlines } from './json-cursor.js';
import { skipValue } from './json-value.js';
import type { BatchOf, RowReader } from './row-reader.js';
import type { RowWindow } from './row-window.js';

/** Bounds of a body's decoding. */
export interface RowBounds {
  readonly rowsPerBatchMax: number;
  /** Bytes of JSON whose rows one batch holds at most, unless a single row has more. */
  readonly batchBytesMax: number;
  /** Longest row, bytes of JSON. */
  readonly rowBytesMax: number;
  /** Most rejections that are kept with their messages. All are counted. */
  readonly rejectionsMax: number;
}

/** After so many scans that found no row of theirs the rest of a body is read without. A guess: a scan costs as much as reading the row. */
const idleScansMax = 8;

export class RowCollector<B extends Readonly<Record<string, ColumnBuilder>>> {
  readonly batches: BatchOf<B>[] = [];
  readonly rejections: Rejection[] = [];
  readonly rejectedByCode = new Map<ErrorCode, number>();
  accepted = 0;
  rejected = 0;
  private batchBytes = 0;
  private readonly cursor: JsonCursor;
  /** Scans in a row that took no row. */
  private idleScans = 0;

  /** With a scan, the rows of lines are read by it where it can. */
  constructor(
    private readonly reader: RowReader<B>,
    readonly bounds: RowBounds,
    private readonly newlines: Newlines,
    private readonly scan?: RowScan,
  ) {
    this.cursor = new JsonCursor(newlines);
  }

  /** Tells the scan the bytes of a window: to be called before `takeScanned`, and again whenever they moved. */
  loadScan({ bytes, start, end }: RowWindow): void {
    if (this.idleScans < idleScansMax) this.scan?.load(bytes.subarray(start, end));
  }

  /** Takes the lines at `window.start`, `loadedAt` being where it was when the scan was told, as far as the scan reads them. Answers how many. */
  takeScanned(window: RowWindow, loadedAt: number): number {
    const { scan, reader } = this;
    if (scan === undefined || this.idleScans >= idleScansMax || window.start < window.suspectEnd) return 0;
    reader.prepare(scan);
    let lines = 0;
    for (let isFull = true; isFull; ) {
      const count = scan.scan(window.start - loadedAt);
      isFull = count > 0;
      for (let row = 0; row < count; row++) {
        const end = loadedAt + scan.rowEnds[row]! - scan.textStart;
        const bytes = end - 1 - window.start;
        if (bytes > this.bounds.rowBytesMax || !reader.take(scan, row)) {
          reader.rollBack();
          isFull = false;
          break;
        }
        this.commit(bytes);
        window.start = end;
        lines++;
      }
    }
    this.idleScans = lines === 0 ? this.idleScans + 1 : 0;
    return lines;
  }

  /** Reads the row at `window.start`. Answers where it ends; where it is not sound, -1, and nothing of it stays. */
  read(window: RowWindow): number {
    const { cursor } = this;
    cursor.reset(window, window.start, window.end, window.start < window.suspectEnd);
    if (this.reader.read(cursor)) return cursor.position;
    this.reader.rollBack();
    return -1;
  }

  /** Why the row just read is not sound, undefined where it is. In text that is no JSON, `syntaxFailure` is the better answer. */
  get failure(): Failure | undefined {
    return this.cursor.failure;
  }

  /** Where the text at `window.start` stops being JSON before `end`; undefined where one value and white space fill it. */
  syntaxFailure(window: RowWindow, end: number, wantedAfter: string): Failure | undefined {
    const { cursor } = this;
    cursor.reset(window, window.start, this.newlines === 'end' ? end : window.end, false);
    if (!skipValue(cursor)) return cursor.failure;
    cursor.skipSpace();
    if (cursor.position >= end) return undefined;
    cursor.unexpected(cursor.position, wantedAfter);
    return cursor.failure;
  }

  /** Takes the row that was read last. */
  commit(rowBytes: number): void {
    this.reader.commit();
    this.accepted++;
    this.batchBytes += rowBytes;
    if (this.reader.rowCount >= this.bounds.rowsPerBatchMax || this.batchBytes >= this.bounds.batchBytesMax)
      this.closeBatch();
  }

  /** Undoes the row that was read last. */
  rollBack(): void {
    this.reader.rollBack();
  }

  reject(line: number, code: ErrorCode, describe: () => string): void {
    this.rejected++;
    this.rejectedByCode.set(code, (this.rejectedByCode.get(code) ?? 0) + 1);
    if (this.rejections.length < this.bounds.rejectionsMax) this.rejections.push({ line, code, message: describe() });
  }

  rejectTooLarge(line: number): void {
    this.reject(line, 'row_too_large', () => `the row is longer than ${this.bounds.rowBytesMax} bytes, the limit`);
  }

  closeBatch(): void {
    if (this.reader.rowCount > 0) this.batches.push(this.reader.takeBatch());
    this.batchBytes = 0;
  }
}
