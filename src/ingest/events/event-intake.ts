/**
 * Takes a body of events: decodes it into columns, reports the rows that are wrong, and acknowledges the rest once the
 * log has them on disk. A body that fails as a whole leaves nothing behind.
 */
import type { Clock } from '../../base/clock.js';
import { BarographError } from '../../base/errors.js';
import type { Precedence } from '../../base/precedence.js';
import type { Rejection } from '../../model/rejection.js';
import { type ContentEncoding, decodedBody } from '../../protocols/content-encoding.js';
import type { Log } from '../../wal/log.js';
import type { EventKind, IngestCounters } from '../counters.js';
import type { LogTail } from '../log-tail.js';
import { createDecoderPool, type DecoderPool } from './decoder-pool.js';
import { type EncodedRecord, type EventBatch, type EventRecord, encodeEventRecord } from './event-record.js';

export interface IntakeLimits {
  /** Largest body as sent, bytes. */
  readonly encodedBytesMax: number;
  /** Largest body once decompressed, bytes. */
  readonly decodedBytesMax: number;
  /** Decompressed bytes under way in all requests together; past it a request is told to come back. */
  readonly inflightBytesMax: number;
  /** How far in the future an event may lie, milliseconds. */
  readonly aheadMsMax: number | 'off';
}

export interface IntakeOptions {
  readonly log: Log;
  readonly tail: LogTail<EventRecord>;
  readonly counters: IngestCounters;
  readonly precedence: Precedence;
  readonly limits: IntakeLimits;
  readonly clock: Clock;
  /** Called when acknowledged rows wait to be stored. */
  readonly onAppended: () => void;
}

export interface EventBody {
  readonly source: AsyncIterable<Uint8Array>;
  readonly encoding: ContentEncoding;
  readonly contentLength?: number;
}

export interface Intake {
  readonly accepted: number;
  readonly rejected: number;
  /** The first rejections, in the order of their lines. */
  readonly errors: readonly Rejection[];
}

export interface EventIntake {
  take(kind: EventKind, body: EventBody): Promise<Intake>;
}

export function createEventIntake(options: IntakeOptions): EventIntake {
  let inflightBytes = 0;
  const decoders = createDecoderPool();
  return {
    async take(kind, body) {
      let mine = 0;
      const hold = (bytes: number): void => {
        mine += bytes;
        inflightBytes += bytes;
        if (inflightBytes > options.limits.inflightBytesMax) throw tooMuchInFlight(options.limits.inflightBytesMax);
      };
      try {
        return await options.precedence.first(() => takeBody(kind, body, options, decoders, hold));
      } finally {
        inflightBytes -= mine;
      }
    },
  };
}

const tooMuchInFlight = (inflightBytesMax: number): BarographError =>
  new BarographError(
    'too_many_requests',
    `bodies under way hold more than ingest.inflight_bytes_max (${inflightBytesMax} bytes)`,
    {
      retryAfterSeconds: 1,
      hint: 'Send the same body again, or send smaller ones.',
    },
  );

async function takeBody(
  kind: EventKind,
  { source, ...framing }: EventBody,
  options: IntakeOptions,
  { take, giveBack }: DecoderPool,
  hold: (bytes: number) => void,
): Promise<Intake> {
  const { limits, counters, clock } = options;
  const { encodedBytesMax, decodedBytesMax, aheadMsMax } = limits;
  const decoder = take(kind, { nowMs: clock.nowMs(), aheadMsMax });
  for await (const chunk of decodedBody(source, { ...framing, encodedBytesMax, decodedBytesMax })) {
    hold(chunk.byteLength);
    decoder.push(chunk);
  }
  const { batches, accepted, rejected, rejections, rejectedByCode } = decoder.end();
  // One after the other: a large body must not fill the log's queue, which others wait in too.
  for (const [i, batch] of batches.entries()) {
    const record = encodeEventRecord({ kind, batch } as EventBatch, clock.nowMs());
    if (i === batches.length - 1) giveBack(kind, decoder);
    await append(record, batch.rowCount, options);
  }
  counters.rowsAccepted(kind, accepted);
  for (const [code, rows] of rejectedByCode) counters.rowsRejected(kind, code, rows);
  return { accepted, rejected, errors: rejections };
}

async function append(
  record: EncodedRecord,
  rowCount: number,
  { log, tail, onAppended }: IntakeOptions,
): Promise<void> {
  tail.offer(record.numbered(await log.append(record.payload, rowCount)));
  onAppended();
}
